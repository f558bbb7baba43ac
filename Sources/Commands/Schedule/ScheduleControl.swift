// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Server
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
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (note, actor) = (context.invocation.text("note"), context.actor)
        return try change(context, "pause", JSONObject().with("note", note), "paused") {
            engine,
            id async throws(EngineError) in
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
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let note = context.invocation.text("note")
        return try change(context, "resume", JSONObject().with("note", note), "active") {
            engine,
            id async throws(EngineError) in
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
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        guard let from = try context.time("from") else { throw .usage("--from is missing") }
        let to = try context.time("to") ?? SystemClock().wall()
        let isParallel = context.invocation.isOn("parallel")
        var fields: JSONObject = ["from": .string(from.description), "to": .string(to.description)]
        if isParallel { fields["parallel"] = true }
        return try change(context, "backfill", fields, "being made up for") { engine, id async throws(EngineError) in
            try await engine.backfill(id, from: from, to: to, isParallel: isParallel)
        }
    }

    static let delete: CommandDescription = .init(
        name: "delete",
        summary: "Remove a schedule; runs that it started go on",
        arguments: [ScheduleCommands.schedule],
        examples: [.init(line: "baton schedule delete nightly", comment: "by name")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (id, name) = try deleted(context)
        context.console.show(["id": .string(id), "name": .string(name), "status": "deleted"]) { "\(name) is deleted\n" }
        return .ok
    }

    private static func deleted(_ context: CommandContext) throws(CommandFailure) -> (id: String, name: String) {
        if let server = try context.server() {
            let schedule = try server.schedule(context.invocation.word("SCHEDULE"))
            let id = schedule["id"]?.stringValue ?? ""
            _ = try server.send(APIRequest("DELETE", APIRequest.path("v1", "schedules", id)))
            return (id, schedule["name"]?.stringValue ?? "")
        }
        let row = try ScheduleLookup.row(context)
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        try local.ask { engine async throws(EngineError) in try await engine.deleteSchedule(row.id) }
        return (row.id.description, row.name)
    }

    static let trigger: CommandDescription = .init(
        name: "trigger",
        summary: "Start a run of a schedule now, paused or not",
        discussion: "The run goes on when it is driven: `baton schedule run` or `baton run resume`.",
        arguments: [ScheduleCommands.schedule],
        options: [ScheduleCommands.overlap("what happens while a run is open, instead of the schedule's policy")],
        examples: [.init(line: "baton schedule trigger nightly --overlap allow_all", comment: "whatever is open")],
        exits: [.runFailed, .notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let server = try context.server() { return try trigger(server, context) }
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

    private static func trigger(_ server: RemoteServer, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let schedule = try server.schedule(context.invocation.word("SCHEDULE"))
        let path = APIRequest.path("v1", "schedules", schedule["id"]?.stringValue ?? "", "trigger")
        let fields = JSONObject().with("overlap", context.invocation.text("overlap"))
        let triggered = try server.post(path, fields)
        context.console.show(triggered) { "\(triggered["run"]?.stringValue ?? "")\n" }
        if triggered["status"] == "waiting" {
            context.console.note("it starts when an open run of \(schedule["name"]?.stringValue ?? "") has ended")
        }
        return .ok
    }

    /// Tells a schedule something, and says what it started because of that.
    private static func change(
        _ context: CommandContext,
        _ verb: String,
        _ fields: JSONObject,
        _ done: String,
        _ body: @escaping @Sendable (DurableEngine, ScheduleID) async throws(EngineError) -> Schedule
    ) throws(CommandFailure) -> ExitCode {
        let (before, after) = try changed(context, verb, fields, body)
        var shown = after.objectValue ?? [:]
        for key in ["fired", "left_out", "last_failure"] { shown[key] = nil }
        context.console.show(.object(shown)) { "\(after["name"]?.stringValue ?? "") is \(done)\n" }
        let known = before["fired"]?.arrayValue ?? []
        for start in (after["fired"]?.arrayValue ?? []).reversed() where !known.contains(start) {
            let firing = RunDetails.date(start["firing"])
            context.console.note("\(start["run"]?.stringValue ?? "") was started for \(firing)")
        }
        return .ok
    }

    private static func changed(
        _ context: CommandContext,
        _ verb: String,
        _ fields: JSONObject,
        _ body: @escaping @Sendable (DurableEngine, ScheduleID) async throws(EngineError) -> Schedule
    ) throws(CommandFailure) -> (before: JSONValue, after: JSONValue) {
        if let server = try context.server() {
            let before = try server.schedule(context.invocation.word("SCHEDULE"))
            let path = APIRequest.path("v1", "schedules", before["id"]?.stringValue ?? "", verb)
            return (before, try server.post(path, fields))
        }
        let before = try ScheduleLookup.schedule(context)
        let id = before.definition.id
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        let after = try local.ask { engine async throws(EngineError) in try await body(engine, id) }
        return (before.details, after.details)
    }
}
