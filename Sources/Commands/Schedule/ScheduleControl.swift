// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store

/// `baton schedule pause`, `resume`, `trigger`, `backfill` and `delete`.
enum ScheduleControl {
    private static let note = OptionDescription(name: "note", kind: .text("TEXT"), summary: "why, for those who look")

    static let pause: CommandDescription = .init(
        name: "pause",
        summary: "Keep a schedule from starting runs by itself",
        discussion: "Open runs go on, and `trigger` works. What was due before still starts.",
        arguments: [ScheduleCommands.schedule],
        options: [note],
        examples: [
            .init(line: "baton schedule pause nightly --note \"until we have moved\"", comment: "and say why")
        ],
        exits: [.notFound, .conflict, .unavailable]
    ) { context throws(CommandFailure) in
        let (note, actor) = (context.invocation.text("note"), context.actor)
        return try change(context, "paused") { engine, id async throws(EngineError) in
            try await engine.pauseSchedule(id, note: note, by: actor)
        }
    }

    static let resume: CommandDescription = .init(
        name: "resume",
        summary: "Let a paused schedule start runs again",
        discussion: "Firings during the pause are left out; `backfill` makes up for them.",
        arguments: [ScheduleCommands.schedule],
        options: [note],
        examples: [.init(line: "baton schedule resume nightly", comment: "from its next firing on")],
        exits: [.notFound, .conflict, .unavailable]
    ) { context throws(CommandFailure) in
        let note = context.invocation.text("note")
        return try change(context, "active") { engine, id async throws(EngineError) in
            try await engine.resumeSchedule(id, note: note)
        }
    }

    static let backfill: CommandDescription = .init(
        name: "backfill",
        summary: "Start the runs of past firings that have none",
        discussion: "One after the other unless --parallel. The runs go on while `baton schedule run` works.",
        arguments: [ScheduleCommands.schedule],
        options: [
            OptionDescription(
                name: "from",
                kind: .text("TIME"),
                summary: "the first time that counts, such as 2026-01-31T00:00:00Z",
                isRequired: true
            ),
            OptionDescription(name: "to", kind: .text("TIME"), summary: "the last time that counts (default: now)"),
            OptionDescription(name: "parallel", kind: .flag, summary: "all at once"),
        ],
        examples: [
            .init(
                line: "baton schedule backfill nightly --from 2026-01-01T00:00:00+01:00 --to 2026-01-31T23:59:59+01:00",
                comment: "a month that was missed"
            )
        ],
        exits: [.notFound, .conflict, .unavailable]
    ) { context throws(CommandFailure) in
        guard let from = try context.time("from") else { throw .usage("--from is missing") }
        let to = try context.time("to") ?? SystemClock().wall()
        let isParallel = context.invocation.isOn("parallel")
        return try change(context, "being made up for") { engine, id async throws(EngineError) in
            try await engine.backfill(id, from: from, to: to, isParallel: isParallel)
        }
    }

    static let delete: CommandDescription = .init(
        name: "delete",
        summary: "Remove a schedule; runs that it started go on",
        arguments: [ScheduleCommands.schedule],
        examples: [.init(line: "baton schedule delete nightly", comment: "by name")],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let row = try ScheduleLookup.row(context)
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        try local.ask { engine async throws(EngineError) in try await engine.deleteSchedule(row.id) }
        context.console.show(["id": .string(row.id.description), "name": .string(row.name), "status": "deleted"]) {
            "\(row.name) is deleted\n"
        }
        return .ok
    }

    static let trigger: CommandDescription = .init(
        name: "trigger",
        summary: "Start a run of a schedule now, paused or not",
        discussion: "The run goes on when it is driven: `baton schedule run` or `baton run resume`.",
        arguments: [ScheduleCommands.schedule],
        options: [ScheduleCommands.overlap("what happens while a run is open, instead of the schedule's policy")],
        examples: [.init(line: "baton schedule trigger nightly --overlap allow_all", comment: "whatever is open")],
        exits: [.runFailed, .notFound, .conflict, .unavailable]
    ) { context throws(CommandFailure) in
        let row = try ScheduleLookup.row(context)
        let policy = context.invocation.text("overlap").flatMap(OverlapPolicy.init)
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        let triggered = try local.ask { engine async throws(EngineError) in try await engine.trigger(row.id, policy) }
        let status: String
        switch triggered.outcome {
        case .started: status = "started"
        case .waiting: status = "waiting"
        case .skipped:
            throw CommandFailure(
                .conflict,
                "state.conflict",
                "a run of \(row.name) is open, so none was started",
                hint: context.command("schedule trigger \(row.name) --overlap allow_all")
            )
        case .failed(let message):
            throw CommandFailure(.runFailed, "schedule.failed", "no run of \(row.name) could be started: \(message)")
        }
        context.console.show(["run": .string(triggered.run.description), "status": .string(status)]) {
            "\(triggered.run)\n"
        }
        context.console.note(
            triggered.outcome == .started
                ? "`\(context.command("run resume \(triggered.run)"))` drives it, and `baton schedule run` does"
                : "it starts when an open run of \(row.name) has ended"
        )
        return .ok
    }

    /// Tells a schedule something, and says what it started because of that.
    private static func change(
        _ context: CommandContext,
        _ done: String,
        _ body: @escaping @Sendable (DurableEngine, ScheduleID) async throws(EngineError) -> Schedule
    ) throws(CommandFailure) -> ExitCode {
        let before = try ScheduleLookup.schedule(context)
        let id = before.definition.id
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        let after = try local.ask { engine async throws(EngineError) in try await body(engine, id) }
        context.console.show(.object(ScheduleForms.json(after))) { "\(after.definition.name) is \(done)\n" }
        for start in after.state.recent where !before.state.recent.contains(start) {
            context.console.note("\(start.run) was started for \(TimeText.date(start.firing.time))")
        }
        return .ok
    }
}
