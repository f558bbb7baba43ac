// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Server
import Store
import StoreSQLite

/// `baton budget …`: what may be spent.
enum BudgetCommands {
    static let group: CommandDescription = .init(
        name: "budget",
        summary: "See and set what may be spent",
        discussion: """
            A paid call must fit the budgets of all scopes it belongs to: `day:TENANT`, `month:TENANT`, `tenant:TENANT`,
            `project:NAME`, `agent:NAME`, `user:ID`, `api_key:ID`, `run:ID` and `task:ID/NODE`. On this machine the tenant is
            `default`: `day`, `month` and `tenant` alone mean its own. What does not fit waits until there is room.
            """,
        examples: [
            .init(line: "baton budget show", comment: "what is open, with what is left"),
            .init(line: "baton budget set day 20", comment: "20 USD a day"),
        ],
        children: [show, set]
    )

    private static let scope = ArgumentDescription(
        name: "SCOPE",
        summary: "`day`, `month`, `tenant`, `project:NAME`, `agent:NAME`, `run:ID`, or as it is shown"
    )

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Say what may be spent, what is held and what was spent",
        discussion: "Without SCOPE those that are open; with one all its periods, the newest first.",
        arguments: [.init(name: "SCOPE", summary: scope.summary, count: .optional)],
        examples: [
            .init(line: "baton budget show", comment: "everything that is open"),
            .init(line: "baton budget show month", comment: "month by month"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let given = context.invocation.words["SCOPE"]?.first
        let budgets = try budgets(given, context)
        if let given, budgets.isEmpty { throw .notFound("nothing was charged to \(given) yet, and no limit was set") }
        context.console.show(.array(budgets)) {
            let style = context.console.settings.outputStyle
            let lines = table(budgets).lines(width: context.console.settings.outputWidth, style: style)
            return lines.joined(separator: "\n") + "\n"
        }
        return .ok
    }

    private static func budgets(_ given: String?, _ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        if let server = try context.server() {
            guard let given else { return try server.items("/v1/budgets") }
            let path = APIRequest.path("v1", "budgets", try scope(given, server))
            do throws(CommandFailure) {
                return try server.items(path)
            } catch {
                guard error.exit == .notFound else { throw error }
                return []
            }
        }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return [] }
        let store = data.store
        let scope = try given.map { given throws(CommandFailure) in try read(given, store) }
        let rows = try reading { () throws(StoreError) -> [BudgetRow] in
            guard let scope else { return try store.openBudgets() }
            return try store.budgets(of: scope, limit: 100)
        }
        return rows.map(\.json)
    }

    /// As the server takes it: with the whole id of a run.
    private static func scope(_ text: String, _ server: RemoteServer) throws(CommandFailure) -> String {
        guard let scope = BudgetScope(text), scope.kind == .run || scope.kind == .subtree else { return text }
        return "run:\(try server.run(scope.name))"
    }

    private static let set: CommandDescription = .init(
        name: "set",
        summary: "Set what may be spent in a scope; what waits for it goes on when it fits",
        discussion: "A day or month keeps its limit in the ones that follow. What was spent stays counted.",
        arguments: [scope, .init(name: "USD", summary: "decimal text such as 0.50, or `none` for no limit")],
        options: [
            OptionDescription(
                name: "llm-tokens",
                kind: .number("N", 0...1_000_000_000_000),
                summary: "the most LLM tokens too; without it they have no limit"
            )
        ],
        examples: [
            .init(line: "baton budget set run:last 2.50", comment: "more for the newest run"),
            .init(line: "baton budget set project:default none", comment: "no limit"),
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let usd = context.invocation.word("USD")
        let limit = BudgetLimit(
            money: usd == "none" ? nil : try money(usd),
            languageModelTokens: context.invocation.number("llm-tokens").map { Int64($0) }
        )
        if let server = try context.server() { return try set(limit, server, context) }
        let local = try LocalEngine(context, drives: false)
        let actor = context.actor
        let result = Result { () throws(CommandFailure) in
            let scope = try read(context.invocation.word("SCOPE"), local.store)
            if scope.kind == .apiKey { try requireKey(scope.name, local.store) }
            try local.ask { engine async throws(EngineError) in try await engine.setBudget(scope, limit, by: actor) }
            return scope
        }
        local.stop(grace: .zero)
        let scope = try result.get()
        var json = fields(limit)
        json["scope"] = .string(scope.shown)
        context.console.show(.object(json)) { "\(scope.shown): \(limit.text)\n" }
        return .ok
    }

    /// A limit of a key that was mistyped would limit nothing.
    private static func requireKey(_ name: String, _ store: SQLiteRunStore) throws(CommandFailure) {
        let known = try APIKeyID(name).map { id throws(CommandFailure) in
            try reading { () throws(StoreError) in try store.apiKey(id) } != nil
        }
        guard known == true else {
            throw .notFound("there is no API key `\(name)`", hint: "`baton key list` shows them")
        }
    }

    private static func set(
        _ limit: BudgetLimit,
        _ server: RemoteServer,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let scope = try scope(context.invocation.word("SCOPE"), server)
        let path = APIRequest.path("v1", "budgets", scope)
        let answer = try server.send(APIRequest("PUT", path, json: .object(fields(limit))))
        context.console.show(answer) { "\(answer["scope"]?.stringValue ?? scope): \(limit.text)\n" }
        return .ok
    }

    private static func fields(_ limit: BudgetLimit) -> JSONObject {
        var json: JSONObject = [:]
        json["usd"] = limit.money.map { .string($0.text) }
        json["llm_tokens"] = limit.languageModelTokens.map(JSONValue.int)
        return json
    }

    /// An amount that a person gave.
    static func money(_ text: String) throws(CommandFailure) -> Money {
        guard let money = Money(text: text) else {
            throw .usage("`\(text)` is no amount of USD", hint: "an amount is decimal text such as 0.50")
        }
        return money
    }

    /// A scope that a person named.
    private static func read(_ text: String, _ store: any RunStore) throws(CommandFailure) -> BudgetScope {
        if let kind = BudgetScope.Kind(rawValue: text), [.day, .month, .tenant].contains(kind) {
            return BudgetScope(kind, "default")
        }
        guard let scope = BudgetScope(text), !scope.name.isEmpty else {
            throw .usage("`\(text)` is no scope of a budget", hint: scope.summary)
        }
        guard scope.kind == .run || scope.kind == .subtree else { return scope }
        return BudgetScope(.subtree, try IdentifierLookup(store: store).run(scope.name).id.description)
    }

    // MARK: Forms

    private static func table(_ budgets: [JSONValue]) -> Table {
        var table = Table([
            .init(title: "SCOPE"), .init(title: "PERIOD"), .init(title: "LIMIT", isNumber: true),
            .init(title: "SPENT", isNumber: true), .init(title: "HELD", isNumber: true),
        ])
        for budget in budgets {
            let held = charge(budget, "held")
            table.add([
                budget["scope"]?.stringValue ?? "", budget["period"]?.stringValue ?? "", limit(budget).text,
                charge(budget, "spent").text, held == .zero ? "" : held.text,
            ])
        }
        return table
    }

    private static func limit(_ budget: JSONValue) -> BudgetLimit {
        BudgetLimit(
            money: budget["limit_usd"]?.stringValue.flatMap { Money(text: $0) },
            languageModelTokens: budget["limit_llm_tokens"]?.intValue
        )
    }

    private static func charge(_ budget: JSONValue, _ what: String) -> Charge {
        Charge(
            money: budget["\(what)_usd"]?.stringValue.flatMap { Money(text: $0) } ?? .zero,
            languageModelTokens: budget["\(what)_llm_tokens"]?.intValue ?? 0
        )
    }
}

extension BudgetScope {
    /// As people type it: the budget of a run holds for all that it starts.
    fileprivate var shown: String { kind == .subtree ? "run:\(name)" : description }
}
