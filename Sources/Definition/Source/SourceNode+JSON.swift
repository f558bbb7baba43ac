// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension SourceNode {
    /// The value without its positions.
    var json: JSONValue {
        switch content {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .double(let value): .double(value)
        case .text(let value): .string(value)
        case .list(let items): .array(items.map(\.json))
        case .mapping(let entries): .object(Self.object(entries))
        }
    }

    private static func object(_ entries: [SourceEntry]) -> JSONObject {
        var object = JSONObject()
        for entry in entries { object.append(entry.key, entry.value.json) }
        return object
    }
}
