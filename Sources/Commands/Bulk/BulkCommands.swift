// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Server
import Store

/// `baton run bulk` and `baton inbox bulk`: many at once, with a result for each.
enum BulkCommands {
    private static let actions = ["cancel", "terminate", "pause", "resume", "retry"]

    static let runs: CommandDescription = .init(
        name: "bulk",
        summary: "Do the same to many runs: cancel, terminate, pause, resume or retry",
        discussion: """
            Up to 100 runs, named or selected. A selection is only shown unless --yes is given. Each run has its own result,
            and what was done to one stays done whatever becomes of the others; the exit code is 4 when something was not.
            Nothing is driven: `baton run resume` and `baton schedule run` do that.
            """,
        arguments: [
            ArgumentDescription(name: "ACTION", summary: actions.joined(separator: ", ")),
            ArgumentDescription(name: "RUN", summary: RunCommands.run.summary, count: .any),
        ],
        options: [
            OptionDescription(
                name: "status",
                kind: .choice("STATUS", RunStatus.allCases.map(\.rawValue)),
                summary: "runs with that status",
                isRepeated: true
            ),
            OptionDescription(name: "workflow", kind: .text("NAME"), summary: "runs of that workflow"),
            OptionDescription(
                name: "label",
                kind: .pair("NAME=VALUE"),
                summary: "runs with that label",
                isRepeated: true
            ),
            OptionDescription(
                name: "limit",
                kind: .number("N", 1...BulkReport.limit),
                summary: "at most that many, the newest",
                defaultValue: "\(BulkReport.limit)"
            ),
            OptionDescription(name: "yes", kind: .flag, summary: "do it to what is selected"),
            OptionDescription(name: "compensate", kind: .flag, summary: "with cancel: then undo what the runs did"),
            RunControl.reason,
        ],
        examples: [
            .init(line: "baton run bulk cancel --workflow order_check --status waiting", comment: "look first"),
            .init(line: "baton run bulk cancel --workflow order_check --status waiting --yes", comment: "then do it"),
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let action = try action(context)
        let words = context.invocation.words["RUN"] ?? []
        let server = try context.server()
        guard let selection = selection(context) else {
            guard !words.isEmpty else {
                let hint = "name runs, or use --status and --workflow"
                throw .usage("neither runs nor a selection are given", hint: hint)
            }
            if let server {
                return try act(
                    on: try words.map { word throws(CommandFailure) in try server.run(word) },
                    server,
                    context
                )
            }
            let runs = try words.map { word throws(CommandFailure) in try find(word, context) }
            return try act(action, on: runs, context)
        }
        guard words.isEmpty else {
            throw .usage("runs are named, and a selection is given; only one of both counts")
        }
        if let server {
            let runs = try select(selection, server)
            guard context.invocation.isOn("yes") else { return show(runs, context) }
            return try act(on: runs.compactMap { $0["id"]?.stringValue }, server, context)
        }
        let rows = try select(selection, context)
        guard context.invocation.isOn("yes") else { return show(rows.map(\.json), context) }
        return try act(action, on: rows.map(\.id), context)
    }

    static let inbox: CommandDescription = .init(
        name: "bulk",
        summary: "Approve or reject many requests",
        discussion: """
            Up to 100 requests. Each has its own result, and an answer that was given stays, whatever becomes of the others;
            the exit code is 4 when one was not. The runs go on when they are driven.
            """,
        arguments: [
            ArgumentDescription(name: "ANSWER", summary: "approve or reject"),
            ArgumentDescription(name: "REQUEST", summary: "ids of requests, or their beginnings", count: .many),
        ],
        options: [OptionDescription(name: "comment", kind: .text("TEXT"), summary: "why; needed to reject")],
        examples: [.init(line: "baton inbox bulk reject ht_01 ht_02 --comment \"too late\"", comment: "two of them")],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let word = context.invocation.word("ANSWER")
        guard ["approve", "reject"].contains(word) else { throw .usage("ANSWER is approve or reject, not `\(word)`") }
        let names = context.invocation.words["REQUEST"] ?? []
        if let server = try context.server() {
            let ids = try names.map { name throws(CommandFailure) in try server.humanTask(name)["id"] ?? .null }
            let fields: JSONObject = ["ids": .array(ids), "choice": .string(word)]
            let comment = context.invocation.text("comment")
            let report = try server.post("/v1/human-tasks/bulk", fields.with("comment", comment))
            return show(report, word == "approve" ? "approved" : "rejected", context)
        }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else {
            throw .notFound("there is no request", hint: "`baton inbox list` shows what is asked")
        }
        let lookup = IdentifierLookup(store: data.store)
        let ids = try names.map { word throws(CommandFailure) in
            try lookup.humanTask(word).id
        }
        let (actor, comment) = (context.actor, context.invocation.text("comment"))
        return try report(context, word == "approve" ? "approved" : "rejected") { engine async throws(EngineError) in
            try await engine.bulkDecide(ids, approve: word == "approve", comment: comment, by: actor)
        }
    }

    private static func action(_ context: CommandContext) throws(CommandFailure) -> BulkAction {
        let reason = context.invocation.text("reason")
        switch context.invocation.word("ACTION") {
        case "cancel": return .cancel(reason: reason, compensate: context.invocation.isOn("compensate"))
        case "terminate": return .terminate(reason: reason)
        case "pause": return .pause(reason: reason)
        case "resume": return .resume
        case "retry": return .retry
        case let word:
            let guess = NearestName.find(word, among: actions).map { "did you mean `\($0)`?" }
            let all = "actions are: \(actions.joined(separator: ", "))"
            throw .usage("there is no action `\(word)`", hint: guess ?? all)
        }
    }

    /// `nil` when nothing is said about which runs are meant.
    private static func selection(_ context: CommandContext) -> RunSelection? {
        var selection = RunSelection()
        selection.statuses = context.invocation.texts("status").compactMap(RunStatus.init)
        selection.workflow = context.invocation.text("workflow")
        for pair in context.invocation.pairs("label") { selection.labels[pair.name] = pair.value }
        guard selection != RunSelection() else { return nil }
        selection.limit = context.invocation.number("limit") ?? BulkReport.limit
        return selection
    }

    private static func select(
        _ selection: RunSelection,
        _ context: CommandContext
    ) throws(CommandFailure) -> [RunRow] {
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return [] }
        return try engineCall { () throws(EngineError) in try data.reader.select(selection) }
    }

    private static func find(_ word: String, _ context: CommandContext) throws(CommandFailure) -> RunID {
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw IdentifierLookup.noRun(word) }
        return try IdentifierLookup(store: data.store).run(word).id
    }

    private static func select(_ selection: RunSelection, _ server: RemoteServer) throws(CommandFailure) -> [JSONValue]
    {
        var query = selection.statuses.map { (name: "status", value: $0.rawValue) }
        if let workflow = selection.workflow { query.append(("workflow", workflow)) }
        for (name, value) in selection.labels.sorted(by: { $0.key < $1.key }) {
            query.append(("label", "\(name)=\(value)"))
        }
        return try server.list("/v1/runs", query, limit: selection.limit)
    }

    private static func act(
        on runs: [String],
        _ server: RemoteServer,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        var fields: JSONObject = [
            "action": .string(context.invocation.word("ACTION")), "ids": .array(runs.map(JSONValue.string)),
        ]
        if context.invocation.isOn("compensate") { fields["compensate"] = true }
        let reason = context.invocation.text("reason")
        return show(try server.post("/v1/runs/bulk", fields.with("reason", reason)), "done", context)
    }

    private static func show(_ runs: [JSONValue], _ context: CommandContext) -> ExitCode {
        context.console.show(runs, RunListing.table(runs))
        let selected = runs.count == 1 ? "1 run is" : "\(runs.count) runs are"
        context.console.note("\(selected) selected; nothing was done, --yes does it")
        return .ok
    }

    private static func act(
        _ action: BulkAction,
        on runs: [RunID],
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let actor = context.actor
        return try report(context, "done") { engine async throws(EngineError) in
            try await engine.bulk(action, runs, by: actor)
        }
    }

    private static func report(
        _ context: CommandContext,
        _ done: String,
        _ body: @escaping @Sendable (DurableEngine) async throws(EngineError) -> BulkReport
    ) throws(CommandFailure) -> ExitCode {
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        return show(try local.ask(body).json, done, context)
    }

    private static func show(_ report: JSONValue, _ done: String, _ context: CommandContext) -> ExitCode {
        let items = report["items"]?.arrayValue ?? []
        context.console.show(report) {
            items.map { item in
                let refusal = item["code"]?.stringValue.map { code in
                    "\(code): \(TextWidth.oneLine(item["message"]?.stringValue ?? ""))"
                }
                return "\(item["id"]?.stringValue ?? "") \(refusal ?? done)\n"
            }.joined()
        }
        let failures = report["failed"]?.intValue ?? 0
        guard failures > 0 else { return .ok }
        context.console.note("\(items.count - Int(failures)) of \(items.count) were done")
        return .conflict
    }
}
