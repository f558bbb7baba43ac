// Baton
// SPDX-License-Identifier: Apache-2.0

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
        ],
        examples: [
            .init(line: "baton run rollback last", comment: "undo the newest run"),
            .init(line: "baton run rollback last --to build", comment: "keep what phase `build` and those before did"),
            .init(line: "baton run rollback last --report", comment: "what was undone, and what is left in place"),
        ],
        exits: [.runFailed, .notFound, .conflict, .unavailable, .needsPerson, .interrupted]
    ) { context throws(CommandFailure) in
        let phase = context.invocation.text("to")
        if context.invocation.isOn("report") {
            guard phase == nil else { throw .invalid("`--report` is about the whole run, so that `--to` says nothing") }
            return try report(context)
        }
        return try drive(context) { engine, run, actor async throws(EngineError) in
            try await engine.rollBack(run, to: phase, by: actor)
        }
    }

    /// Makes something happen to a run that has ended, such as its rollback, and drives it to its end.
    static func drive(
        _ context: CommandContext,
        wanted: RunStatus = .compensated,
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
        let isFollowed = context.invocation.options["follow"] == nil || context.invocation.isOn("follow")
        return try driver.drive(id, after: last, isFollowed: isFollowed, wanted: wanted) { () throws(CommandFailure) in
            try driver.local.ask { engine async throws(EngineError) in
                _ = try await begin(engine, id, actor)
                _ = try await engine.adopt(id)
            }
        }
    }

    private static func report(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let (state, _) = try RunListing.read(context)
        let report = RollbackReport(state)
        context.console.show(report.json) { text(report, context.console) }
        return .ok
    }

    private static func text(_ report: RollbackReport, _ console: Console) -> String {
        let style = console.settings.outputStyle
        let after = report.outcome.map { ", after it had \($0 == .failed ? "failed" : "been \($0.rawValue)")" } ?? ""
        var lines = ["\(report.run) \(style.status(report.status.rawValue))\(after)"]
        if report.items.isEmpty { lines.append("nothing of it can be undone") }
        lines += report.items.map { "  \(TextWidth.oneLine($0.sentence))" + ($0.isLate ? " (it completed late)" : "") }
        if !report.leftInPlace.isEmpty {
            lines.append("left in place, because nothing undoes them: \(report.leftInPlace.joined(separator: ", "))")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
