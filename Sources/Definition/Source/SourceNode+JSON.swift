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

    /// The canonical bytes of the value without its positions.
    func canonicalBytes() -> [UInt8] {
        var writer = CanonicalWriter()
        write(into: &writer)
        return writer.finish()
    }

    private func write(into writer: inout CanonicalWriter) {
        switch content {
        case .text(let text): writer.write(text)
        case .list(let items): writer.writeArray(count: items.count) { items[$1].write(into: &$0) }
        case .mapping(let entries):
            writer.writeObject(
                count: entries.count,
                key: { entries[$0].key },
                value: { entries[$1].value.write(into: &$0) }
            )
        case .null, .bool, .int, .double: writer.write(json)
        }
    }

    private static func object(_ entries: [SourceEntry]) -> JSONObject {
        var object = JSONObject(capacity: entries.count)
        for entry in entries { object.append(entry.key, entry.value.json) }
        return object
    }
}
