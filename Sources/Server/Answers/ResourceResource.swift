// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Model

extension ResourceRecord {
    /// `{id, kind, target, interval, …, state, since, holds_tasks, reason?, last_probe?}`.
    var json: JSONValue {
        var json: JSONObject = ["id": .string(name)]
        for member in definition.json.members { json[member.key] = member.value }
        json["state"] = .string(state.rawValue)
        json["since"] = .string(since.description)
        json["holds_tasks"] = .bool(isHolding)
        json["reason"] = reason.map(JSONValue.string)
        if let probe {
            var last: JSONObject = [
                "at": .string(probe.at.description), "latency_ms": .int(probe.latency.milliseconds),
            ]
            last["problem"] = probe.problem.map(JSONValue.string)
            json["last_probe"] = .object(last)
        }
        return .object(json)
    }
}
