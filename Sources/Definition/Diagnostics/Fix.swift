// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Changes to a document, as JSON Patch operations (RFC 6902).
enum Fix {
    /// Takes a value away.
    static func remove(_ place: SourceValue) -> JSONValue {
        [["op": "remove", "path": .string(SourcePath.pointer(place.path).description)]]
    }

    /// Writes another value.
    static func replace(_ place: SourceValue, with value: JSONValue) -> JSONValue {
        [["op": "replace", "path": .string(SourcePath.pointer(place.path).description), "value": value]]
    }

    /// Writes the value under another key of the same mapping.
    static func rename(_ place: SourceValue, to key: String, _ value: JSONValue? = nil) -> JSONValue {
        move(place, to: SourcePath.pointer(place.path).tokens.dropLast() + [key], value ?? place.node.json)
    }

    /// Takes a value away and writes one elsewhere.
    static func move(_ place: SourceValue, to target: [String], _ value: JSONValue) -> JSONValue {
        [
            ["op": "remove", "path": .string(SourcePath.pointer(place.path).description)],
            ["op": "add", "path": .string(JSONPointer(tokens: target).description), "value": value],
        ]
    }
}
