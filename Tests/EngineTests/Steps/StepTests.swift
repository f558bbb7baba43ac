// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@testable import Engine

/// Calls of an attempt that are durable one by one (spec 8.4).
@Suite struct StepTests {
    private let call = StepChange.begin(.model, name: "m", request: ["ask": "x"])

    @Test func `what an attempt did in steps is there for the next one, also in another process`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"])
        #expect(world.turn() == ["a"] && world.open[0].steps.isEmpty)
        let first = try world.record("a", [call]).get()
        #expect(first.begun.map(\.number) == [1] && first.allowances == [nil] && first.shortage == nil)
        let second = try world.record(
            "a",
            [.end(1, result: "answer"), .begin(.tool, name: "t", request: 1), .begin(.tool, name: "u", request: 2)]
        ).get()
        #expect(second.begun.map(\.name) == ["t", "u"] && second.begun.map(\.number) == [2, 3])
        _ = try world.record("a", [.end(3, result: nil)]).get()
        world.restart()
        world.runUntilAttempt()
        let steps = try #require(world.open.first).steps
        #expect(steps.map(\.result) == [.inline("answer"), nil, .inline(nil)])
        #expect(steps.map(\.kind) == [.model, .tool, .tool] && steps.map(\.attempt) == [1, 1, 1])
        #expect(steps.map(\.request) == [.inline(["ask": "x"]), .inline(1), .inline(2)])
        #expect(try world.record("a", [.end(2, result: 5), call]).get().begun.map(\.attempt) == [2])
        try world.end("a")
        world.turn()
        #expect(try world.state(of: run).status == .completed && world.state(of: run).steps.isEmpty)
        #expect(world.leftOver.isEmpty)
        #expect(
            try world.events(of: run).map(\.body.type).filter { "\($0)".contains("ool") || "\($0)".contains("gent") }
                == [
                    .agentCallStarted, .agentCallCompleted, .toolRequested, .toolRequested, .toolCompleted,
                    .toolCompleted,
                    .agentCallStarted,
                ]
        )
    }

    @Test func `steps survive a snapshot`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"])
        world.turn()
        for number in 1...3 {
            _ = try world.record("a", [call]).get()
            _ = try world.record("a", [.end(number, result: "r\(number)")]).get()
        }
        _ = try world.record("a", [call]).get()
        var state = try world.state(of: run)
        let task = try #require(state.steps.keys.first)
        state.steps[task]?.lacks = .usd("1", least: "0.5")
        let bytes = SnapshotEncoder.encode(state).bytes
        let again = try decode(bytes, state.graph)
        #expect(again.steps == state.steps && again.steps[task]?.all.count == 4)
    }

    @Test func `fault 25: crashes of a task that gets on are not counted, those of one that gets no further are`()
        throws
    {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"])
        world.turn()
        func task() throws -> RunState.TaskState { try world.state(of: run).root.tasks[0] }
        func die() {
            world.restart()
            world.turn()
        }
        for number in 1...6 {
            _ = try world.record("a", [call]).get()
            _ = try world.record("a", [.end(number, result: "answer")]).get()
            die()
            #expect(try task().status == .running && task().lostAttempts == number)
        }
        // A model that was asked before the death has not answered, so ending its call gets nobody any further.
        _ = try world.record("a", [call]).get()
        die()
        _ = try world.record("a", [.end(7, result: ["lost": true]), call]).get()
        let state = try world.state(of: run)
        #expect(try decode(SnapshotEncoder.encode(state).bytes, state.graph) == state)
        die()
        #expect(try task().status == .needsReview && task().error?.code == "task.poisoned")
        #expect(try world.events(of: run).contains { $0.body == .review(.poisoned(crashes: 3)) })
        // A tool that is called again and comes to an end does.
        let review = try #require(world.store.humanTasks(HumanTaskFilter()).first).id
        world.engine.person(review, .answer(HumanAnswer(choice: "retry")), by: "user:a") { _ in }
        world.runUntilAttempt()
        _ = try world.record("a", [.end(8, result: ["lost": true]), .begin(.tool, name: "t", request: 1)]).get()
        for _ in 1...2 { die() }
        _ = try world.record("a", [.end(9, result: 1), call]).get()
        for _ in 1...2 { die() }
        #expect(try task().status == .running)
        die()
        #expect(try task().status == .needsReview && world.leftOver.isEmpty)
    }

    @Test func `money is held with the call and settled with its answer`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"], budget: "1")
        world.turn()
        let paid = StepChange.begin(.model, name: "m", request: nil, cost: .usd("0.75", least: "0.5"))
        #expect(try world.record("a", [paid]).get().allowances == [CallUsage.usd("0.75").charge])
        try world.auditMoney()
        #expect(world.store.reservations().map(\.call) == ["1"])
        // What is left is less than the call asks for, and enough.
        let next = try world.record("a", [.end(1, result: 1, usage: .usd("0.4")), paid]).get()
        #expect(next.allowances == [CallUsage.usd("0.6").charge])
        try world.auditMoney()
        // Nobody knows what the second one cost: all that was held.
        _ = try world.record("a", [.end(2, result: 2)]).get()
        #expect(try world.state(of: run).costs.values.map(\.money.text) == ["1"])
        try world.end("a")
        world.turn()
        try world.auditMoney()
        #expect(world.leftOver.isEmpty)
    }

    @Test func `calls that were under way when the process died count in full, once`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"], budget: "1")
        world.turn()
        _ = try world.record("a", [.begin(.model, name: "m", request: nil, cost: .usd("0.5"))]).get()
        world.restart()
        world.runUntilAttempt()
        #expect(try world.state(of: run).costs.values.map(\.money.text) == ["0.5"])
        _ = try world.record("a", [.end(1, result: "lost", usage: .usd("0.1"))]).get()
        #expect(try world.state(of: run).costs.values.map(\.money.text) == ["0.5"])
        try world.auditMoney()
    }

    @Test func `a task whose next call does not fit waits for money, and goes on with its steps`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"], budget: "1")
        world.turn()
        let cost = CallCost.usd("0.8")
        let paid = StepChange.begin(.model, name: "m", request: nil, cost: cost)
        _ = try world.record("a", [paid]).get()
        let refused = try world.record("a", [.end(1, result: "r", usage: .usd("0.7")), paid, call]).get()
        #expect(refused.shortage?.needed == cost.least && refused.begun.isEmpty)
        try world.end("a", .starved(cost))
        world.turn()
        #expect(try world.state(of: run).status == .waiting && world.state(of: run).waitReason == .budget)
        let cause = try #require(try world.cause(of: run, "a"))
        guard case .budget = cause else { return #expect(Bool(false), "\(cause)") }
        world.restart()
        #expect(world.run(for: .seconds(120)).isEmpty, "there is no more money in another process")
        world.engine.setBudget(BudgetScope(.run, run.description), BudgetLimit(money: Money(text: "2")), by: "user:a") {
            _ in
        }
        _ = world.run(for: .seconds(10))
        let attempt = try #require(world.open.first)
        #expect(attempt.steps.map(\.result) == [.inline("r")])
        #expect(try world.record("a", [paid]).get().begun.map(\.number) == [2])
        #expect(try world.state(of: run).steps.values.first?.lacks == nil)
        try world.auditMoney()
        try world.end("a", .completed(1))
        world.turn()
        #expect(try world.state(of: run).status == .completed)
        #expect(world.leftOver.isEmpty)
    }

    @Test func `several calls begin together or not at all`() throws {
        let world = QuotaWorld()
        _ = try world.start(nodes: ["a"], budget: "1")
        world.turn()
        let paid = StepChange.begin(.model, name: "m", request: nil, cost: .usd("0.6"))
        let receipt = try world.record("a", [paid, call, paid]).get()
        #expect(receipt.shortage != nil && receipt.begun.isEmpty && receipt.allowances.isEmpty)
        #expect(world.store.reservations().isEmpty)
        try world.auditMoney()
    }

    @Test func `only the attempt that has the task writes steps, and ends what is under way once`() throws {
        let world = QuotaWorld()
        _ = try world.start(nodes: ["a"])
        world.turn()
        let old = world.open[0].attemptLease
        _ = try world.record("a", [call]).get()
        #expect(throws: EngineError.self) { try world.record("a", [.end(2, result: 1)]).get() }
        #expect(throws: EngineError.self) { try world.record("a", [.end(1, result: 1), .end(1, result: 2)]).get() }
        _ = try world.record("a", [.end(1, result: 1)]).get()
        #expect(throws: EngineError.self) { try world.record("a", [.end(1, result: 1)]).get() }
        world.restart()
        world.runUntilAttempt()
        do {
            _ = try world.record([call], of: old).get()
            #expect(Bool(false), "an old attempt wrote a step")
        } catch {
            #expect((error as? EngineError)?.code == .leaseLost)
        }
    }

    @Test func `a failed attempt leaves its steps to the retry, a task that begins anew has none`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"], "retry: {max_attempts: 2, delay: 1s, jitter: 0}, ")
        world.turn()
        _ = try world.record("a", [call]).get()
        _ = try world.record("a", [.end(1, result: 1)]).get()
        let error = TaskError(code: "provider.limited", errorClass: .upstream, message: "busy")
        try world.end("a", .failed(error))
        _ = world.run(for: .seconds(20))
        #expect(world.open.first?.steps.count == 1)
        try world.end("a", .failed(error))
        world.turn()
        #expect(try world.state(of: run).status == .failed && world.state(of: run).steps.isEmpty)
        world.control(run, .retry([]))
        _ = world.run(for: .seconds(20))
        #expect(try #require(world.open.first).steps.isEmpty)
    }
}
