// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
public import JSON
internal import Model
public import Store

/// What may be spent (spec 8.11), and what the cache saved (spec 6.9).
struct MoneyRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/budgets",
                Contract(
                    "listBudgets",
                    "Budgets that are open: what may be spent, what is held and what was spent.",
                    .money,
                    .may(.writeBudgets),
                    .ok(.page(of: .anyObject))
                )
            ) { call throws(Problem) in
                let tenant = call.caller.tenant
                let rows = try await service.read { store throws(StoreError) in
                    try store.openBudgets().filter { $0.account.scope.isSeen(in: tenant) }
                }
                return .page(rows.map(\.json), next: nil)
            },
            Route(
                "GET",
                "/v1/budgets/{scope}",
                Contract(
                    "showBudget",
                    "A budget and its periods, the newest first.",
                    .money,
                    .may(.writeBudgets),
                    .ok(.page(of: .anyObject))
                )
            ) { call throws(Problem) in
                let scope = try await scope(call)
                let rows = try await service.read { store throws(StoreError) in try store.budgets(of: scope, limit: 100)
                }
                guard !rows.isEmpty else { throw .notFound("budget `\(call.parameter("scope"))`") }
                return .page(rows.map(\.json), next: nil)
            },
            Route(
                "PUT",
                "/v1/budgets/{scope}",
                Contract(
                    "setBudget",
                    "Sets what may be spent in a scope; what waits for it goes on when it fits.",
                    .money,
                    .may(.writeBudgets),
                    body: .json(
                        .object(
                            .optional("usd", .money, "No limit when left out."),
                            .optional("llm_tokens", .integer(0...1_000_000_000_000))
                        )
                    ),
                    .ok(.anyObject)
                ),
                setBudget
            ),
            Route(
                "GET",
                "/v1/cache/stats",
                Contract(
                    "showCache",
                    "What the cache holds and what it saved.",
                    .cache,
                    .may(.readCatalog),
                    .ok(.anyObject)
                )
            ) { call throws(Problem) in
                let totals = try await service.read { store throws(StoreError) in try store.cacheTotals() }
                return .json([
                    "entries": .int(totals.entries), "bytes": .int(totals.bytes), "hits": .int(totals.hits),
                    "saved_ms": .int(totals.saved.milliseconds),
                ])
            },
            Route(
                "POST",
                "/v1/cache/invalidate",
                Contract(
                    "invalidateCache",
                    "Removes outputs from the cache, so that they are computed again.",
                    .cache,
                    .may(.administer),
                    body: .json(
                        .either(
                            .object(.required("all", Shape(["const": true]), "Everything.")),
                            .change(
                                .optional("workflow", .text(1...200)),
                                .optional("node", .text(1...200)),
                                .optional("scope", .text(1...300)),
                                .optional("key", .text(1...100), "The beginning of keys.")
                            )
                        )
                    ),
                    .ok(.answer(.required("removed", .integer)))
                ),
                invalidate
            ),
        ]
    }

    private func scope(_ call: APICall) async throws(Problem) -> BudgetScope {
        let text = call.parameter("scope")
        if let kind = BudgetScope.Kind(rawValue: text), [.day, .month, .tenant].contains(kind) {
            return BudgetScope(kind, call.caller.tenant)
        }
        guard let scope = BudgetScope(text), !scope.name.isEmpty else { throw .notFound("budget `\(text)`") }
        switch scope.kind {
        case .run: return BudgetScope(.subtree, scope.name)
        case .project, .agent, .user: return own(scope, call.caller)
        case .apiKey:
            try await requireKey(scope.name, call.caller)
            return own(scope, call.caller)
        default: return scope
        }
    }

    private func own(_ scope: BudgetScope, _ caller: Principal) -> BudgetScope {
        caller.tenant == Ownership.defaultTenant ? scope : BudgetScope(scope.kind, "\(caller.tenant)/\(scope.name)")
    }

    /// A limit of a key that was mistyped would limit nothing.
    private func requireKey(_ text: String, _ caller: Principal) async throws(Problem) {
        guard let id = APIKeyID(text) else { throw .notFound("API key `\(text)`") }
        _ = try await service.accounts { identity throws(IdentityError) in try identity.keys.key(id, for: caller) }
    }

    @Sendable private func setBudget(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let scope = try await scope(call)
        let limit = BudgetLimit(
            money: try call.fields.money("usd"),
            languageModelTokens: call.fields.integer("llm_tokens").map { Int64($0) }
        )
        try await service.ask(call) { engine throws(EngineError) in
            try await engine.setBudget(scope, limit, by: call.actor)
        }
        var json: JSONObject = ["scope": .string(scope.shown)]
        json["usd"] = limit.money.map { .string($0.text) }
        json["llm_tokens"] = limit.languageModelTokens.map(JSONValue.int)
        return .json(.object(json))
    }

    @Sendable private func invalidate(_ call: APICall) async throws(Problem) -> HTTPResponse {
        var selection = CacheSelection()
        selection.workflow = call.fields.text("workflow")
        selection.node = call.fields.text("node")
        selection.scope = call.fields.text("scope")
        selection.key = call.fields.text("key")
        let wanted = selection
        let count = try await service.ask(call) { engine throws(EngineError) in try await engine.invalidateCache(wanted)
        }
        return .json(["removed": .int(Int64(count))])
    }
}

extension BudgetScope {
    /// Whether it is one of that tenant. Projects, agents, people and keys of others than the first tenant have its name
    /// before theirs; runs do not say whose they are, so only their ids lead to them.
    fileprivate func isSeen(in tenant: String) -> Bool {
        switch kind {
        case .day, .month, .tenant: name == tenant
        case .project, .agent, .user, .apiKey:
            tenant == Ownership.defaultTenant ? !name.contains("/") : name.hasPrefix("\(tenant)/")
        default: tenant == Ownership.defaultTenant
        }
    }

    /// As people write it: the budget of a run holds for all that it starts.
    fileprivate var shown: String { kind == .subtree ? "run:\(name)" : description }
}

extension BudgetRow {
    /// A budget: `{scope, period?, limit_usd?, spent_usd, held_usd, …}`.
    public var json: JSONValue {
        var result: JSONObject = ["scope": .string(account.scope.shown)]
        if !account.period.isEmpty { result["period"] = .string(account.period) }
        result["limit_usd"] = limit.money.map { .string($0.text) }
        result["limit_llm_tokens"] = limit.languageModelTokens.map(JSONValue.int)
        result["spent_usd"] = .string(spent.money.text)
        result["spent_llm_tokens"] = .int(spent.languageModelTokens)
        result["held_usd"] = .string(reserved.money.text)
        result["held_llm_tokens"] = .int(reserved.languageModelTokens)
        result["state"] = .string(state.rawValue)
        return .object(result)
    }
}
