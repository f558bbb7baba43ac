// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
public import JSON
internal import Model
internal import Store

extension Schedule {
    /// `{id, name, workflow, inputs, when, zone, …, next_fire_at, started, …}`.
    public var json: JSONObject {
        var result: JSONObject = [
            "id": .string(definition.id.description), "name": .string(definition.name),
            "workflow": .string(definition.workflow), "inputs": .object(definition.inputs),
            "when": .string(definition.timing.text), "zone": .string(definition.timing.zone),
            "overlap": .string(definition.overlap.rawValue), "catch_up": .string(definition.catchUp.text),
            "jitter": .string(definition.jitter.text), "creator": .string(definition.creator),
            "created_at": .string(definition.createdAt.description),
            "status": .string(state.isPaused ? "paused" : "active"),
        ]
        result["paused_by"] = state.pausedBy.map(JSONValue.string)
        result["note"] = state.note.map(JSONValue.string)
        result["next_fire_at"] = state.isPaused ? nil : nextFirings(1).first.map { .string($0.description) }
        result["started"] = .int(Int64(state.started))
        result["failed"] = .int(Int64(state.failed))
        result["skipped"] = .object(
            JSONObject(
                members: ScheduleSkip.Reason.allCases.compactMap { reason in
                    state.skipped[reason].map { .init(key: reason.rawValue, value: .int(Int64($0))) }
                }
            )
        )
        result["waiting"] = .int(Int64(state.waiting.count))
        result["backfills"] = .int(Int64(state.backfills.count))
        result["open_runs"] = .array(state.open.map { .string($0.run.description) })
        return result
    }

    /// The same with the last firings.
    public var details: JSONValue {
        var result = json
        result["fired"] = .array(state.recent.reversed().map(Self.json))
        result["left_out"] = .array(state.recentSkips.reversed().map(Self.json))
        result["last_failure"] = state.lastFailure.map {
            ["at": .string($0.at.description), "message": .string($0.message)]
        }
        return .object(result)
    }

    /// A run that was started: `schedule.fired` as data.
    public static func json(_ start: ScheduleState.Start) -> JSONValue {
        [
            "at": .string(start.at.description), "firing": .string(start.firing.time.description),
            "origin": .string(start.firing.origin.rawValue), "run": .string(start.run.description),
        ]
    }

    /// Firings that were left out: `schedule.skipped` as data.
    public static func json(_ skip: ScheduleState.Skip) -> JSONValue {
        [
            "at": .string(skip.at.description), "reason": .string(skip.skip.reason.rawValue),
            "count": .int(Int64(skip.skip.count)), "at_least": .bool(skip.skip.isAtLeast),
            "from": .string(skip.skip.times.lowerBound.description),
            "to": .string(skip.skip.times.upperBound.description),
        ]
    }

    /// Reads a row.
    static func read(_ row: ScheduleRow) throws(Problem) -> Schedule {
        do throws(EngineError) {
            return try Schedule(row)
        } catch {
            throw Problem(error)
        }
    }
}

extension ScheduleTiming {
    /// Reads what a client gave.
    static func read(_ text: String, zone: String, anchor: Timestamp, at path: String) throws(Problem) -> ScheduleTiming
    {
        do throws(ScheduleTimingError) {
            return try ScheduleTiming(text, zone: zone, anchor: anchor)
        } catch {
            throw .invalid(path, error.message)
        }
    }
}
