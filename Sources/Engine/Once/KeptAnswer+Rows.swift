// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model
internal import Store

extension KeptAnswer<PauseRow> {
    /// `{kind, name, by, reason?, at}`.
    static let pause = KeptAnswer("pause", write: \.json, read: PauseRow.init(json:))
}

extension KeptAnswer<ResumedScope> {
    /// `{pause, woken}`.
    static let resumed = KeptAnswer(
        "resumed",
        write: { ["pause": $0.pause.json, "woken": .int(Int64($0.woken))] },
        read: { json in
            guard let pause = json["pause"].flatMap(PauseRow.init(json:)), let woken = json["woken"]?.intValue else {
                return nil
            }
            return ResumedScope(pause: pause, woken: Int(woken))
        }
    )
}

extension KeptAnswer<Schedule> {
    /// `{id, name, definition, state, next?, created, tenant, owner?, project?}`: the row as it was.
    static let schedule = KeptAnswer(
        "schedule",
        write: { schedule in
            let row = ScheduleMachine(schedule.definition, state: schedule.state, nextWake: schedule.nextWake).row
            var json: JSONObject = [
                "id": .string(row.id.description), "name": .string(row.name), "definition": schedule.definition.json,
                "state": schedule.state.json, "created": .int(row.createdAt.milliseconds),
                "tenant": .string(row.ownership.tenant),
            ]
            json["next"] = row.nextFireAt.map { .int($0.milliseconds) }
            json["owner"] = row.ownership.owner.map(JSONValue.string)
            json["project"] = row.ownership.project.map(JSONValue.string)
            return .object(json)
        },
        read: { json, _, _ throws(EngineError) in try ScheduleRow(json: json).map(Schedule.init) }
    )
}

extension KeptAnswer<HumanTaskRow> {
    /// The id: the request is given as it is now.
    static let request = KeptAnswer(
        "request",
        write: { .string($0.id.description) },
        read: { json, loop, batch throws(EngineError) in
            guard let id = json.stringValue.flatMap(HumanTaskID.init) else { return nil }
            return try loop.humanTask(id, batch)
        }
    )
}

extension KeptAnswer<PatchRecord> {
    /// `{run, key}`: the patch is given as it is now.
    static func patch(of run: RunID?, key: String) -> KeptAnswer {
        KeptAnswer(
            "patch",
            write: { _ in ["run": run.map { .string($0.description) } ?? .null, "key": .string(key)] },
            read: { json, loop, batch throws(EngineError) in
                guard let run = json["run"]?.stringValue.flatMap(RunID.init), let key = json["key"]?.stringValue else {
                    return nil
                }
                return try loop.record(loop.key(of: run), key, &batch)
            }
        )
    }
}

extension PauseRow {
    fileprivate var json: JSONValue {
        var json: JSONObject = [
            "kind": .string(scope.kind), "name": .string(scope.name), "by": .string(by), "at": .int(at.milliseconds),
        ]
        json["reason"] = reason.map(JSONValue.string)
        return .object(json)
    }

    fileprivate init?(json: JSONValue) {
        guard let kind = json["kind"]?.stringValue, let name = json["name"]?.stringValue,
            let scope = PauseScope(kind: kind, name: name), let by = json["by"]?.stringValue,
            let at = json["at"]?.intValue
        else { return nil }
        self.init(scope: scope, by: by, reason: json["reason"]?.stringValue, at: Timestamp(milliseconds: at))
    }
}

extension ScheduleRow {
    fileprivate init?(json: JSONValue) {
        guard let id = json["id"]?.stringValue.flatMap(ScheduleID.init), let name = json["name"]?.stringValue,
            let definition = json["definition"], let state = json["state"], let created = json["created"]?.intValue,
            let tenant = json["tenant"]?.stringValue
        else { return nil }
        self.init(
            id: id,
            name: name,
            definition: definition.bytes(),
            state: state.bytes(),
            nextFireAt: json["next"]?.intValue.map(Timestamp.init(milliseconds:)),
            createdAt: Timestamp(milliseconds: created),
            ownership: Ownership(
                tenant: tenant,
                owner: json["owner"]?.stringValue,
                project: json["project"]?.stringValue
            )
        )
    }
}
