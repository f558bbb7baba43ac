// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Server
import Store

/// `baton usage …`: what was spent.
enum UsageCommands {
    static let group: CommandDescription = .init(
        name: "usage",
        summary: "Say what was spent, and on what",
        examples: [.init(line: "baton usage summary", comment: "by provider and model")],
        children: [summary, daily]
    )

    private static let run = OptionDescription(
        name: "run",
        kind: .text("RUN"),
        summary: "only of that run: an id, the beginning of one, or `last`"
    )
    private static let days = OptionDescription(
        name: "days",
        kind: .number("N", 1...3660),
        summary: "only of the last days, today included (UTC)"
    )

    private static let summary: CommandDescription = .init(
        name: "summary",
        summary: "What was spent by provider and model",
        options: [run, days],
        examples: [
            .init(line: "baton usage summary --days 30", comment: "of the last 30 days"),
            .init(line: "baton usage summary --run last", comment: "of the newest run"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        try show(context, ["PROVIDER", "MODEL"]) { record in
            ["provider", "model"].map { record[$0]?.stringValue ?? "" }
        }
    }

    private static let daily: CommandDescription = .init(
        name: "daily",
        summary: "What was spent day by day (UTC)",
        options: [run, days],
        examples: [.init(line: "baton usage daily --days 7", comment: "of the last week")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        try show(context, ["DAY"]) { [String(($0["at"]?.stringValue ?? "").prefix(10))] }
    }

    /// A sum over records that agree in some words.
    private struct Sum {
        var calls: Int64 = 0
        var unknown: Int64 = 0
        var money: Int64 = 0
        var tokens: Int64 = 0

        mutating func add(_ record: JSONValue) {
            let certainty = record["certainty"]?.stringValue.flatMap { UsageRow.Certainty(rawValue: $0) }
            // A correction belongs to a call that was counted.
            calls += certainty == .correction ? 0 : 1
            unknown += certainty == .unknown ? 1 : 0
            money += record["usd"]?.stringValue.flatMap { Money(text: $0) }?.picodollars ?? 0
            tokens += record["llm_tokens"]?.intValue ?? 0
        }
    }

    private static func show(
        _ context: CommandContext,
        _ titles: [String],
        _ words: (JSONValue) -> [String]
    ) throws(CommandFailure) -> ExitCode {
        var sums: [[String]: Sum] = [:]
        var total = Sum()
        try forEachRecord(context) { record in
            sums[words(record), default: Sum()].add(record)
            total.add(record)
        }
        let sorted = sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let rows: [JSONValue] = sorted.map { key, sum in
            var json = JSONObject()
            for (title, word) in zip(titles, key) { json[title.lowercased()] = .string(word) }
            for member in Self.json(sum).members { json[member.key] = member.value }
            return .object(json)
        }
        context.console.show(["items": .array(rows), "total": .object(json(total))]) {
            var table = Table(
                titles.map { .init(title: $0) }
                    + ["CALLS", "UNKNOWN", "LLM TOKENS", "USD"].map { .init(title: $0, isNumber: true) }
            )
            for (key, sum) in sorted { table.add(key + cells(sum)) }
            table.add(["total"] + titles.dropFirst().map { _ in "" } + cells(total))
            let settings = context.console.settings
            return table.lines(width: settings.outputWidth, style: settings.outputStyle).joined(separator: "\n") + "\n"
        }
        return .ok
    }

    private static func cells(_ sum: Sum) -> [String] {
        [
            "\(sum.calls)", sum.unknown == 0 ? "" : "\(sum.unknown)", "\(sum.tokens)",
            Money(picodollars: sum.money).text,
        ]
    }

    private static func json(_ sum: Sum) -> JSONObject {
        [
            "calls": .int(sum.calls), "unknown": .int(sum.unknown), "llm_tokens": .int(sum.tokens),
            "usd": .string(Money(picodollars: sum.money).text),
        ]
    }

    /// Goes through the records page by page.
    private static func forEachRecord(
        _ context: CommandContext,
        _ body: (JSONValue) -> Void
    ) throws(CommandFailure) {
        let from = first(context)
        if let server = try context.server() {
            let word = context.invocation.text("run")
            let query =
                try word.map { word throws(CommandFailure) in [(name: "run", value: try server.run(word))] } ?? []
            for record in try server.list("/v1/usage", query, limit: .max) {
                // The newest come first.
                if let from, let at = RunDetails.time(record["at"]), at < from { return }
                body(record)
            }
            return
        }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return }
        var filter = UsageFilter()
        filter.limit = 1000
        if let word = context.invocation.text("run") {
            filter.run = try IdentifierLookup(store: data.store).run(word).id
        }
        filter.from = from
        while true {
            let page = filter
            let rows = try reading { () throws(StoreError) in try data.store.usage(page) }
            rows.map(\.json).forEach(body)
            guard rows.count == filter.limit, let last = rows.last else { return }
            filter.before = last.id
        }
    }

    /// The beginning of the first of the last days that are asked for.
    private static func first(_ context: CommandContext) -> Timestamp? {
        context.invocation.number("days").map { days in
            let day: Int64 = 86_400_000
            let today = SystemClock().wall().milliseconds / day
            return Timestamp(milliseconds: (today - Int64(days) + 1) * day)
        }
    }
}
