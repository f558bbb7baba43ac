// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@testable import Engine

/// Calls that are answered later: nobody works on the task meanwhile, and their money stays held.
@Suite struct HandedOverTests {
    private let paid = StepChange.begin(.model, name: "p/m", request: nil, cost: .usd("0.75", least: "0.5"))

    /// A world whose task has handed a call over and waits for a minute.
    private func waiting(budget: String = "1") throws -> (QuotaWorld, RunID) {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"], budget: budget)
        world.turn()
        _ = try world.record("a", [paid]).get()
        _ = try world.record("a", [.handOver(1, ticket: ["batch": "b1"])]).get()
        try world.end("a", .awaits(until: world.clock.wall() + .seconds(60)))
        world.turn()
        return (world, run)
    }

    private func status(_ world: QuotaWorld, _ run: RunID) throws -> TaskStatus {
        try world.state(of: run).root.tasks[0].status
    }

    @Test func `between two looks nobody has the task, its money is held, and no attempt is counted`() throws {
        let (world, run) = try waiting()
        #expect(try status(world, run) == .waiting && world.open.isEmpty)
        #expect(world.store.reservations().map(\.call) == ["1"])
        try world.auditMoney()
        let cause = try #require(Explanation(try world.state(of: run), now: world.clock.wall()).waitingFor.first).cause
        guard case .answer(model: "p/m", let until) = cause else { return #expect(Bool(false), "\(cause)") }
        #expect(until == world.clock.wall() + .seconds(60))
        #expect(cause.sentence(now: world.clock.wall()).contains("the answer of p/m"))

        // Nothing yet, three times.
        for _ in 1...3 {
            _ = world.run(for: .seconds(61))
            #expect(world.open.map { $0.steps.map(\.isHandedOver) } == [[true]])
            #expect(world.open.first?.allowance == nil)
            try world.end("a", .awaits(until: world.clock.wall() + .seconds(60)))
            world.turn()
        }
        _ = world.run(for: .seconds(61))
        let attempt = try #require(world.open.first)
        #expect(attempt.steps[0].ticket == ["batch": "b1"] && attempt.steps[0].result == nil)
        _ = try world.record("a", [.end(1, result: "answer", usage: .usd("0.4"))]).get()
        #expect(world.store.reservations().isEmpty)
        try world.end("a")
        world.turn()
        let state = try world.state(of: run)
        #expect(state.status == .completed && state.costs.values.map(\.money.text) == ["0.4"])
        #expect(state.root.tasks[0].countedAttempts == 1 && world.leftOver.isEmpty)
        try world.auditMoney()
    }

    @Test(arguments: [true, false])
    func `a death loses neither the ticket nor what is held`(duringLook: Bool) throws {
        let (world, run) = try waiting()
        if duringLook { _ = world.run(for: .seconds(61)) }
        world.restart()
        #expect(world.store.reservations().map(\.call) == ["1"])
        if duringLook { world.runUntilAttempt() } else { _ = world.run(for: .seconds(61)) }
        #expect(try #require(world.open.first).steps[0].ticket == ["batch": "b1"])
        try world.auditMoney()
        _ = try world.record("a", [.end(1, result: "answer", usage: .usd("0.25"))]).get()
        try world.end("a")
        world.turn()
        #expect(try world.state(of: run).costs.values.map(\.money.text) == ["0.25"])
        #expect(world.store.reservations().isEmpty && world.leftOver.isEmpty)
        try world.auditMoney()
    }

    @Test func `a snapshot keeps the ticket`() throws {
        let (world, run) = try waiting()
        let state = try world.state(of: run)
        let again = try decode(SnapshotEncoder.encode(state).bytes, state.graph)
        #expect(again == state && again.steps.values.first?.all[0].ticket == ["batch": "b1"])
    }

    @Test(arguments: ["run", "task", "terminate"])
    func `whoever cancels the task pays for all that was held`(what: String) throws {
        let (world, run) = try waiting()
        switch what {
        case "run": world.control(run, .cancel(reason: "enough", compensate: false))
        case "task": world.control(run, .cancelTask(try #require(TaskName("a")), reason: "enough"))
        default: world.control(run, .terminate(reason: "enough"))
        }
        world.turn()
        #expect(try status(world, run) == .cancelled)
        #expect(world.store.reservations().filter { $0.state == .open }.isEmpty && world.leftOver.isEmpty)
        #expect(world.store.usage(UsageFilter()).map(\.charge.money.text) == ["0.75"])
        try world.auditMoney()
    }

    @Test func `an attempt that fails leaves the call to the next one`() throws {
        let (world, run) = try waiting()
        _ = world.run(for: .seconds(61))
        let error = TaskError(code: "provider.failed", errorClass: .permanent, message: "no key")
        try world.end("a", .failed(error))
        world.turn()
        // It has failed for good: nobody asks any more.
        #expect(try world.state(of: run).status.isTerminal)
        #expect(world.store.reservations().filter { $0.state == .open }.isEmpty)
        try world.auditMoney()
    }

    @Test func `only what is under way is handed over, with a ticket that is not too long`() throws {
        let world = QuotaWorld()
        _ = try world.start(nodes: ["a"])
        world.turn()
        _ = try world.record("a", [paid]).get()
        for change in [
            StepChange.handOver(2, ticket: 1),
            .handOver(1, ticket: .string(String(repeating: "x", count: TaskStep.longestTicket))),
        ] {
            #expect(throws: EngineError.self) { try world.record("a", [change]).get() }
        }
        _ = try world.record("a", [.end(1, result: 1, usage: .usd("0.1"))]).get()
        #expect(throws: EngineError.self) { try world.record("a", [.handOver(1, ticket: 1)]).get() }
        // Without such a call there is nothing to wait for: the task is tried at once.
        try world.end("a", .awaits(until: world.clock.wall() + .seconds(60)))
        world.turn()
        #expect(world.open.count == 1)
    }

    @Test func `paused, it looks when the run goes on`() throws {
        let (world, run) = try waiting()
        world.control(run, .pause(reason: nil))
        _ = world.run(for: .seconds(61))
        #expect(world.open.isEmpty)
        world.control(run, .resume)
        world.runUntilAttempt()
        #expect(world.open.count == 1)
    }
}
