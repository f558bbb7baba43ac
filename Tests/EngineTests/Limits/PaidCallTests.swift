// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Model
import Store
import Synchronization
import Testing

@testable import Engine

/// Calls that are no attempts: held in all budgets before they leave, settled once.
@Suite struct PaidCallTests {
    private func cost(_ usd: String) -> CallCost {
        CallCost(
            most: Charge(money: Money(text: usd) ?? .zero, languageModelTokens: 10),
            provider: "p",
            model: "m",
            purpose: .embedding
        )
    }

    private func ask<Value: Sendable>(
        _ world: QuotaWorld,
        _ request: (@escaping Reply<Value>) -> PaidCallRequest
    ) -> Result<Value, EngineError>? {
        let answer = Answer<Value>()
        world.engine.requests.append(.paid(request { result in answer.value.withLock { $0 = result } }))
        world.turn()
        return answer.value.withLock(\.self)
    }

    private final class Answer<Value: Sendable>: Sendable {
        let value = Mutex<Result<Value, EngineError>?>(nil)
    }

    private func hold(_ usd: String, _ caller: PaidCaller, _ world: QuotaWorld) throws -> PaidCallAnswer? {
        try ask(world) { .hold(cost(usd), caller, $0) }?.get()
    }

    private func spent(_ scope: BudgetScope, _ world: QuotaWorld) -> [String?] {
        let row = world.store.budgets(of: scope, limit: 1).first
        return [row?.spent.money.text, row?.reserved.money.text]
    }

    @Test func `a call outside of runs is held by whom it belongs to, and its record says what it was`() throws {
        let world = QuotaWorld(costs: [:])
        let caller = PaidCaller(Ownership(tenant: "default", owner: "user:usr_1", project: "shop"))
        guard case .held(let call, _)? = try hold("0.4", caller, world) else {
            Issue.record("it is not held")
            return
        }
        let scopes = [
            BudgetScope(.day, "default"), BudgetScope(.tenant, "default"), BudgetScope(.project, "shop"),
            BudgetScope(.user, "usr_1"),
        ]
        for scope in scopes { #expect(spent(scope, world) == ["0", "0.4"], "\(scope)") }
        let usage = CallUsage(
            charge: Charge(money: Money(text: "0.1") ?? .zero, languageModelTokens: 5),
            tokens: TokenCounts(input: 5),
            pricedBy: "v"
        )
        #expect(try ask(world) { .settle(call, .spent(usage), $0) }?.get() != nil)
        for scope in scopes { #expect(spent(scope, world) == ["0.1", "0"], "\(scope)") }
        let row = try #require(world.store.usage(UsageFilter()).first)
        #expect(row.subject.purpose == .embedding && row.subject.project == "shop" && row.subject.run == nil)
        #expect(row.tokens.input == 5 && row.pricedBy == "v" && row.certainty == .exact)
        guard case .failure(let error)? = ask(world, { .settle(call, .free, $0) }) else {
            Issue.record("it is settled twice")
            return
        }
        #expect(error.code == .conflict)
        try world.auditMoney()
    }

    @Test func `a call that does not fit is refused, one that never left costs nothing, and an abandoned one all`()
        throws
    {
        let world = QuotaWorld(costs: [:])
        let (caller, day) = (PaidCaller(.common), BudgetScope(.day, "default"))
        world.engine.setBudget(day, BudgetLimit(money: Money(text: "5")), by: "user:a") { _ in }
        guard case .held(let first, _)? = try hold("3", caller, world),
            case .refused(let shortage)? = try hold("3", caller, world)
        else {
            Issue.record("the first fits, the second does not")
            return
        }
        #expect(shortage.account.scope == day && shortage.sentence.contains("5 USD"))
        #expect(try ask(world) { .settle(first, .free, $0) }?.get() != nil)
        #expect(spent(day, world) == ["0", "0"])
        guard case .held? = try hold("2", caller, world) else {
            Issue.record("it fits again")
            return
        }
        world.restart()
        world.turn()
        guard case .held(let third, _)? = try hold("1", caller, world) else {
            Issue.record("what is left fits")
            return
        }
        #expect(spent(day, world) == ["2", "1"])
        #expect(try ask(world) { .settle(third, .unknown, $0) }?.get() != nil)
        #expect(spent(day, world) == ["3", "0"])
        try world.auditMoney()
    }

    @Test func `a further call of a task is paid by its run, and no call by a task that is not there`() throws {
        let world = QuotaWorld(costs: [:])
        let run = try world.start(nodes: ["a"], budget: "1")
        #expect(world.turn() == ["a"])
        let caller = PaidCaller(.common, run: run, task: "a")
        guard case .held(let call, _)? = try hold("0.7", caller, world),
            case .refused(let shortage)? = try hold("0.7", caller, world)
        else {
            Issue.record("one fits")
            return
        }
        #expect(shortage.account.scope == BudgetScope(.subtree, run.description))
        #expect(try ask(world) { .settle(call, .unknown, $0) }?.get() != nil)
        try world.end("a")
        world.turn()
        let row = try #require(world.store.usage(UsageFilter()).first)
        #expect(row.subject.run == run && row.subject.task == "a" && row.charge.money.text == "0.7")
        for (run, task) in [(run, "a"), (RunID(high: 1, low: 1), "a")] {
            let stray = PaidCaller(.common, run: run, task: task)
            guard case .failure(let error)? = ask(world, { .hold(cost("0.1"), stray, $0) }) else {
                Issue.record("\(task) of \(run) has ended or never was")
                continue
            }
            #expect(error.code == .notFound)
        }
        #expect(world.leftOver == [:])
        try world.auditMoney()
    }
}
