// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// The lists of models that clients ask for.
enum MockModelLists {
    /// For clients of OpenAI and of Anthropic alike.
    static func openAI(_ models: [String]) -> JSONValue {
        let data = models.map { name -> JSONValue in
            [
                "id": .string(name), "object": "model", "created": 0, "owned_by": "baton", "type": "model",
                "display_name": .string(name), "created_at": "2026-01-01T00:00:00Z",
            ]
        }
        return [
            "object": "list", "data": .array(data), "has_more": false,
            "first_id": models.first.map { .string($0) } ?? nil,
            "last_id": models.last.map { .string($0) } ?? nil,
        ]
    }

    static func ollama(_ models: [String]) -> JSONValue {
        let list = models.map { name -> JSONValue in
            [
                "name": .string(name), "model": .string(name), "modified_at": "2026-01-01T00:00:00Z", "size": 0,
                "digest": "", "details": ["family": "mock", "format": "script"],
            ]
        }
        return ["models": .array(list)]
    }
}
