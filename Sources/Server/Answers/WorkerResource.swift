// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Model

extension Worker {
    /// `{id, state, since, queues, labels, capabilities, capacity, load, claims, registered_by, registered_at, …}`.
    var json: JSONValue {
        var json: JSONObject = [
            "id": .string(record.id.description), "state": .string(record.state.rawValue),
            "since": .string(record.since.description),
        ]
        for member in record.profile.json.members { json[member.key] = member.value }
        json["load"] = .int(Int64(claims.count))
        json["claims"] = .array(claims.map { .string($0.description) })
        json["registered_by"] = .string(record.owner)
        json["registered_at"] = .string(record.registeredAt.description)
        json["reason"] = record.reason.map(JSONValue.string)
        json["alive_until"] = until.map { .string($0.description) }
        json["heartbeat"] = .string(WorkerRecord.heartbeat.text)
        return .object(json)
    }
}

extension WorkerPool {
    /// The same for the executors of the server, which nobody drains from outside.
    var json: JSONValue {
        let state: WorkerRecord.State = load >= slots ? .busy : .ready
        var profile = WorkerRecord.Profile()
        (profile.queues, profile.labels, profile.capacity) = (queues, labels, slots)
        var json: JSONObject = ["id": .string(name), "state": .string(state.rawValue)]
        for member in profile.json.members { json[member.key] = member.value }
        json["load"] = .int(Int64(load))
        json["is_server"] = true
        return .object(json)
    }
}
