// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Store

/// `baton run cancel`, `terminate`, `pause` and `resume`.
enum RunControl {
    static let reason = OptionDescription(
        name: "reason",
        kind: .text("TEXT"),
        summary: "why, for the log"
    )

    static let cancel: CommandDescription = .init(
        name: "cancel",
        summary: "Stop a run for good",
        discussion: "A run that this machine drives right now is cancelled after Ctrl-C there. With --compensate\n"
            + "this process drives the rollback to its end.",
        arguments: [RunCommands.run],
        options: [
            reason,
            OptionDescription(name: "compensate", kind: .flag, summary: "then undo what the run did"),
        ] + RunCommands.waiting,
        examples: [
            .init(line: "baton run cancel last --reason \"wrong input\"", comment: "the newest run"),
            .init(line: "baton run cancel last --compensate", comment: "and undo what it did"),
        ],
        exits: [.runFailed, .notFound, .conflict, .unavailable, .needsPerson, .interrupted],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let reason = context.invocation.text("reason")
        if context.invocation.isOn("compensate") {
            let order = RunOrder("cancel", (["compensate": true] as JSONObject).with("reason", reason))
            return try RunRollback.drive(context, order) { engine, run, actor async throws(EngineError) in
                try await engine.cancel(run, reason: reason, compensate: true, by: actor)
            }
        }
        return try tell(context, RunOrder("cancel", reason: reason), "cancelled") {
            engine,
            run,
            actor async throws(EngineError) in
            try await engine.cancel(run, reason: reason, by: actor)
        }
    }

    /// `baton task cancel`.
    static let cancelTask: CommandDescription = .init(
        name: "cancel",
        summary: "Stop one task of a run for good, and drive the run on",
        discussion:
            "An attempt in flight is told to stop, and so is what is within a loop or map. What needs its result is\n"
            + "skipped; the rest goes on, and nothing fails for it.",
        arguments: [
            RunCommands.run, ArgumentDescription(name: "NODE", summary: "the task; `check[3]` within a pass or item"),
        ],
        options: [reason, RunCommands.follow(default: true)] + RunCommands.waiting,
        examples: [
            .init(line: "baton task cancel last ask --reason \"not needed\"", comment: "one task of the newest run")
        ],
        exits: [.runFailed, .notFound, .conflict, .unavailable, .needsPerson, .interrupted],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let task = try RunAgain.taskName(context.invocation.word("NODE"))
        let reason = context.invocation.text("reason")
        var order = RunOrder("cancel", reason: reason)
        order.task = task
        return try RunRollback.drive(context, order, wanted: .completed) {
            engine,
            run,
            actor async throws(EngineError) in
            try await engine.cancelTask(run, task, reason: reason, by: actor)
        }
    }

    static let terminate: CommandDescription = .init(
        name: "terminate",
        summary: "End a run at once and undo nothing",
        discussion: "Unlike with `cancel` nothing gets time to stop. A rollback ends where it is. Runs that it\n"
            + "started and that may not outlive it (on_parent_close) are terminated too.",
        arguments: [RunCommands.run],
        options: [reason],
        examples: [.init(line: "baton run terminate last --reason \"it hangs\"", comment: "the newest run")],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let reason = context.invocation.text("reason")
        return try tell(context, RunOrder("terminate", reason: reason), "terminated") {
            engine,
            run,
            actor async throws(EngineError) in
            try await engine.terminate(run, reason: reason, by: actor)
        }
    }

    static let pause: CommandDescription = .init(
        name: "pause",
        summary: "Keep a run from going on until it is resumed",
        arguments: [RunCommands.run],
        options: [reason],
        examples: [.init(line: "baton run pause last --reason \"until Monday\"", comment: "the newest run")],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let reason = context.invocation.text("reason")
        return try tell(context, RunOrder("pause", reason: reason), "paused") {
            engine,
            run,
            actor async throws(EngineError) in
            try await engine.pause(run, reason: reason, by: actor)
        }
    }

    static let resume: CommandDescription = .init(
        name: "resume",
        summary: "Continue a run that was paused, interrupted or left by a crash, to its end",
        discussion: "What completed is not done again; attempts that were in flight are made again.",
        arguments: [RunCommands.run],
        options: [RunCommands.follow(default: true)] + RunCommands.waiting,
        examples: [.init(line: "baton run resume last", comment: "the newest run")],
        exits: [.runFailed, .notFound, .conflict, .unavailable, .budget, .needsPerson, .interrupted],
        reach: .folderOrServer,
        action: resume
    )

    /// Tells a run something without driving it.
    private static func tell(
        _ context: CommandContext,
        _ order: RunOrder,
        _ done: String,
        _ body: @escaping @Sendable (DurableEngine, RunID, String) async throws(EngineError) -> Int64
    ) throws(CommandFailure) -> ExitCode {
        let run = try told(context, order, body)
        context.console.show(["run": .string(run), "status": .string(done)]) { "\(run) is \(done)\n" }
        return .ok
    }

    private static func told(
        _ context: CommandContext,
        _ order: RunOrder,
        _ body: @escaping @Sendable (DurableEngine, RunID, String) async throws(EngineError) -> Int64
    ) throws(CommandFailure) -> String {
        if let server = try context.server() {
            let run = try server.run()
            _ = try order.give(to: run, server)
            return run
        }
        try requireData(context)
        let local = try LocalEngine(context, drives: false)
        let actor = context.actor
        let result = Result { () throws(CommandFailure) in
            let id = try find(context, local.store).id
            _ = try local.ask { engine async throws(EngineError) in try await body(engine, id, actor) }
            return id
        }
        local.stop(grace: .zero)
        return try result.get().description
    }

    private static func resume(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        if let follower = try RunFollower.find(context) { return try resume(follower, context) }
        try requireData(context)
        let driver = try RunDriver.open(context)
        let (row, last): (RunRow, Int64)
        do throws(CommandFailure) {
            row = try find(context, driver.local.store)
            last = try driver.lastEvent(of: row)
            guard !row.status.isTerminal else {
                throw CommandFailure(
                    .conflict,
                    "state.conflict",
                    "\(row.id) has ended: it is \(row.status.rawValue)",
                    hint: context.command("run get \(row.id)")
                )
            }
        } catch {
            driver.close()
            throw error
        }
        let (id, actor, isPaused) = (row.id, context.actor, row.status == .paused)
        let isFollowed = context.invocation.isOn("follow")
        return try driver.drive(id, after: last, isFollowed: isFollowed) { () throws(CommandFailure) in
            try driver.local.ask { engine async throws(EngineError) in
                _ = try await engine.adopt(id)
                if isPaused { _ = try await engine.resume(id, by: actor) }
            }
            if isFollowed { context.console.note("\(id) goes on") }
        }
    }

    private static func resume(_ follower: RunFollower, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let server = follower.server
        let run = try server.run()
        let status = try server.get(APIRequest.path("v1", "runs", run))["status"]?.stringValue ?? ""
        guard RunStatus(rawValue: status)?.isTerminal != true else {
            throw CommandFailure(
                .conflict,
                "state.conflict",
                "\(run) has ended: it is \(status)",
                hint: context.command("run get \(run)")
            )
        }
        let isFollowed = context.invocation.isOn("follow")
        return try follower.follow(run, isFollowed: isFollowed) { () throws(CommandFailure) in
            if status == "paused" { _ = try RunOrder("resume").give(to: run, server) }
            if isFollowed { context.console.note("\(run) goes on") }
            return run
        }
    }

    static func find(_ context: CommandContext, _ store: any RunStore) throws(CommandFailure) -> RunRow {
        try IdentifierLookup(store: store).run(context.invocation.word("RUN"))
    }

    /// Looks before an empty database is made for nothing.
    static func requireData(_ context: CommandContext) throws(CommandFailure) {
        guard try ReadOnlyData(folder: context.dataFolder) != nil else {
            throw IdentifierLookup.noRun(context.invocation.word("RUN"))
        }
    }
}
