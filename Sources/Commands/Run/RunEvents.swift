// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Definition
import Engine
import JSON
import Model
import Server
import Store

/// `baton run events` and `logs`.
enum RunEvents {
    static let events: CommandDescription = .init(
        name: "events",
        summary: "Show the events of a run, which are all there is to know about it",
        discussion:
            "Events are {seq, run_seq, type, at, run, node, scope, attempt, actor, data}; `seq` counts the events of all runs,\n"
            + "`scope` the passes and items of loops and maps that it is about.",
        arguments: [RunCommands.run],
        options: [
            OptionDescription(
                name: "after",
                kind: .number("N", 0...Int.max),
                summary: "only events with a larger run_seq",
                defaultValue: "0"
            )
        ],
        examples: [.init(line: "baton run events last -o jsonl", comment: "one event a line")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let after = Int64(context.invocation.number("after") ?? 0)
        let console = context.console
        var events: [JSONValue] = []
        let isStreamed = console.settings.format == .jsonl
        try forEach(context, after: after) { event in
            if isStreamed { console.line(event.text) } else { events.append(event) }
        }
        if !isStreamed { console.show(events, table(events)) }
        return .ok
    }

    /// The events of the run that is named, in order.
    private static func forEach(
        _ context: CommandContext,
        after: Int64,
        _ body: (JSONValue) -> Void
    ) throws(CommandFailure) {
        if let server = try context.server() {
            return try server.forEachEvent(ofRun: try server.run(), after: after, body)
        }
        let (row, data) = try find(context)
        var log = EventLog(data.reader, data.store, key: row.key, after: after)
        try log.forEachNew(body)
    }

    static let watch: CommandDescription = .init(
        name: "watch",
        summary: "Show what happens in a run that a server drives, as it happens",
        discussion:
            "It ends with the run, or when that waits for a person; Ctrl-C ends only the watching. A connection that breaks\n"
            + "is made again, and nothing is left out. With -o jsonl it writes the events.",
        arguments: [RunCommands.run],
        options: [
            OptionDescription(name: "all", kind: .flag, summary: "also what happened before"), RunCommands.timeout,
        ],
        examples: [
            .init(line: "baton run watch last", comment: "the newest run"),
            .init(line: "baton run watch last --all -o jsonl", comment: "all its events, as they come"),
        ],
        exits: [.runFailed, .notFound, .unavailable, .budget, .needsPerson, .interrupted],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        guard let follower = try RunFollower.find(context) else { throw context.missingServer }
        return try follower.watch(try follower.server.run(), isWhole: context.invocation.isOn("all"))
    }

    static let logs: CommandDescription = .init(
        name: "logs",
        summary: "Show what the programs of a run wrote",
        discussion: "Every line carries the name of its node. Attempts come in the order in which they ended.",
        arguments: [RunCommands.run],
        options: [
            OptionDescription(name: "node", kind: .text("NODE"), summary: "only this node", isRepeated: true),
            OptionDescription(name: "errors", kind: .flag, summary: "only attempts that failed"),
        ],
        examples: [
            .init(line: "baton run logs last --errors", comment: "what went wrong"),
            .init(line: "baton run logs last --node build", comment: "one node"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        try show(try logs(context), context.console)
        return .ok
    }

    private static func logs(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        let (nodes, onlyErrors) = (context.invocation.texts("node"), context.invocation.isOn("errors"))
        if let server = try context.server() {
            let query = nodes.map { (name: "node", value: $0) } + (onlyErrors ? [(name: "errors", value: "true")] : [])
            return try server.items(APIRequest.path("v1", "runs", try server.run(), "logs"), query)
        }
        let (row, data) = try find(context)
        let graph = try engineCall { () throws(EngineError) in try data.reader.state(ofRun: row.key).graph }
        // What undoes a node stands in no document; no other name has a colon.
        for node in nodes where graph.index(of: node) == nil && !node.contains(":") {
            let guess = NearestName.find(node, among: graph.nodes.map(\.id)).map { "did you mean `\($0)`?" }
            throw .notFound("\(row.id) has no node `\(node)`", hint: guess)
        }
        return try engineCall { () throws(EngineError) in
            try AttemptLogs(reader: data.reader, store: data.store)
                .logs(ofRun: row.key, nodes: Set(nodes), onlyErrors: onlyErrors)
        }
    }

    private static func find(_ context: CommandContext) throws(CommandFailure) -> (RunRow, ReadOnlyData) {
        let word = context.invocation.word("RUN")
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw IdentifierLookup.noRun(word) }
        return (try IdentifierLookup(store: data.store).run(word), data)
    }

    private static func sequence(_ event: JSONValue) -> Int64 { event["run_seq"]?.intValue ?? 0 }

    private static func table(_ events: [JSONValue]) -> Table {
        var table = Table([
            .init(title: "SEQ", isNumber: true), .init(title: "AT"), .init(title: "TYPE"), .init(title: "NODE"),
            .init(title: "DATA", paint: .dim),
        ])
        for event in events {
            let at = event["at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }.map(TimeText.clock) ?? ""
            table.add([
                "\(sequence(event))", at, event["type"]?.stringValue ?? "", event["node"]?.stringValue ?? "",
                TextWidth.cut(event["data"]?.text ?? "", to: 200),
            ])
        }
        return table
    }

    // MARK: Logs

    private static func show(_ logs: [JSONValue], _ console: Console) throws(CommandFailure) {
        guard console.settings.format == .table else {
            console.show(logs, Table([]))
            return
        }
        let width = logs.map { $0["node"]?.stringValue?.count ?? 0 }.max() ?? 0
        for log in logs { show(log, width, console) }
        if logs.isEmpty { console.note("nothing was logged") }
    }

    private static func show(_ log: JSONValue, _ width: Int, _ console: Console) {
        let style = console.settings.outputStyle
        let text = log["text"]?.stringValue.map(TextWidth.printable) ?? "(what it wrote is gone; see `retention.logs`)"
        let head = style.paint(TextWidth.pad(log["node"]?.stringValue ?? "", to: width) + " |", .blue)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(text.hasSuffix("\n") ? 1 : 0)
        where !text.isEmpty {
            console.line("\(head) \(line)")
        }
        guard let error = log["error"]?.stringValue else { return }
        let what = "\(log["type"]?.stringValue ?? "") attempt \(log["attempt"]?.intValue ?? 0)"
        console.line("\(head) \(style.paint("\(what): \(TextWidth.oneLine(error))", .red))")
    }
}
