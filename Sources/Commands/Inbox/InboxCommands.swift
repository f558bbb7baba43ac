// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
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
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        var rows: [HumanTaskRow] = []
        if let data = try ReadOnlyData(folder: context.dataFolder) {
            var filter = HumanTaskFilter()
            filter.statuses = context.invocation.isOn("all") ? [] : HumanTaskStatus.pending
            filter.limit = context.invocation.number("limit") ?? filter.limit
            if let run = context.invocation.text("run") {
                filter.run = try IdentifierLookup(store: data.store).run(run).key
            }
            rows = try reading { () throws(StoreError) in try data.store.humanTasks(filter) }
        }
        if rows.isEmpty, context.console.settings.format == .table {
            context.console.note("no requests")
            return .ok
        }
        context.console.show(rows.map(\.json), table(rows))
        return .ok
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a request in full, and how to answer it",
        arguments: [request],
        examples: [.init(line: "baton inbox show last", comment: "the newest open request")],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw noRequest }
        var row = try IdentifierLookup(store: data.store).humanTask(context.invocation.word("REQUEST"))
        row.details.evidence = try value(row.details.evidence, data)
        row.details.subject = try value(row.details.subject, data)
        context.console.show(row.json) {
            RequestText(row: row, context: context).lines.map { $0 + "\n" }.joined()
        }
        return .ok
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

    private static func table(_ rows: [HumanTaskRow]) -> Table {
        var table = Table([
            .init(title: "REQUEST"), .init(title: "KIND"), .init(title: "STATUS", paint: .status), .init(title: "RUN"),
            .init(title: "NODE"), .init(title: "TITLE"), .init(title: "ASKED"), .init(title: "EXPIRES"),
        ])
        for row in rows {
            table.add([
                row.id.description, row.kind, row.status.rawValue, row.run.description, row.node, row.title,
                TimeText.date(row.openedAt),
                row.expiresAt.map(TimeText.date) ?? "",
            ])
        }
        return table
    }
}
