// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model

/// Schedules as people and programs see them.
enum ScheduleForms {
    /// `{id, name, workflow, inputs, when, zone, …, next_fire_at, started, …}`.
    static func json(_ schedule: Schedule) -> JSONObject {
        let (definition, state) = (schedule.definition, schedule.state)
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
        result["next_fire_at"] = state.isPaused ? nil : schedule.nextFirings(1).first.map { .string($0.description) }
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
    static func details(_ schedule: Schedule) -> JSONValue {
        let state = schedule.state
        var result = json(schedule)
        result["fired"] = .array(state.recent.reversed().map(json))
        result["left_out"] = .array(state.recentSkips.reversed().map(json))
        result["last_failure"] = state.lastFailure.map {
            ["at": .string($0.at.description), "message": .string($0.message)]
        }
        return .object(result)
    }

    /// A run that was started: `schedule.fired` as data.
    static func json(_ start: ScheduleState.Start) -> JSONValue {
        [
            "at": .string(start.at.description), "firing": .string(start.firing.time.description),
            "origin": .string(start.firing.origin.rawValue), "run": .string(start.run.description),
        ]
    }

    /// Firings that were left out: `schedule.skipped` as data.
    static func json(_ skip: ScheduleState.Skip) -> JSONValue {
        [
            "at": .string(skip.at.description), "reason": .string(skip.skip.reason.rawValue),
            "count": .int(Int64(skip.skip.count)), "at_least": .bool(skip.skip.isAtLeast),
            "from": .string(skip.skip.times.lowerBound.description),
            "to": .string(skip.skip.times.upperBound.description),
        ]
    }

    // MARK: For people

    static func text(_ schedule: Schedule, _ console: Console) -> String {
        let (definition, state, style) = (schedule.definition, schedule.state, console.settings.outputStyle)
        let status = style.status(state.isPaused ? "paused" : "active")
        let note = (state.pausedBy.map { "  by \($0)" } ?? "") + (state.note.map { "  \(TextWidth.oneLine($0))" } ?? "")
        var lines = [
            "schedule   \(definition.name)  \(definition.id)", "workflow   \(definition.workflow)",
            "when       \(when(definition))",
            "policy     \(definition.overlap.rawValue)", "catch-up   \(definition.catchUp.text)",
            "jitter     \(definition.jitter.text)", "status     \(status)\(note)",
        ]
        if !definition.inputs.isEmpty { lines.append("inputs     \(JSONValue.object(definition.inputs).text)") }
        if !state.isPaused, let next = schedule.nextFirings(1).first {
            lines.append("next       \(time(next))")
        }
        lines.append("started    \(counts(state))")
        for open in state.open.prefix(10) {
            lines.append("open       \(open.run)\(open.isStopping ? " (stopping)" : "")")
        }
        if state.open.count > 10 { lines.append("open       … and \(state.open.count - 10) more") }
        if let failure = state.lastFailure {
            lines.append("failure    \(TimeText.date(failure.at)) \(TextWidth.oneLine(failure.message))")
        }
        guard !state.recent.isEmpty || !state.recentSkips.isEmpty else { return lines.joined(separator: "\n") + "\n" }
        lines += [""] + history(schedule).lines(width: console.settings.outputWidth, style: style)
        return lines.joined(separator: "\n") + "\n"
    }

    /// `0 2 * * * (Europe/Berlin)`.
    static func when(_ definition: ScheduleDefinition) -> String {
        definition.timing.text + (definition.timing.text.hasPrefix("@every") ? "" : " (\(definition.timing.zone))")
    }

    /// A firing in the time zone of the process, and in UTC for everybody.
    static func time(_ time: Timestamp) -> String {
        "\(TimeText.date(time)) (\(time))"
    }

    private static func counts(_ state: ScheduleState) -> String {
        var parts = ["\(state.started)"]
        if state.failed > 0 { parts.append("failed \(state.failed)") }
        for reason in ScheduleSkip.Reason.allCases {
            if let count = state.skipped[reason] { parts.append("left out \(count) (\(reason.rawValue))") }
        }
        if !state.waiting.isEmpty { parts.append("waiting \(state.waiting.count)") }
        if !state.backfills.isEmpty { parts.append("backfills \(state.backfills.count)") }
        return parts.joined(separator: ", ")
    }

    /// The last firings, the newest first.
    private static func history(_ schedule: Schedule) -> Table {
        var table = Table([
            .init(title: "AT"), .init(title: "EVENT"), .init(title: "FIRING"), .init(title: "RUN OR REASON"),
        ])
        let fired = schedule.state.recent.map { start in
            (start.at, ["schedule.fired", TimeText.date(start.firing.time), "\(start.run)"])
        }
        let skipped = schedule.state.recentSkips.map { skip in
            (skip.at, ["schedule.skipped", TimeText.date(skip.skip.times.lowerBound), reason(skip.skip)])
        }
        for (at, cells) in (fired + skipped).sorted(by: { $0.0 > $1.0 }) { table.add([TimeText.date(at)] + cells) }
        return table
    }

    /// `overlap`, `late, 3 firings`, `paused, at least 10000 firings`.
    static func reason(_ skip: ScheduleSkip) -> String {
        guard skip.count > 1 else { return skip.reason.rawValue }
        return "\(skip.reason.rawValue), \(skip.isAtLeast ? "at least " : "")\(skip.count) firings"
    }
}
