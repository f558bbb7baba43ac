// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Store

/// `baton run rollback`.
enum RunRollback {
    static let command: CommandDescription = .init(
        name: "rollback",
        summary: "Undo what a run did that has ended, or say what was undone",
        discussion:
            "The compensations of its completed tasks run, the newest first; this process drives them to their\n"
            + "end. A run is rolled back once. --report changes nothing and works while another process drives the run.",
        arguments: [RunCommands.run],
        options: [
            OptionDescription(name: "to", kind: .text("PHASE"), summary: "only what completed after that phase"),
            OptionDescription(name: "report", kind: .flag, summary: "only say what was undone and what was not"),
            RunCommands.follow(default: true),
        ] + RunCommands.waiting,
        examples: [
            .init(line: "baton run rollback last", comment: "undo the newest run"),
            .init(line: "baton run rollback last --to build", comment: "keep what phase `build` and those before did"),
            .init(line: "baton run rollback last --report", comment: "what was undone, and what is left in place"),
        ],
        exits: [.runFailed, .notFound, .conflict, .unavailable, .needsPerson, .interrupted],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let phase = context.invocation.text("to")
        if context.invocation.isOn("report") {
            guard phase == nil else { throw .invalid("`--report` is about the whole run, so that `--to` says nothing") }
            return try report(context)
        }
        let order = RunOrder("rollback", JSONObject().with("to", phase))
        return try drive(context, order) { engine, run, actor async throws(EngineError) in
            try await engine.rollBack(run, to: phase, by: actor)
        }
    }

    /// Makes something happen to a run that has ended, such as its rollback, and drives it to its end, or follows it on the
    /// server that does.
    ///
    /// - Parameter order: What a server is told.
    static func drive(
        _ context: CommandContext,
        _ order: RunOrder,
        wanted: RunStatus = .compensated,
        _ begin: @escaping @Sendable (DurableEngine, RunID, String) async throws(EngineError) -> Int64
    ) throws(CommandFailure) -> ExitCode {
        let isFollowed = context.invocation.options["follow"] == nil || context.invocation.isOn("follow")
        guard let follower = try RunFollower.find(context) else {
            return try drive(context, wanted: wanted, isFollowed: isFollowed, begin)
        }
        let run = try follower.server.run()
        return try follower.follow(run, isFollowed: isFollowed, wanted: wanted) { () throws(CommandFailure) in
            _ = try order.give(to: run, follower.server)
            return run
        }
    }

    private static func drive(
        _ context: CommandContext,
        wanted: RunStatus,
        isFollowed: Bool,
        _ begin: @escaping @Sendable (DurableEngine, RunID, String) async throws(EngineError) -> Int64
    ) throws(CommandFailure) -> ExitCode {
        try RunControl.requireData(context)
        let driver = try RunDriver.open(context)
        let (row, last): (RunRow, Int64)
        do throws(CommandFailure) {
            row = try RunControl.find(context, driver.local.store)
            last = try driver.lastEvent(of: row)
        } catch {
            driver.close()
            throw error
        }
        let (id, actor) = (row.id, context.actor)
        return try driver.drive(id, after: last, isFollowed: isFollowed, wanted: wanted) { () throws(CommandFailure) in
            try driver.local.ask { engine async throws(EngineError) in
                _ = try await begin(engine, id, actor)
                _ = try await engine.adopt(id)
            }
        }
    }

    private static func report(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let report: JSONValue
        if let server = try context.server() {
            report = try server.get(APIRequest.path("v1", "runs", try server.run(), "rollback"))
        } else {
            report = RollbackReport(try RunListing.read(context).0).json
        }
        context.console.show(report) { text(report, context.console) }
        return .ok
    }

    private static func text(_ report: JSONValue, _ console: Console) -> String {
        let status = console.settings.outputStyle.status(report["status"]?.stringValue ?? "")
        let after = report["outcome"]?.stringValue.map { ", after it had \($0 == "failed" ? $0 : "been \($0)")" } ?? ""
        var lines = ["\(report["run"]?.stringValue ?? "") \(status)\(after)"]
        let items = report["items"]?.arrayValue ?? []
        if items.isEmpty { lines.append("nothing of it can be undone") }
        lines += items.map { item in
            "  \(TextWidth.oneLine(item["explanation"]?.stringValue ?? ""))"
                + (item["late"] == true ? " (it completed late)" : "")
        }
        let left = (report["left_in_place"]?.arrayValue ?? []).compactMap(\.stringValue)
        if !left.isEmpty { lines.append("left in place, because nothing undoes them: \(left.joined(separator: ", "))") }
        return lines.joined(separator: "\n") + "\n"
    }
}
