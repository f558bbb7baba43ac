// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Checks that executors make, in the loop: leases, records, money, the cache, claims.
@Suite(.timeLimit(.minutes(5))) struct VerificationEngineTests {
    private static let verified = "verify: [{kind: command, run: [make]}, {kind: judge, criteria: good}], "

    @Test func `what a check found is durable before the next one, and another process makes only the rest`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"], Self.verified)
        #expect(world.turn() == ["a"] && world.open[0].checks == nil)
        try world.end("a", .completed(["n": 1]))
        #expect(world.turn() == ["a"])
        let order = try #require(world.open[0].checks)
        #expect(order.open.map(\.number) == [0, 1] && order.output == ["n": 1] && !order.hasGaps)
        #expect(world.open[0].attempt == 1 && world.open[0].attemptLease.fence == 2)
        let lease = world.open[0].attemptLease
        _ = try world.record("a", [.end(CheckEvidence(check: 0, verdict: .passed))]).get()
        world.restart()
        world.runUntilAttempt()
        #expect(world.open.map { $0.checks?.open.map(\.number) } == [[1]])
        #expect(throws: EngineError.self) {
            try world.record([.end(CheckEvidence(check: 1, verdict: .passed))], of: lease).get()
        }
        let row = try #require(world.store.run(run))
        let task = try #require(world.store.openTasks(ofRun: row.key).first)
        #expect(task.status == .verifying && task.fence == 3 && task.leaseUntil != nil)
        try world.end("a", .checked([CheckEvidence(check: 1, verdict: .passed)]))
        world.turn()
        #expect(try world.state(of: run).status == .completed && world.leftOver.isEmpty)
    }

    @Test func `a judge is paid out of the budgets, for the purpose of verification`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"], Self.verified, budget: "1")
        world.turn()
        try world.end("a")
        world.turn()
        var cost = CallCost.usd("0.75", least: "0.5")
        cost.purpose = .verification
        let first = try world.record("a", [.end(CheckEvidence(check: 0, verdict: .passed)), .begin(1, cost: cost)])
            .get()
        #expect(first.allowances == [CallUsage.usd("0.75").charge] && first.shortage == nil)
        try world.auditMoney()
        // It did not answer; another one is asked.
        let second = try world.record("a", [.settle(1, usage: CallUsage.none), .begin(1, cost: cost)]).get()
        #expect(second.allowances == [CallUsage.usd("0.75").charge])
        let evidence = CheckEvidence(check: 1, verdict: .passed)
        _ = try world.record("a", [.end(evidence, usage: .usd("0.7"))]).get()
        #expect(try world.state(of: run).costs.values.map(\.money.text) == ["0.7"])
        var filter = UsageFilter()
        filter.limit = .max
        #expect(world.store.usage(filter).map(\.subject.purpose) == [.verification, .verification])
        #expect(world.store.usage(filter).allSatisfy { $0.subject.attempt == 1 })
        try world.end("a", .checked([]))
        world.turn()
        try world.auditMoney()
        #expect(try world.state(of: run).status == .completed && world.leftOver.isEmpty)
    }

    @Test func `a judge that no budget has room for is told so, and its call at a death counts in full`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"], Self.verified, budget: "1")
        world.turn()
        try world.end("a")
        world.turn()
        #expect(try world.record("a", [.begin(1, cost: .usd("2"))]).get().shortage != nil)
        _ = try world.record("a", [.begin(1, cost: .usd("0.6"))]).get()
        world.restart()
        world.runUntilAttempt()
        #expect(try world.state(of: run).costs.values.map(\.money.text) == ["0.6"])
        try world.end("a", .checked([0, 1].map { CheckEvidence(check: $0, verdict: .passed) }))
        world.turn()
        try world.auditMoney()
        #expect(try world.state(of: run).status == .completed && world.leftOver.isEmpty)
    }

    @Test func `checks wait for a free executor, and are handed back by a process that stops`() throws {
        let world = QuotaWorld { $0.slots = 1 }
        let run = try world.start(nodes: ["a", "b"], "verify: [{kind: command, run: [make]}], ")
        #expect(world.turn() == ["a"])
        try world.end("a")
        // Whoever waited longer goes first.
        let next = try #require(world.turn().first)
        let other = next == "a" ? "b" : "a"
        if next == "b" {
            let cause = try #require(try world.cause(of: run, "a"))
            #expect(cause.sentence(now: world.clock.wall()).contains("is to be checked when an executor is free"))
        }
        world.engine.release { _ in }
        world.turn()
        world.restart()
        world.open = []
        while try world.state(of: run).status != .completed {
            world.runUntilAttempt()
            while let attempt = world.open.first {
                let evidence = attempt.checks?.open.map { CheckEvidence(check: $0.number, verdict: .passed) }
                try world.end(attempt.node.id, evidence.map { .checked($0) } ?? .completed(1))
                world.turn()
            }
        }
        #expect(try world.events(of: run).count { $0.body.type == .verificationDispatched } >= 2, "\(other)")
        #expect(world.leftOver.isEmpty)
    }

    @Test func `only outputs that passed are kept in the cache, and their checks are not made again`() async throws {
        let harness = EngineHarness()
        let calls = Mutex2<[String]>([])
        let verdict = Mutex2(Verdict.gapsFound)
        let yaml = """
            workflow: w
            nodes: [{id: a, type: tool, config: {tool: noop}, cache: {ttl: 1h}, on_exhausted: fail, retry: {max_attempts: 1},
              verify: [{kind: command, run: [make]}]}]
            """
        let execute: Execute = { assignment, _ in
            guard let checks = assignment.checks else {
                calls.withLock { $0.append("call") }
                return .completed(1)
            }
            calls.withLock { $0.append("check") }
            return .checked(checks.open.map { CheckEvidence(check: $0.number, verdict: verdict.withLock { $0 }) })
        }
        try await harness.withEngine(execute) { engine in
            for (status, expected) in [
                (RunStatus.failed, ["call", "check"]), (.completed, ["call", "check"]), (.completed, []),
            ] {
                calls.withLock { $0 = [] }
                let run = try await harness.start(yaml, on: engine)
                #expect(try await engine.wait(for: run).status == status)
                #expect(calls.withLock { $0 } == expected)
                verdict.withLock { $0 = .passed }
            }
        }
    }

    @Test func `what somebody outside hands in is checked by this program`() throws {
        let world = ClaimWorld()
        let run = try world.start(
            "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}, verify: [{kind: command, run: [make]}]}]"
        )
        try world.complete(try world.claim("a", of: run).held, ["n": 1])
        #expect(world.dispatched == ["a"], "the checks are made here")
        let state = try world.state(of: run)
        #expect(state[TaskRef(node: 0)].status == .verifying && state.claims.isEmpty)
    }
}
