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
        examples: [
            .init(line: "baton usage summary", comment: "by provider and model"),
            .init(line: "baton usage summary --by agent --days 7", comment: "by agent, of the last week"),
        ],
        children: [summary, daily]
    )

    private static let by = OptionDescription(
        name: "by",
        kind: .text("WHAT"),
        summary: "sum up by agent, model, provider, purpose, run, task, project, user, api_key or day",
        isRepeated: true
    )

    private static let filters: [OptionDescription] = [
        .init(name: "run", kind: .text("RUN"), summary: "only of that run: an id, the beginning of one, or `last`"),
        .init(name: "project", kind: .text("PROJECT"), summary: "only of that project"),
        .init(name: "agent", kind: .text("AGENT"), summary: "only for that agent"),
        .init(name: "provider", kind: .text("PROVIDER"), summary: "only of that provider"),
        .init(name: "model", kind: .text("MODEL"), summary: "only of that model"),
        .init(name: "purpose", kind: .text("PURPOSE"), summary: "only for that, such as planning or verification"),
        .init(name: "user", kind: .text("USER"), summary: "only of that user's runs"),
        .init(name: "api-key", kind: .text("KEY"), summary: "only of that API key, by its id"),
        .init(
            name: "days",
            kind: .number("N", 1...3660),
            summary: "only of the last days, today included (UTC)"
        ),
        .init(name: "from", kind: .text("TIME"), summary: "only from that day (UTC) or time on"),
        .init(name: "to", kind: .text("TIME"), summary: "only before that day (UTC) or time"),
    ]

    private static let summary: CommandDescription = .init(
        name: "summary",
        summary: "What was spent by provider and model, or by something else",
        discussion: """
            Without --by by provider and model. The dearest first, at most 500; the total is that of all. A server shows others
            than administrators what their own runs spent.
            """,
        options: [by] + filters,
        examples: [
            .init(line: "baton usage summary --days 30", comment: "of the last 30 days"),
            .init(line: "baton usage summary --by agent --by purpose", comment: "who spent it, and what for"),
            .init(line: "baton usage summary --run last --by task", comment: "of the newest run, by task"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let given = try context.invocation.texts("by").map { word throws(CommandFailure) -> UsageGrouping in
            try choice(word, "--by")
        }
        return try show(context, by: given.isEmpty ? [.provider, .model] : given, isByKey: false)
    }

    private static let daily: CommandDescription = .init(
        name: "daily",
        summary: "What was spent day by day (UTC)",
        options: filters,
        examples: [.init(line: "baton usage daily --days 7", comment: "of the last week")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        try show(context, by: [.day], isByKey: true)
    }

    /// - Parameter isByKey: In the order of what they agree in, not of what they cost.
    private static func show(
        _ context: CommandContext,
        by groupings: [UsageGrouping],
        isByKey: Bool
    ) throws(CommandFailure) -> ExitCode {
        var (items, total) = try totals(context, by: groupings)
        let key = { (item: JSONValue) in groupings.map { item[$0.rawValue]?.stringValue ?? "" } }
        if isByKey { items.sort { key($0).lexicographicallyPrecedes(key($1)) } }
        let sorted = items
        context.console.show(["items": .array(sorted), "total": total]) {
            let numbers = ["CALLS", "UNKNOWN", "UNPRICED", "LLM TOKENS", "USD"]
            var table = Table(
                groupings.map { .init(title: $0.rawValue.uppercased()) }
                    + numbers.map { .init(title: $0, isNumber: true) }
            )
            for item in sorted { table.add(key(item) + cells(item)) }
            table.add(["total"] + groupings.dropFirst().map { _ in "" } + cells(total))
            let settings = context.console.settings
            return table.lines(width: settings.outputWidth, style: settings.outputStyle).joined(separator: "\n") + "\n"
        }
        return .ok
    }

    private static func cells(_ sum: JSONValue) -> [String] {
        ["calls", "unknown", "unpriced", "llm_tokens"].map { name in
            let number = sum[name]?.intValue ?? 0
            return number == 0 && name.hasPrefix("un") ? "" : "\(number)"
        } + [sum["usd"]?.stringValue ?? ""]
    }

    private static func totals(
        _ context: CommandContext,
        by groupings: [UsageGrouping]
    ) throws(CommandFailure) -> (items: [JSONValue], total: JSONValue) {
        var filter = try filter(context)
        if let server = try context.server() {
            var query = groupings.map { (name: "group_by", value: $0.rawValue) } + [(name: "limit", value: "500")]
            if let word = context.invocation.text("run") { query.append((name: "run", value: try server.run(word))) }
            for name in ["project", "agent", "provider", "model", "purpose", "user"] {
                if let value = context.invocation.text(name) { query.append((name: name, value: value)) }
            }
            if let key = filter.apiKey { query.append((name: "api_key", value: key.description)) }
            if let from = filter.from { query.append((name: "from", value: from.description)) }
            if let until = filter.until { query.append((name: "to", value: until.description)) }
            let answer = try server.get("/v1/usage", query)
            return (answer["items"]?.arrayValue ?? [], answer["total"] ?? UsageTotal().json)
        }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return ([], UsageTotal().json) }
        if let word = context.invocation.text("run") {
            filter.run = try IdentifierLookup(store: data.store).run(word).id
        }
        let wanted = filter
        return try reading { () throws(StoreError) in
            let total = try data.store.usageTotals(wanted, by: []).first ?? UsageTotal()
            return (try data.store.usageTotals(wanted, by: groupings).map(\.json), total.json)
        }
    }

    /// What is wanted but the run.
    private static func filter(_ context: CommandContext) throws(CommandFailure) -> UsageFilter {
        let invocation = context.invocation
        var filter = UsageFilter()
        filter.limit = 500
        (filter.project, filter.agent) = (invocation.text("project"), invocation.text("agent"))
        (filter.provider, filter.model) = (invocation.text("provider"), invocation.text("model"))
        if let purpose = invocation.text("purpose") { filter.purpose = try choice(purpose, "--purpose") }
        if let text = invocation.text("api-key") {
            guard let key = APIKeyID(text) else {
                throw .usage("`\(text)` is no id of an API key", hint: "`baton key list` shows them")
            }
            filter.apiKey = key
        }
        filter.user = invocation.text("user").map { $0.hasPrefix("user:") ? $0 : "user:\($0)" }
        filter.from = try time("from", invocation) ?? first(invocation)
        filter.until = try time("to", invocation)
        return filter
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ word: String,
        _ option: String
    ) throws(CommandFailure) -> Choice {
        guard let choice = Choice(rawValue: word) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .usage("`\(option)` cannot be `\(word)`", hint: "it is one of \(choices)")
        }
        return choice
    }

    private static func time(_ option: String, _ invocation: Invocation) throws(CommandFailure) -> Timestamp? {
        guard let text = invocation.text(option) else { return nil }
        guard let time = Timestamp(usage: text) else {
            throw .usage("`\(text)` is no time", hint: "a day is 2026-01-31, a time 2026-01-31T12:00:00Z; both are UTC")
        }
        return time
    }

    /// The beginning of the first of the last days that are asked for.
    private static func first(_ invocation: Invocation) -> Timestamp? {
        invocation.number("days").map { days in
            let day: Int64 = 86_400_000
            let today = SystemClock().wall().milliseconds / day
            return Timestamp(milliseconds: (today - Int64(days) + 1) * day)
        }
    }
}
