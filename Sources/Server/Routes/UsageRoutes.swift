// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
public import JSON
public import Model
public import Store

/// What was spent (spec 8.12).
///
/// Administrators see everything of their tenant, others what their own runs spent.
struct UsageRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/usage",
                Contract(
                    "listUsage",
                    "Usage records, the newest first; with `group_by` their sums, the dearest first.",
                    .money,
                    .may(.readUsage),
                    query: [
                        .limit, .cursor("^use_[0-7][0-9a-hjkmnp-tv-z]{25}$"),
                        .init(
                            "group_by",
                            .choice(UsageGrouping.self),
                            "Sums up records that agree in that. Beside the `items`, at most `limit`, comes the `total` of all.",
                            repeats: true
                        ),
                    ] + Self.filters,
                    .ok(.page(of: .anyObject))
                ).checkingFurther(),
                usage
            ),
            sums("daily", "usageByDay", "What was spent day by day (UTC).", .day),
            sums("by-project", "usageByProject", "What was spent by project.", .project),
            sums("by-model", "usageByModel", "What was spent by provider and model.", .provider, .model),
            sums("by-agent", "usageByAgent", "What was spent by agent.", .agent),
            Route(
                "GET",
                "/v1/runs/{run}/usage",
                Contract(
                    "listRunUsage",
                    "What a run spent, the newest first.",
                    .money,
                    .may(.readUsage),
                    .ok(.page(of: .anyObject))
                )
            ) { call throws(Problem) in
                var filter = UsageFilter()
                filter.run = try await service.run(call, .readUsage).id
                filter.limit = 500
                let wanted = filter
                let rows = try await service.read { store throws(StoreError) in try store.usage(wanted) }
                return .page(rows.map(\.json), next: nil)
            },
        ]
    }

    private static let time = Shape.text(10...40, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+))?$")

    private static let filters: [Contract.Item] = [
        .init("run", .id("run"), "Only of that run."),
        .init("project", .word(1...200), "Only of that project."),
        .init("api_key", .id("key"), "Only of that API key."),
        .init("agent", .word(1...200), "Only for that agent."),
        .init("provider", .word(1...200), "Only of that provider."),
        .init("model", .word(1...200), "Only of that model."),
        .init("purpose", .choice(UsageSubject.Purpose.self), "Only for that."),
        .init("user", .word(1...200), "Only of that user's runs; for administrators."),
        .init("from", time, "Only what was settled then or later: a day (UTC) or a time."),
        .init("to", time, "Only what was settled before."),
    ]

    private func sums(_ path: String, _ id: String, _ summary: String, _ groupings: UsageGrouping...) -> Route {
        Route(
            "GET",
            "/v1/usage/\(path)",
            Contract(
                id,
                summary,
                .money,
                .may(.readUsage),
                query: [.limit] + Self.filters,
                .ok(.page(of: .anyObject))
            ).checkingFurther()
        ) { call throws(Problem) in
            try await totals(try await filter(call), by: groupings)
        }
    }

    @Sendable private func usage(_ call: APICall) async throws(Problem) -> HTTPResponse {
        var filter = try await filter(call)
        let names = call.request.target.query.filter { $0.name == "group_by" }.map(\.value)
        guard names.isEmpty else {
            return try await totals(filter, by: names.compactMap { UsageGrouping(rawValue: $0) })
        }
        filter.before = try call.cursor { UsageID($0) }
        let wanted = filter
        let rows = try await service.read { store throws(StoreError) in try store.usage(wanted) }
        return .page(rows.map(\.json), next: rows.count == wanted.limit ? rows.last?.id.description : nil)
    }

    private func totals(_ filter: UsageFilter, by groupings: [UsageGrouping]) async throws(Problem) -> HTTPResponse {
        let (groups, total) = try await service.read { store throws(StoreError) in
            (try store.usageTotals(filter, by: groupings), try store.usageTotals(filter, by: []).first)
        }
        return .json([
            "items": .array(groups.map(\.json)), "total": (total ?? UsageTotal()).json, "next_cursor": .null,
        ])
    }

    private func filter(_ call: APICall) async throws(Problem) -> UsageFilter {
        var filter = UsageFilter()
        filter.tenant = call.caller.tenant
        filter.limit = call.limit
        (filter.project, filter.agent) = (call.query("project"), call.query("agent"))
        filter.apiKey = call.query("api_key").flatMap { APIKeyID($0) }
        (filter.provider, filter.model) = (call.query("provider"), call.query("model"))
        filter.purpose = call.query("purpose").flatMap { UsageSubject.Purpose(rawValue: $0) }
        (filter.from, filter.until) = (try time("from", call), try time("to", call))
        if let run = call.query("run").flatMap({ RunID($0) }) {
            // Whoever sees a run sees what it spent.
            filter.run = try await service.run(run, call.caller, .readUsage).id
        } else if !call.caller.may(.administer) {
            filter.user = call.caller.actor
        }
        if let user = call.query("user") {
            guard call.caller.may(.administer) else {
                throw Problem(403, "permission.denied", "only administrators see what others spent")
            }
            filter.user = user.hasPrefix("user:") ? user : "user:\(user)"
        }
        return filter
    }

    private func time(_ name: String, _ call: APICall) throws(Problem) -> Timestamp? {
        guard let text = call.query(name) else { return nil }
        guard let time = Timestamp(usage: text) else {
            throw .invalid(name, "must be a day such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z")
        }
        return time
    }
}

extension Timestamp {
    /// A day (UTC), which is its beginning, or a time in RFC 3339.
    public init?(usage text: String) {
        guard let time = Timestamp(rfc3339: text.utf8.count == 10 ? "\(text)T00:00:00Z" : text) else { return nil }
        self = time
    }
}

extension UsageRow {
    /// A record: `{id, at, tenant, user?, project?, api_key?, run?, task?, attempt?, agent?, provider, model, purpose, usd,
    /// llm_tokens, input, cached, cache_write, output, reasoning, certainty, simulated, priced_by?, reservation?}`.
    public var json: JSONValue {
        var result: JSONObject = ["id": .string(id.description), "at": .string(at.description)]
        result["tenant"] = .string(subject.tenant)
        result["user"] = subject.user.map(JSONValue.string)
        result["project"] = subject.project.map(JSONValue.string)
        result["api_key"] = subject.apiKey.map { .string($0.description) }
        result["run"] = subject.run.map { .string($0.description) }
        result["task"] = subject.task.map(JSONValue.string)
        if subject.attempt > 0 { result["attempt"] = .int(Int64(subject.attempt)) }
        result["agent"] = subject.agent.map(JSONValue.string)
        result["provider"] = .string(subject.provider)
        result["model"] = .string(subject.model)
        result["purpose"] = .string(subject.purpose.rawValue)
        result["usd"] = .string(charge.money.text)
        result["llm_tokens"] = .int(charge.languageModelTokens)
        tokens.write(into: &result)
        result["certainty"] = .string(certainty.rawValue)
        result["simulated"] = .bool(isSimulated)
        result["priced_by"] = pricedBy.map(JSONValue.string)
        result["reservation"] = reservation.map { .string($0.description) }
        return .object(result)
    }
}

extension UsageTotal {
    /// A sum: what the records agree in, and `{calls, unknown, unpriced, simulated, usd, llm_tokens, input, cached,
    /// cache_write, output, reasoning}`.
    public var json: JSONValue {
        var result = JSONObject()
        for grouping in UsageGrouping.allCases { result[grouping.rawValue] = key[grouping].map(JSONValue.string) }
        result["calls"] = .int(calls)
        result["unknown"] = .int(unknown)
        result["unpriced"] = .int(unpriced)
        result["simulated"] = .int(simulated)
        result["usd"] = .string(charge.money.text)
        result["llm_tokens"] = .int(charge.languageModelTokens)
        tokens.write(into: &result)
        return .object(result)
    }
}

extension TokenCounts {
    fileprivate func write(into object: inout JSONObject) {
        object["input"] = .int(input)
        object["cached"] = .int(cached)
        object["cache_write"] = .int(cacheWrite)
        object["output"] = .int(output)
        object["reasoning"] = .int(reasoning)
    }
}
