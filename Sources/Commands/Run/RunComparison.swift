// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store

/// `baton run diff` and `replay`: what two runs have in common.
enum RunComparison {
    static let diff: CommandDescription = .init(
        name: "diff",
        summary: "Compare two runs task by task",
        discussion: "Tasks are aligned by node, pass and item; statuses, outputs, errors and attempts are compared.",
        arguments: [
            ArgumentDescription(name: "LEFT", summary: "id of a run, the beginning of one, or `last`"),
            ArgumentDescription(name: "RIGHT", summary: "the other one"),
        ],
        options: [all],
        examples: [.init(line: "baton run diff run_01k5 last", comment: "what came out otherwise in the newest run")],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let words = [context.invocation.word("LEFT"), context.invocation.word("RIGHT")]
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw IdentifierLookup.noRun(words[0]) }
        let histories = try words.map { word throws(CommandFailure) in
            let row = try IdentifierLookup(store: data.store).run(word)
            return try engineCall { () throws(EngineError) in try data.reader.history(ofRun: row.key) }
        }
        let diff = RunDiff(histories[0], histories[1])
        let isWhole = context.invocation.isOn("all")
        context.console.show(diff.json(isWhole: isWhole)) { text(diff, isWhole, context.console) }
        return .ok
    }

    static let replay: CommandDescription = .init(
        name: "replay",
        summary: "Compute a run that has ended again from what is recorded of it, and compare",
        discussion: """
            freeze serves every recorded result: no tool, person or clock is asked, and the outcome must be the same. shadow calls
            tools and requests that only read, and compares what the others would have been called with. The exit status is 1 when
            something came out otherwise.
            """,
        arguments: [RunCommands.run],
        options: [
            OptionDescription(
                name: "mode",
                kind: .choice("MODE", ReplayRequest.Mode.allCases.map(\.rawValue)),
                summary: "how",
                defaultValue: ReplayRequest.Mode.freeze.rawValue
            ),
            OptionDescription(name: "from", kind: .text("NODE"), summary: "only this task and what comes after it"),
            RunAgain.id, all,
        ],
        examples: [
            .init(line: "baton run replay last", comment: "does the newest run still come out the same?"),
            .init(line: "baton run replay last --mode shadow", comment: "with what its tools read today"),
        ],
        exits: [.runFailed, .notFound, .conflict, .unavailable, .interrupted],
        action: replay
    )

    private static let all = OptionDescription(name: "all", kind: .flag, summary: "also tasks that are the same")

    private static func replay(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        try RunControl.requireData(context)
        let mode = context.invocation.text("mode").flatMap(ReplayRequest.Mode.init) ?? .freeze
        let run = try RunStart.id(context) ?? RunStart.makeID()
        let local = try LocalEngine(context, drives: true)
        let result = Result { () throws(CommandFailure) in
            let origin = try RunControl.find(context, local.store)
            let request = ReplayRequest(
                origin.id,
                mode,
                from: context.invocation.text("from"),
                id: run,
                actor: context.actor
            )
            let key = try local.ask { engine async throws(EngineError) in
                _ = try await engine.replay(request)
                return try await engine.wait(for: run).key
            }
            return try engineCall { () throws(EngineError) in try local.engine.reader.replayReport(ofRun: key) }
        }
        local.stop(grace: .zero)
        let report = try result.get()
        let isWhole = context.invocation.isOn("all")
        context.console.show(report.json) {
            text(report.diff, isWhole, context.console)
                + report.calls.map { call in
                    let what = call.recorded == nil ? "was not called before" : "is not called any more"
                    let isBoth = call.recorded != nil && call.replayed != nil
                    return "~ \(call.task): \(isBoth ? "called with other arguments" : what)\n"
                }.joined()
        }
        return report.isSame ? .ok : .runFailed
    }

    // MARK: Forms

    private static func text(_ diff: RunDiff, _ isWhole: Bool, _ console: Console) -> String {
        var lines = [
            "\(diff.runs.left) \(diff.statuses.left.rawValue)", "\(diff.runs.right) \(diff.statuses.right.rawValue)",
        ]
        if diff.graphs.left != diff.graphs.right { lines.append("their workflows differ") }
        if diff.inputs.left != diff.inputs.right { lines.append("their inputs differ") }
        if diff.outputs.left != diff.outputs.right { lines.append("their outputs differ") }
        let shown = isWhole ? diff.entries : diff.differences
        if diff.differences.isEmpty {
            lines.append("all \(diff.entries.count) tasks came out the same")
        } else {
            lines.append("\(diff.differences.count) of \(diff.entries.count) tasks came out otherwise")
        }
        if !shown.isEmpty {
            var table = Table([.init(title: "TASK"), .init(title: "LEFT"), .init(title: "RIGHT")])
            for entry in shown { table.add([entry.task.description, text(entry.left), text(entry.right)]) }
            lines += [""] + table.lines(width: console.settings.outputWidth, style: console.settings.outputStyle)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `completed 3f2a90 1.2s`, with the beginning of the hash of the output.
    private static func text(_ side: RunDiff.Side?) -> String {
        guard let side else { return "" }
        var parts = [side.status.rawValue]
        if let error = side.error { parts.append(error) }
        if let output = side.output { parts.append(String(output.prefix(8))) }
        if side.attempts > 1 { parts.append("\(side.attempts) attempts") }
        if let duration = side.duration { parts.append(TimeText.span(duration)) }
        return parts.joined(separator: " ")
    }
}
