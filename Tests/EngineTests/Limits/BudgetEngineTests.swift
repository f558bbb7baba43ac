// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Budgets in the loop (spec 8.11): held before an attempt begins, settled when it ends, never passed.
@Suite struct BudgetEngineTests {
    private static func limit(_ usd: String) -> BudgetLimit { BudgetLimit(money: Money(text: usd)) }

    private func spent(_ scope: BudgetScope, _ world: QuotaWorld) -> String? {
        world.store.budgets(of: scope, limit: 1).first?.spent.money.text
    }

    @Test func `a call that does not fit waits until another one turns out cheaper, and free ones go on`() throws {
        let world = QuotaWorld(costs: ["a": .usd("0.6"), "b": .usd("0.6")])
        let run = try world.start(nodes: ["a", "b", "free"], budget: "1")
        #expect(world.turn() == ["a", "free"])
        #expect(world.open[0].allowance == Charge(money: Money(text: "0.6") ?? .zero))
        #expect(world.open[1].allowance == nil)
        #expect(try world.state(of: run).status == .running)
        try world.end("a", .completed(.null, usage: .usd("0.3")))
        #expect(world.turn() == ["b"])
        try world.end("b", .completed(.null, usage: .usd("0.55")))
        try world.end("free")
        world.turn()
        let state = try world.state(of: run)
        #expect(state.status == .completed)
        let scope = BudgetScope(.subtree, run.description)
        let row = try #require(world.store.budgets(of: scope, limit: 1).first)
        #expect(row.state == .closed && row.spent.money.text == "0.85" && row.limit == Self.limit("1"))
        #expect(world.leftOver == [:])
        let types = try world.events(of: run).map(\.body.type)
        #expect(types.count { $0 == .budgetReserved } == 2 && types.count { $0 == .budgetSettled } == 2)
        #expect(types.count { $0 == .budgetExhausted } == 1 && types.count { $0 == .budgetWarning } == 2)
        try world.auditMoney()
    }

    @Test func `a run without money waits, says what is missing, and goes on when its limit is raised`() throws {
        let world = QuotaWorld(costs: ["a": .usd("0.8"), "b": .usd("0.5")])
        let run = try world.start(nodes: ["a", "b"], budget: "1")
        world.turn()
        let holder = Holder(run: run, task: "a", charge: Charge(money: Money(text: "0.8") ?? .zero))
        guard case .budget(let shortage, let holders)? = try world.cause(of: run, "b") else {
            Issue.record("b does not wait for money")
            return
        }
        #expect(holders == [holder])
        #expect(shortage.reserved.money.text == "0.8" && shortage.needed.money.text == "0.5")
        try world.end("a", .completed(.null, usage: .usd("0.8")))
        world.turn()
        #expect(try world.state(of: run).status == .waiting)
        #expect(try world.state(of: run).waitReason == .budget)
        let key = try #require(world.store.run(run)).key
        let explanation = try world.reader.explanation(ofRun: key, now: world.clock.wall())
        #expect(
            explanation.summary.contains("needs 0.5 USD") && explanation.summary.contains("has 0.2 USD left of 1 USD")
        )
        #expect(explanation.commands(for: explanation.waitingFor[0])[0] == "baton budget set run:\(run) USD")
        // The one that takes over waits too.
        world.restart()
        for _ in 0..<3 { #expect(world.turn() == []) }
        world.engine.setBudget(BudgetScope(.run, run.description), Self.limit("1.2"), by: "user:a") { _ in }
        #expect(world.turn() == [])
        world.engine.setBudget(BudgetScope(.run, run.description), Self.limit("1.3"), by: "user:a") { _ in }
        #expect(world.turn() == ["b"])
        #expect(try world.state(of: run).budget == Self.limit("1.3"))
        try world.end("b", .completed(.null, usage: .usd("0.5")))
        world.turn()
        #expect(try world.state(of: run).status == .completed)
        #expect(spent(BudgetScope(.subtree, run.description), world) == "1.3")
        #expect(world.leftOver == [:])
        try world.auditMoney()
    }

    @Test func `a compensation that cannot be paid waits without waking the shard, and goes on with money`() throws {
        let world = QuotaWorld(costs: ["compensate:a": .usd("0.5")])
        let run = try world.start(
            """
            workflow: w
            on_failure: compensate
            nodes:
              - {id: a, type: tool, config: {tool: noop}, compensate: {tool: noop}}
              - {id: b, type: tool, depends_on: [a], config: {tool: noop}}
            """,
            budget: "0.1"
        )
        world.turn()
        try world.end("a")
        world.turn()
        try world.end("b", .failed(TaskError(code: "x", errorClass: .fatal, message: "no")))
        #expect(world.turn() == [])
        #expect(try world.state(of: run).status == .compensating)
        #expect(world.engine.loop.watched.isEmpty)
        #expect(world.run(for: .seconds(3600)).isEmpty)
        #expect(world.engine.loop.superviseAt == nil)
        world.engine.setBudget(BudgetScope(.run, run.description), Self.limit("1"), by: "user:a") { _ in }
        #expect(world.turn() == ["compensate:a"])
        #expect(!world.engine.loop.watched.isEmpty)
        try world.end("compensate:a", .completed(.null, usage: .usd("0.5")))
        world.turn()
        #expect(try world.state(of: run).status == .compensated)
    }

    @Test func `a new day has room again, and a project and a day can be given more`() throws {
        let world = QuotaWorld(costs: ["a": .usd("3"), "b": .usd("3"), "c": .usd("3")]) {
            $0.budgets = [.day: Self.limit("5"), .project: Self.limit("7")]
        }
        for node in ["a", "b", "c"] { try world.start(nodes: [node]) }
        #expect(world.turn() == ["a"])
        try world.end("a", .completed(.null, usage: .usd("3")))
        world.turn()
        let now = world.clock.wall()
        let midnight = Timestamp(milliseconds: (now.milliseconds / 86_400_000 + 1) * 86_400_000)
        world.clock.advance(midnight - now)
        #expect(world.turn() == ["b"])
        try world.end("b", .completed(.null, usage: .usd("3")))
        world.turn()
        world.engine.setBudget(BudgetScope(.day, "default"), Self.limit("50"), by: "user:a") { _ in }
        #expect(world.turn() == [], "the project has nothing left")
        world.engine.setBudget(BudgetScope(.project, "default"), Self.limit("9"), by: "user:a") { _ in }
        #expect(world.turn() == ["c"])
        try world.end("c", .completed(.null, usage: .usd("3")))
        world.turn()
        #expect(spent(BudgetScope(.project, "default"), world) == "9")
        #expect(spent(BudgetScope(.month, "default"), world) == "9")
        #expect(spent(BudgetScope(.day, "default"), world) == "6")
        #expect(world.leftOver == [:])
        try world.auditMoney()
    }

    @Test func `an allowance shrinks to what is left, but not below what the call needs`() throws {
        let world = QuotaWorld(costs: ["a": .usd("0.6", least: "0.1")])
        let run = try world.start(
            """
            workflow: w
            budget: {usd: 0.65}
            nodes:
              - {id: first, type: loop, config: {max_iterations: 3, on_limit: continue, body: {nodes: [{id: a, type: tool, config: {tool: noop}}]}}}
            """
        )
        var allowances: [String] = []
        for _ in 0..<2 {
            world.turn()
            let attempt = try #require(world.open.first)
            let allowance = try #require(attempt.allowance)
            allowances.append(allowance.money.text)
            let usage = allowances.count == 1 ? Charge(money: Money(text: "0.5") ?? .zero) : allowance
            try world.end("a", .completed(.null, usage: CallUsage(charge: usage)))
        }
        #expect(allowances == ["0.6", "0.15"])
        world.turn()
        #expect(try world.state(of: run).waitReason == .budget)
        try world.auditMoney()
        world.control(run, .cancel(reason: nil))
        world.turn()
        #expect(world.leftOver == [:])
    }

    @Test func `what nobody knows the cost of counts in full, until somebody proves it`() throws {
        let world = QuotaWorld(costs: ["a": .usd("1")])
        let run = try world.start(nodes: ["a"], budget: "3")
        world.turn()
        let lost = world.open[0]
        world.restart()
        #expect(world.turn() + world.turn() == ["a"])
        let scope = BudgetScope(.subtree, run.description)
        #expect(spent(scope, world) == "1")
        // The process that died had its answer all the same.
        try world.engine.attemptEnded(lost.attemptLease, .completed(.null, usage: .usd("0.25")), blobs: world.blobs)
        world.turn()
        #expect(spent(scope, world) == "0.25")
        try world.engine.attemptEnded(lost.attemptLease, .completed(.null, usage: .usd("0.1")), blobs: world.blobs)
        world.turn()
        #expect(spent(scope, world) == "0.25", "a proof counts once")
        let cancelled = world.open[0]
        world.control(run, .cancel(reason: nil))
        world.turn()
        #expect(spent(scope, world) == "1.25")
        try world.engine.attemptEnded(
            cancelled.attemptLease,
            .failed(TaskError(code: "x", errorClass: .permanent, message: ""), usage: CallUsage.none),
            blobs: world.blobs
        )
        world.turn()
        #expect(spent(scope, world) == "0.25")
        #expect(world.store.reservations().isEmpty && world.leftOver == [:])
        try world.auditMoney()
    }

    @Test func `the budget of a node is one for all its attempts, and its cost can be asked for`() throws {
        let world = QuotaWorld(costs: ["a": .usd("0.4")])
        let run = try world.start(
            """
            workflow: w
            outputs: {cost: "${ nodes.a.cost_usd }"}
            nodes: [{id: a, type: tool, budget: {usd: 1}, retry: {max_attempts: 5, delay: 0s}, config: {tool: noop}}]
            """
        )
        let failure = TaskError(code: "x", errorClass: .transient, message: "no")
        for _ in 0..<2 {
            _ = world.run(for: .seconds(1))
            try world.end("a", .failed(failure, usage: .usd("0.4")))
        }
        #expect(world.run(for: .seconds(1)).isEmpty)
        #expect(try world.state(of: run).waitReason == .budget)
        let task = BudgetScope(.task, "\(run)/a")
        world.engine.setBudget(task, Self.limit("1.2"), by: "user:a") { _ in }
        #expect(world.turn() == ["a"])
        try world.end("a", .completed(.null, usage: .usd("0.1")))
        world.turn()
        #expect(try world.state(of: run).outputs?.value == ["cost": 0.9])
        #expect(world.leftOver == [:] && world.store.openBudgets().allSatisfy { $0.account.scope.kind != .task })
    }

    @Test func `what a run starts is paid out of what it may spend`() throws {
        let world = QuotaWorld(costs: ["work": .usd("0.4")])
        let run = try world.start(
            """
            workflow: parent
            budget: {usd: 0.5}
            nodes:
              - id: child
                type: workflow
                config:
                  budget: {usd: 0.45}
                  workflow:
                    workflow: inner
                    budget: {usd: 2}
                    nodes: [{id: work, type: tool, config: {tool: noop}}, {id: again, type: join, depends_on: [work]}]
              - {id: work, type: tool, depends_on: [child], config: {tool: noop}}
            """
        )
        #expect(world.turn() == ["work"])
        let child = world.open[0].run
        #expect(child != run)
        #expect(try world.state(of: child).budget == Self.limit("0.45"))
        try world.end("work", .completed(.null, usage: .usd("0.3")))
        #expect(world.turn() == [])
        #expect(try world.state(of: child).status == .completed)
        #expect(spent(BudgetScope(.subtree, run.description), world) == "0.3")
        #expect(try world.state(of: run).waitReason == .budget)
        world.control(run, .cancel(reason: nil))
        world.turn()
        #expect(world.leftOver == [:])
        #expect(world.store.openBudgets().allSatisfy { $0.account.scope.kind != .subtree })
    }

    @Test func `warnings come once each, and a settled sum is never above the limit`() throws {
        let nodes = (0..<20).map { "t\($0)" }
        let costs = Dictionary(uniqueKeysWithValues: nodes.map { ($0, CallCost.usd("0.1")) })
        let world = QuotaWorld(costs: costs)
        let run = try world.start(nodes: nodes, budget: "1")
        while !world.turn().isEmpty {
            for attempt in world.open { try world.end(attempt.node.id, .completed(.null, usage: .usd("0.1"))) }
        }
        let percents = try world.events(of: run).compactMap { event -> Int? in
            if case .budget(.warning(_, let percent, _, _)) = event.body { percent } else { nil }
        }
        #expect(percents == [50, 80, 95])
        #expect(spent(BudgetScope(.subtree, run.description), world) == "1")
        #expect(try world.state(of: run).waitReason == .budget)
    }

    @Test func `a thousand calls at once against money for four hundred`() throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            let world = QuotaWorld(costs: Dictionary(uniqueKeysWithValues: (0..<1000).map { ("t\($0)", .usd("1")) })) {
                $0.slots = 5000
                $0.budgets = [.project: Self.limit("400")]
            }
            for part in 0..<10 { try world.start(nodes: (0..<100).map { "t\(part * 100 + $0)" }) }
            #expect(world.turn().count == 400)
            for round in 0..<12 {
                for attempt in world.open where random.next() % 3 == 0 {
                    let cents = random.next() % 101
                    let usage = CallUsage.usd(cents == 100 ? "1" : cents < 10 ? "0.0\(cents)" : "0.\(cents)")
                    try world.end(attempt.node.id, .completed(.null, usage: random.next() % 10 == 0 ? nil : usage))
                }
                if round % 4 == 3 { world.restart() }
                world.turn()
                try world.auditMoney("seed \(seed), round \(round)")
            }
            #expect(world.stopped == [])
            #expect(
                world.store.budgets(of: BudgetScope(.project, "default"), limit: 1).first.map {
                    $0.spent.money.picodollars
                } ?? 0 > 200 * 1_000_000_000_000
            )
        }
    }

    @Test func `spec 2.2: a task that lacks money is waiting, and keeps no failing run open`()
        throws
    {
        let world = QuotaWorld(costs: ["a": .usd("0.8"), "b": .usd("0.5")])
        let run = try world.start(nodes: ["a", "b", "free"], budget: "1")
        #expect(world.turn() == ["a", "free"])
        #expect(try world.state(of: run)[TaskRef(node: 1)].status == .waiting)
        #expect(try world.state(of: run).status == .running)
        #expect(world.store.openTasks(ofRun: nil).count { $0.status == .waiting } == 1)
        world.engine.setBudget(BudgetScope(.run, run.description), Self.limit("2"), by: "user:a") { _ in }
        #expect(world.turn() == ["b"])
        #expect(try world.state(of: run)[TaskRef(node: 1)].status == .running)
        for node in ["a", "b", "free"] { try world.end(node, .completed(.null, usage: .usd("0.1"))) }
        world.turn()
        #expect(try world.state(of: run).status == .completed)

        let failing = try world.start(nodes: ["a", "b", "free"], budget: "1")
        world.turn()
        let error = TaskError(code: "x", errorClass: .permanent, message: "as told")
        try world.end("free", .failed(error))
        world.turn()
        #expect(try world.state(of: failing).status == .running, "it drains")
        try world.end("a", .completed(.null, usage: .usd("0.8")))
        world.turn()
        #expect(try world.state(of: failing).status == .failed)
        #expect(try world.state(of: failing)[TaskRef(node: 1)].status == .cancelled)

        let paused = try world.start(nodes: ["a", "b"], budget: "1")
        world.turn()
        world.control(paused, .pause(reason: nil))
        world.engine.setBudget(BudgetScope(.run, paused.description), Self.limit("2"), by: "user:a") { _ in }
        #expect(world.turn() + world.turn() == [])
        world.control(paused, .resume)
        #expect(world.turn() == ["b"], "money came while it was paused")
        world.control(paused, .cancel(reason: nil))
        world.turn()
        #expect(world.leftOver == [:])
    }
}
