// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model
public import Store

extension ScheduleMachine {
    /// The schedule as it is stored.
    var row: ScheduleRow {
        ScheduleRow(
            id: definition.id,
            name: definition.name,
            definition: definition.json.bytes(),
            state: state.json.bytes(),
            nextFireAt: nextWake,
            createdAt: definition.createdAt,
            ownership: definition.ownership
        )
    }

    /// Reads what ``row`` wrote.
    ///
    /// - Throws: `corrupted`, also when the system does not know the time zone any more.
    init(_ row: ScheduleRow) throws(EngineError) {
        self.init(try ScheduleDefinition(row), state: try ScheduleState(row), nextWake: row.nextFireAt)
    }
}

extension ScheduleDefinition {
    /// Keys: `name`, `workflow`, `inputs`, `timing`, `zone`, `anchor`, `overlap`, `catch_up_ms`, `jitter_ms`, `creator`,
    /// `api_key`.
    var json: JSONValue {
        var result: JSONObject = [
            "name": .string(name), "workflow": .string(workflow), "inputs": .object(inputs),
            "timing": .string(timing.text), "zone": .string(timing.zone), "anchor": timing.anchor.json,
            "overlap": .string(overlap.rawValue), "catch_up_ms": .int(catchUp.milliseconds),
            "jitter_ms": .int(jitter.milliseconds), "creator": .string(creator),
        ]
        result["api_key"] = ownership.apiKey.map { .string($0.description) }
        return .object(result)
    }

    /// The definition in a stored row.
    ///
    /// - Throws: `corrupted`, also when the system does not know the time zone any more.
    public init(_ row: ScheduleRow) throws(EngineError) {
        let fields = try StoredFields(row, row.definition)
        let (text, zone) = (try fields.text("timing"), try fields.text("zone"))
        let anchor = try fields.time("anchor")
        let timing: ScheduleTiming
        do throws(ScheduleTimingError) {
            timing = try ScheduleTiming(text, zone: zone, anchor: anchor)
        } catch {
            throw fields.damaged(error.message)
        }
        self.init(
            id: row.id,
            createdAt: row.createdAt,
            name: row.name,
            workflow: try fields.text("workflow"),
            inputs: try fields.value("inputs", \.objectValue),
            timing: timing,
            creator: try fields.text("creator")
        )
        overlap = try fields.name("overlap")
        catchUp = .milliseconds(try fields.integer("catch_up_ms"))
        jitter = .milliseconds(try fields.integer("jitter_ms"))
        ownership = row.ownership
        ownership.apiKey = try fields.optional("api_key", StoredFields.text).flatMap(APIKeyID.init)
    }
}

extension ScheduleState {
    var json: JSONValue {
        var result: JSONObject = [
            "handled": handled.json, "started": .int(Int64(started)), "failed": .int(Int64(failed)),
            "last_backfill": .int(Int64(lastBackfill)),
            "skipped": .object(
                JSONObject(
                    members: ScheduleSkip.Reason.allCases.compactMap { reason in
                        skipped[reason].map { .init(key: reason.rawValue, value: .int(Int64($0))) }
                    }
                )
            ),
        ]
        result["last_trigger"] = lastTrigger?.json
        result["paused"] = isPaused ? true : nil
        result["paused_by"] = pausedBy.map(JSONValue.string)
        result["note"] = note.map(JSONValue.string)
        result["open"] = .array(open.map(\.json))
        result["waiting"] = .array(waiting.map { .object($0.json) })
        result["backfills"] = .array(backfills.map(\.json))
        result["recent"] = .array(recent.map(\.json))
        result["skips"] = .array(recentSkips.map(\.json))
        result["last_failure"] = lastFailure.map { ["at": $0.at.json, "message": .string($0.message)] }
        return .object(result)
    }

    /// How far the schedule of a stored row got.
    ///
    /// - Throws: `corrupted`.
    public init(_ row: ScheduleRow) throws(EngineError) {
        let fields = try StoredFields(row, row.state)
        self.init(now: try fields.time("handled"))
        started = Int(try fields.integer("started"))
        failed = Int(try fields.integer("failed"))
        lastBackfill = Int(try fields.integer("last_backfill"))
        lastTrigger = try fields.optional("last_trigger", StoredFields.time)
        isPaused = fields.has("paused")
        pausedBy = try fields.optional("paused_by", StoredFields.text)
        note = try fields.optional("note", StoredFields.text)
        open = try fields.list("open", OpenRun.init)
        waiting = try fields.list("waiting", ScheduleFiring.init)
        backfills = try fields.list("backfills", Backfill.init)
        recent = try fields.list("recent", Start.init)
        recentSkips = try fields.list("skips", Skip.init)
        lastFailure = try fields.optional("last_failure", StoredFields.object).map { (failure) throws(EngineError) in
            Failure(at: try failure.time("at"), message: try failure.text("message"))
        }
        let counts = try fields.object("skipped")
        for reason in ScheduleSkip.Reason.allCases {
            skipped[reason] = try counts.optional(reason.rawValue, StoredFields.integer).map { Int($0) }
        }
    }
}

extension ScheduleFiring {
    fileprivate var json: JSONObject { ["time": time.json, "origin": .string(origin.rawValue)] }

    fileprivate init(_ fields: StoredFields) throws(EngineError) {
        self.init(time: try fields.time("time"), origin: try fields.name("origin"))
    }
}

extension ScheduleState.OpenRun {
    fileprivate var json: JSONValue {
        var result = firing.json
        result["run"] = .string(run.description)
        result["backfill"] = backfill.map { .int(Int64($0)) }
        result["stopping"] = isStopping ? true : nil
        return .object(result)
    }

    fileprivate init(_ fields: StoredFields) throws(EngineError) {
        self.init(
            run: try fields.run("run"),
            firing: try ScheduleFiring(fields),
            backfill: try fields.optional("backfill", StoredFields.integer).map { Int($0) },
            isStopping: fields.has("stopping")
        )
    }
}

extension ScheduleState.Backfill {
    fileprivate var json: JSONValue {
        [
            "number": .int(Int64(number)), "handled": handled.json, "through": through.json,
            "parallel": .bool(isParallel),
        ]
    }

    fileprivate init(_ fields: StoredFields) throws(EngineError) {
        self.init(
            number: Int(try fields.integer("number")),
            handled: try fields.time("handled"),
            through: try fields.time("through"),
            isParallel: try fields.value("parallel", \.boolValue)
        )
    }
}

extension ScheduleState.Start {
    fileprivate var json: JSONValue {
        var result = firing.json
        result["run"] = .string(run.description)
        result["at"] = at.json
        return .object(result)
    }

    fileprivate init(_ fields: StoredFields) throws(EngineError) {
        self.init(run: try fields.run("run"), firing: try ScheduleFiring(fields), at: try fields.time("at"))
    }
}

extension ScheduleState.Skip {
    fileprivate var json: JSONValue {
        [
            "reason": .string(skip.reason.rawValue), "count": .int(Int64(skip.count)),
            "at_least": .bool(skip.isAtLeast), "from": skip.times.lowerBound.json, "to": skip.times.upperBound.json,
            "at": at.json,
        ]
    }

    fileprivate init(_ fields: StoredFields) throws(EngineError) {
        let (from, to) = (try fields.time("from"), try fields.time("to"))
        guard from <= to else { throw fields.damaged("`from` comes after `to`") }
        let skip = ScheduleSkip(
            reason: try fields.name("reason"),
            count: Int(try fields.integer("count")),
            isAtLeast: try fields.value("at_least", \.boolValue),
            times: from...to
        )
        self.init(skip: skip, at: try fields.time("at"))
    }
}

extension Timestamp {
    fileprivate var json: JSONValue { .int(milliseconds) }
}
