// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Server
import Store

/// `baton inbox …`: requests to people.
enum InboxCommands {
    static let group: CommandDescription = .init(
        name: "inbox",
        summary: "Answer requests that runs make to people",
        examples: [
            .init(line: "baton inbox list", comment: "what is asked"),
            .init(line: "baton inbox show last", comment: "the newest open request in full, and how to answer it"),
            .init(line: "baton inbox approve last", comment: "say yes to it"),
            .init(line: "baton inbox answer last --choice retry --guidance \"use the new key\"", comment: "try again"),
        ],
        children: [list, show] + AnswerCommands.all + ClaimCommands.all + [BulkCommands.inbox]
    )

    static let request = ArgumentDescription(
        name: "REQUEST",
        summary: "id of a request, the beginning of one, or `last` for the newest open one"
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List open requests, the oldest first",
        options: [
            OptionDescription(name: "all", kind: .flag, summary: "also those that were answered, expired or cancelled"),
            OptionDescription(name: "run", kind: .text("RUN"), summary: "only those of that run"),
            OptionDescription(
                name: "limit",
                kind: .number("N", 1...100_000),
                summary: "at most so many",
                defaultValue: "1000"
            ),
        ],
        examples: [.init(line: "baton inbox list -o json", comment: "with the messages in full")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let requests = try requests(context)
        if requests.isEmpty, context.console.settings.format == .table {
            context.console.note("no requests")
            return .ok
        }
        context.console.show(requests, table(requests))
        return .ok
    }

    private static func requests(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        let (run, isOn) = (context.invocation.text("run"), context.invocation.isOn("all"))
        var filter = HumanTaskFilter()
        filter.limit = context.invocation.number("limit") ?? filter.limit
        if let server = try context.server() {
            var query: [(name: String, value: String)] = isOn ? [("all", "true")] : []
            if let run { query.append(("run", try server.run(run))) }
            return try server.list("/v1/human-tasks", query, limit: filter.limit)
        }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return [] }
        filter.statuses = isOn ? [] : HumanTaskStatus.pending
        if let run { filter.run = try IdentifierLookup(store: data.store).run(run).key }
        return try reading { [filter] () throws(StoreError) in try data.store.humanTasks(filter) }.map(\.json)
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a request in full, and how to answer it",
        arguments: [request],
        examples: [.init(line: "baton inbox show last", comment: "the newest open request")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let row = try whole(context)
        context.console.show(row) {
            RequestText(row: row, context: context).lines.map { $0 + "\n" }.joined()
        }
        return .ok
    }

    private static func whole(_ context: CommandContext) throws(CommandFailure) -> JSONValue {
        let word = context.invocation.word("REQUEST")
        if let server = try context.server() { return try server.humanTask(word) }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw noRequest }
        var row = try IdentifierLookup(store: data.store).humanTask(word)
        row.details.evidence = try value(row.details.evidence, data)
        row.details.subject = try value(row.details.subject, data)
        return row.json
    }

    static var noRequest: CommandFailure {
        .notFound("there is no request yet", hint: "`baton run FILE` starts a run")
    }

    /// What stands in a blob instead of in the row.
    private static func value(_ value: JSONValue?, _ data: ReadOnlyData) throws(CommandFailure) -> JSONValue? {
        guard let reference = value?["blob"], value?.objectValue?.count == 1,
            let hash = reference["hash"]?.stringValue, let size = reference["size"]?.intValue
        else { return value }
        let text = try data.text(of: BlobRef(hash: hash, size: Int(size)))
        return (try? JSONValue(parsing: text)) ?? value
    }

    private static func table(_ requests: [JSONValue]) -> Table {
        var table = Table([
            .init(title: "REQUEST"), .init(title: "KIND"), .init(title: "STATUS", paint: .status), .init(title: "RUN"),
            .init(title: "NODE"), .init(title: "TITLE"), .init(title: "ASKED"), .init(title: "EXPIRES"),
        ])
        for request in requests {
            let texts = ["id", "kind", "status", "run", "node", "title"].map { request[$0]?.stringValue ?? "" }
            table.add(texts + [RunDetails.date(request["opened_at"]), RunDetails.date(request["expires_at"])])
        }
        return table
    }
}
