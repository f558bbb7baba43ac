// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model
import Store

/// `baton run events` and `logs`.
enum RunEvents {
    static let events: CommandDescription = .init(
        name: "events",
        summary: "Show the events of a run, which are all there is to know about it",
        discussion:
            "Events are {seq, run_seq, type, at, run, node, attempt, actor, data}; `seq` counts the events of all runs.",
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
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let (row, data) = try find(context)
        let after = Int64(context.invocation.number("after") ?? 0)
        let console = context.console
        var log = EventLog(data.reader, data.store, key: row.key)
        if console.settings.format == .jsonl {
            try log.forEachNew { if sequence($0) > after { console.line($0.text) } }
            return .ok
        }
        var events: [JSONValue] = []
        try log.forEachNew { if sequence($0) > after { events.append($0) } }
        console.show(events, table(events))
        return .ok
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
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let (row, data) = try find(context)
        let graph = try engineCall { () throws(EngineError) in try data.reader.state(ofRun: row.key).graph }
        let nodes = context.invocation.texts("node")
        // What undoes a node stands in no document; no other name has a colon.
        for node in nodes where graph.index(of: node) == nil && !node.contains(":") {
            let guess = NearestName.find(node, among: graph.nodes.map(\.id)).map { "did you mean `\($0)`?" }
            throw .notFound("\(row.id) has no node `\(node)`", hint: guess)
        }
        let entries = try entries(row, data, nodes, onlyErrors: context.invocation.isOn("errors"))
        try show(entries, data, context.console)
        return .ok
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

    /// The log of one attempt.
    private struct Entry {
        let node: String
        let attempt: Int64
        let type: String
        let blob: BlobRef?
        /// What stands in the event itself, when there is no blob.
        let text: String
        let error: String?
    }

    private static func entries(
        _ row: RunRow,
        _ data: ReadOnlyData,
        _ nodes: [String],
        onlyErrors: Bool
    ) throws(CommandFailure) -> [Entry] {
        var log = EventLog(data.reader, data.store, key: row.key)
        var result: [Entry] = []
        try log.forEachNew { event in
            guard let node = event["node"]?.stringValue, nodes.isEmpty || nodes.contains(node),
                let type = event["type"]?.stringValue, let body = event["data"]
            else { return }
            let error = body["error"].map { "\($0["code"]?.stringValue ?? ""): \($0["message"]?.stringValue ?? "")" }
            let blob = body["log"].flatMap { log -> BlobRef? in
                guard let hash = log["hash"]?.stringValue, let size = log["size"]?.intValue else { return nil }
                return BlobRef(hash: hash, size: Int(size))
            }
            let text = blob == nil ? streams(body["error"]?["details"] ?? body["output"]?["value"]) : ""
            guard blob != nil || error != nil || !text.isEmpty, !onlyErrors || error != nil else { return }
            let attempt = event["attempt"]?.intValue ?? 0
            result.append(Entry(node: node, attempt: attempt, type: type, blob: blob, text: text, error: error))
        }
        return result
    }

    /// What a program wrote, where its result holds that.
    private static func streams(_ result: JSONValue?) -> String {
        ["stdout", "stderr"].compactMap { result?[$0]?.stringValue }.filter { !$0.isEmpty }
            .map { $0.hasSuffix("\n") ? $0 : "\($0)\n" }.joined()
    }

    private static func show(_ entries: [Entry], _ data: ReadOnlyData, _ console: Console) throws(CommandFailure) {
        var items: [JSONValue] = []
        let width = entries.map(\.node.count).max() ?? 0
        for entry in entries {
            let stored = try entry.blob.map { blob throws(CommandFailure) in try data.logText(of: blob) } ?? entry.text
            if console.settings.format == .table {
                let text = stored ?? "(what it wrote is gone; see `retention.logs`)"
                show(entry, TextWidth.printable(text), width, console)
            } else {
                items.append(json(entry, stored))
            }
        }
        if console.settings.format != .table { console.show(items, Table([])) }
        if entries.isEmpty, console.settings.format == .table { console.note("nothing was logged") }
    }

    private static func show(_ entry: Entry, _ text: String, _ width: Int, _ console: Console) {
        let style = console.settings.outputStyle
        let head = style.paint(TextWidth.pad(entry.node, to: width) + " |", .blue)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(text.hasSuffix("\n") ? 1 : 0)
        where !text.isEmpty {
            console.line("\(head) \(line)")
        }
        if let error = entry.error {
            console.line(
                "\(head) \(style.paint("\(entry.type) attempt \(entry.attempt): \(TextWidth.oneLine(error))", .red))"
            )
        }
    }

    private static func json(_ entry: Entry, _ text: String?) -> JSONValue {
        var result: JSONObject = [
            "node": .string(entry.node), "attempt": .int(entry.attempt), "type": .string(entry.type),
            "text": text.map(JSONValue.string) ?? .null,
        ]
        result["error"] = entry.error.map { .string($0) }
        return .object(result)
    }
}
