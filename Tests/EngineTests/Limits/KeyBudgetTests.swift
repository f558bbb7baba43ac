// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@testable import Engine

/// Budgets of API keys (spec 8.11): whatever is asked for with a key is charged to it.
@Suite struct KeyBudgetTests {
    private static let (key, other) = (APIKeyID(high: 4, low: 1), APIKeyID(high: 4, low: 2))
    private static let one = "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]"
    private static let nested = """
        workflow: outer
        nodes: [{id: child, type: workflow, config: {workflow: {workflow: inner, nodes: [{id: a, type: tool, config: {tool: noop}}]}}}]
        """

    private func limit(_ usd: String) -> BudgetLimit { BudgetLimit(money: Money(text: usd)) }
    private func scope(_ key: APIKeyID) -> BudgetScope { BudgetScope(.apiKey, key.description) }

    private func start(
        _ world: QuotaWorld,
        _ number: UInt64,
        _ ownership: Ownership,
        _ yaml: String = one
    ) throws -> RunID {
        let id = RunID(high: 9, low: number)
        var request = StartRequest(graph: try compile(yaml), source: [], inputs: [:], id: id, actor: "user:a")
        request.ownership = ownership
        world.engine.start(request) { _ in }
        return id
    }

    private func owned(_ key: APIKeyID?) -> Ownership { Ownership(tenant: "default", owner: "user:a", apiKey: key) }

    private func spent(_ scope: BudgetScope, _ world: QuotaWorld) -> String? {
        world.store.budgets(of: scope, limit: 1).first?.spent.money.text
    }

    @Test func `runs of a key wait when it has nothing left, those of others go on, and so do they with more`() throws {
        let world = QuotaWorld(costs: ["a": .usd("0.6")])
        world.engine.setBudget(scope(Self.key), limit("1"), by: "user:root") { _ in }
        let first = try start(world, 1, owned(Self.key))
        world.turn()
        try world.end("a", .completed(.null, usage: .usd("0.6")))
        world.turn()
        #expect(try world.state(of: first).status == .completed)
        let second = try start(world, 2, owned(Self.key))
        _ = try start(world, 3, owned(Self.other))
        _ = try start(world, 4, owned(nil))
        #expect(world.turn() == ["a", "a"])
        for _ in 0..<2 { try world.end("a", .completed(.null, usage: .usd("0.5"))) }
        world.turn()
        // The process that takes over knows whose the run is, from its log and from a snapshot.
        for _ in 0..<2 {
            #expect(try world.state(of: second).waitReason == .budget)
            guard case .budget(let shortage, _)? = try world.cause(of: second, "a") else {
                Issue.record("it does not wait for money")
                return
            }
            #expect(shortage.account.scope == scope(Self.key))
            world.restart()
            #expect(world.turn() == [])
        }
        world.engine.setBudget(scope(Self.key), limit("2"), by: "user:root") { _ in }
        #expect(world.turn() == ["a"])
        try world.end("a", .completed(.null, usage: .usd("0.1")))
        world.turn()
        #expect(try world.state(of: second).status == .completed)
        #expect(spent(scope(Self.key), world) == "0.7" && spent(scope(Self.other), world) == "0.5")
        #expect(spent(BudgetScope(.user, "a"), world) == "1.7")
        var filter = UsageFilter()
        filter.apiKey = Self.key
        #expect(world.store.usage(filter).map(\.charge.money.text) == ["0.1", "0.6"])
        #expect(world.leftOver == [:])
        try world.auditMoney()
    }

    @Test func `what a run of a key starts is charged to the key, and what is done again to whoever asks`() throws {
        let world = QuotaWorld(costs: ["a": .usd("0.3")])
        let outer = try start(world, 1, owned(Self.key), Self.nested)
        world.runUntilAttempt()
        try world.end("a", .completed(.null, usage: .usd("0.3")))
        world.turn()
        world.turn()
        #expect(try world.state(of: outer).status == .completed)
        #expect(spent(scope(Self.key), world) == "0.3")
        let single = try start(world, 2, owned(Self.key))
        world.turn()
        try world.end("a", .completed(.null, usage: .usd("0.3")))
        world.turn()
        for (number, key) in [(UInt64(11), Self.other), (12, nil)] as [(UInt64, APIKeyID?)] {
            var request = DeriveRequest(single, .rerun(from: "a"), actor: "user:b")
            (request.id, request.apiKey) = (RunID(high: 9, low: number), key)
            world.engine.derive(request) { _ in }
            #expect(world.turn() == ["a"])
            world.restart()
            #expect(try world.state(of: RunID(high: 9, low: number)).ownership.apiKey == key)
            world.runUntilAttempt()
            try world.end("a", .completed(.null, usage: .usd("0.2")))
            world.turn()
        }
        #expect(spent(scope(Self.key), world) == "0.6")
        // Of the attempt that died nobody knows what it cost.
        #expect(spent(scope(Self.other), world) == "0.5")
        try world.auditMoney()
    }

    @Test func `keys of another tenant have budgets of their own, and calls outside of runs count`() throws {
        let world = QuotaWorld(costs: ["a": .usd("0.3")])
        let theirs = Ownership(tenant: "acme", owner: "user:a", apiKey: Self.key)
        _ = try start(world, 1, theirs)
        world.turn()
        try world.end("a", .completed(.null, usage: .usd("0.3")))
        world.turn()
        let scope = BudgetScope(.apiKey, "acme/\(Self.key)")
        #expect(spent(scope, world) == "0.3" && spent(self.scope(Self.key), world) == nil)
        world.engine.setBudget(scope, limit("0.5"), by: "user:root") { _ in }
        let cost = CallCost(most: Charge(money: Money(text: "0.4") ?? .zero), provider: "p", purpose: .embedding)
        let answer = Mutex2<PaidCallAnswer?>(nil)
        world.engine.requests.append(
            .paid(.hold(cost, PaidCaller(theirs)) { result in answer.withLock { $0 = try? result.get() } })
        )
        world.turn()
        guard case .refused(let shortage)? = answer.withLock(\.self) else {
            Issue.record("it is not refused")
            return
        }
        #expect(shortage.account.scope == scope)
        try world.auditMoney()
    }
}
