// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
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
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let diff = try difference(context)
        context.console.show(diff) { text(diff, context.console) }
        return .ok
    }

    private static func difference(_ context: CommandContext) throws(CommandFailure) -> JSONValue {
        let isWhole = context.invocation.isOn("all")
        let words = [context.invocation.word("LEFT"), context.invocation.word("RIGHT")]
        if let server = try context.server() {
            let ids = try words.map { word throws(CommandFailure) in try server.run(word) }
            let query = [(name: "with", value: ids[1])] + (isWhole ? [(name: "all", value: "true")] : [])
            return try server.get(APIRequest.path("v1", "runs", ids[0], "diff"), query)
        }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw IdentifierLookup.noRun(words[0]) }
        let histories = try words.map { word throws(CommandFailure) in
            let row = try IdentifierLookup(store: data.store).run(word)
            return try engineCall { () throws(EngineError) in try data.reader.history(ofRun: row.key) }
        }
        return RunDiff(histories[0], histories[1]).json(isWhole: isWhole)
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
        reach: .folderOrServer,
        action: replay
    )

    private static let all = OptionDescription(name: "all", kind: .flag, summary: "also tasks that are the same")

    private static func replay(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let report: JSONValue
        if let server = try context.server() {
            report = try replayed(server, context)
        } else {
            report = try replayed(context)
        }
        context.console.show(report) {
            text(report["diff"] ?? [:], context.console)
                + (report["calls"]?.arrayValue ?? []).map { call in
                    let isNew = call["recorded"] == .null
                    let what = isNew ? "was not called before" : "is not called any more"
                    let isBoth = !isNew && call["replayed"] != .null
                    return "~ \(call["task"]?.stringValue ?? ""): \(isBoth ? "called with other arguments" : what)\n"
                }.joined()
        }
        return report["same"] == true ? .ok : .runFailed
    }

    private static func replayed(_ server: RemoteServer, _ context: CommandContext) throws(CommandFailure) -> JSONValue
    {
        if context.invocation.isOn("all") { throw .usage("--all cannot be asked of a server", hint: "leave it out") }
        var fields: JSONObject = ["mode": .string(context.invocation.text("mode") ?? "freeze")]
        fields["from"] = context.invocation.text("from").map(JSONValue.string)
        fields["id"] = try RunStart.id(context).map { .string($0.description) }
        let run = try RunOrder("replay", fields).give(to: try server.run(), server)["id"]?.stringValue ?? ""
        return try server.waiting(APIRequest.path("v1", "runs", run, "replay"))
    }

    private static func replayed(_ context: CommandContext) throws(CommandFailure) -> JSONValue {
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
        guard context.invocation.isOn("all"), var json = report.json.objectValue else { return report.json }
        json["diff"] = report.diff.json(isWhole: true)
        return .object(json)
    }

    // MARK: Forms

    private static func text(_ diff: JSONValue, _ console: Console) -> String {
        let statuses = (diff["status"]?.arrayValue ?? []).map { $0.stringValue ?? "" }
        var lines = zip(["left", "right"], statuses).map { "\(diff[$0]?.stringValue ?? "") \($1)" }
        if diff["graph_same"] == false { lines.append("their workflows differ") }
        if diff["inputs_same"] == false { lines.append("their inputs differ") }
        let outputs = diff["outputs"]?.arrayValue ?? []
        if outputs.first != outputs.last { lines.append("their outputs differ") }
        let tasks = diff["tasks"]?.arrayValue ?? []
        let different = tasks.count { $0["same"] != true }
        let all = Int(diff["tasks_same"]?.intValue ?? 0) + different
        lines.append(
            different == 0
                ? "all \(all) tasks came out the same" : "\(different) of \(all) tasks came out otherwise"
        )
        if !tasks.isEmpty {
            var table = Table([.init(title: "TASK"), .init(title: "LEFT"), .init(title: "RIGHT")])
            for task in tasks { table.add([task["task"]?.stringValue ?? "", side(task["left"]), side(task["right"])]) }
            lines += [""] + table.lines(width: console.settings.outputWidth, style: console.settings.outputStyle)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `completed 3f2a90 1.2s`, with the beginning of the hash of the output.
    private static func side(_ side: JSONValue?) -> String {
        guard let status = side?["status"]?.stringValue else { return "" }
        var parts = [status]
        if let error = side?["error"]?.stringValue { parts.append(error) }
        if let output = side?["output"]?.stringValue { parts.append(String(output.prefix(8))) }
        if let attempts = side?["attempts"]?.intValue, attempts > 1 { parts.append("\(attempts) attempts") }
        if let span = side?["duration_ms"]?.intValue { parts.append(TimeText.span(.milliseconds(span))) }
        return parts.joined(separator: " ")
    }
}
