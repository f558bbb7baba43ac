// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
public import JSON
internal import Model

extension PatchRecord {
    /// A patch: `{seq, status, author, …}`, without its operations.
    public var json: JSONValue {
        var result: JSONObject = [
            "seq": .int(number), "status": .string(status.rawValue), "author": .string(details.author),
            "description": .string(details.summary), "base_seq": .int(details.base),
            "since": .string(since.description),
        ]
        if details.isMigration { result["migration"] = true }
        result["undoes"] = details.undoes.map(JSONValue.int)
        result["reverted_by"] = revertedBy.map(JSONValue.int)
        result["human_task"] = review.map { .string($0.id.description) }
        if let change {
            result["graph"] = .string(change.graph)
            for (key, ids) in [("added", change.added), ("removed", change.removed), ("changed", change.changed)] {
                result[key] = .array(ids.map(JSONValue.string))
            }
        }
        if !findings.isEmpty { result["diagnostics"] = .array(findings.map(\.json)) }
        return .object(result)
    }
}
