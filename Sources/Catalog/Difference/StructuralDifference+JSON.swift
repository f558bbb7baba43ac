// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

extension StructuralDifference {
    /// The form for programs: a list of `{section, id, change, …}`.
    public var json: [JSONValue] { parts.map(\.json) }
}

extension StructuralDifference.Part {
    /// `{section, id, change: added|removed|changed|moved, value? | fields? | from?, to?}`.
    public var json: JSONValue {
        var object: JSONObject = ["section": .string(section), "id": .string(id)]
        switch change {
        case .added(let value): (object["change"], object["value"]) = ("added", value)
        case .removed(let value): (object["change"], object["value"]) = ("removed", value)
        case .changed(let fields):
            object["change"] = "changed"
            object["fields"] = .array(
                fields.map { field in
                    var entry: JSONObject = ["path": .string(field.path)]
                    entry["old"] = field.old
                    entry["new"] = field.new
                    return .object(entry)
                }
            )
        case .moved(let from, let to):
            object["change"] = "moved"
            (object["from"], object["to"]) = (.int(Int64(from)), .int(Int64(to)))
        }
        return .object(object)
    }
}
