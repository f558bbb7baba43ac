// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Rates
import Store
import Testing

@testable import Engine

/// Whatever happens, when every run has ended nobody holds or waits for anything.
@Suite struct LimitLeakTests {
    private static let document = """
        workflow: mixed
        on_failure: compensate
        concurrency: {key: "${ inputs.key }", max: 2, when_full: queue}
        limits: {max_parallel: 3}
        inputs: {key: {type: string, default: a}}
        nodes:
          - {id: a, type: tool, concurrency: {key: shared, max: 2}, compensate: {tool: noop}, config: {tool: noop}}
          - {id: b, type: tool, concurrency: {key: shared, max: 1}, cache: {ttl: 1h}, config: {tool: noop}}
          - {id: paid, type: tool, budget: {usd: 2}, retry: {max_attempts: 3, delay: 1s}, config: {tool: noop}}
          - id: many
            type: map
            config:
              items: "${ [1, 2, 3, 4] }"
              on_item_failure: ignore
              body:
                nodes:
                  - {id: each, type: tool, concurrency: {key: each, max: 2}, retry: {max_attempts: 2, delay: 1s}, config: {tool: noop}}
          - {id: last, type: tool, depends_on: [a, b, paid, many], config: {tool: noop}}
        """

    @Test func `no permit, place in a line or reservation is left over`() throws {
        for seed in 1...60 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            func draw(_ bound: UInt64) -> UInt64 { random.next() % bound }
            let world = QuotaWorld(costs: ["paid": .usd("0.5"), "each": .usd("0.3", least: "0.1")]) {
                $0.slots = Int(seed % 6) + 1
                $0.toolRates = seed % 2 == 0 ? ["noop": Rate(units: 5, period: .seconds(1), burst: 4)] : [:]
                $0.projectLimit = seed % 3 == 0 ? 2 : nil
                $0.retryFloor = 3
                $0.cachedRuns = seed % 4 == 0 ? 0 : 100
                $0.budgets = [.day: BudgetLimit(money: Money(text: "6"))]
            }
            var runs: [RunID] = []
            for step in 0..<150 {
                switch draw(12) {
                case 0 where runs.count < 8:
                    runs.append(try world.start(Self.document, inputs: ["key": draw(2) == 0 ? "a" : "b"], budget: "3"))
                case 1: if let run = runs.randomElement(using: &random) { world.control(run, .pause(reason: nil)) }
                case 2, 3: if let run = runs.randomElement(using: &random) { world.control(run, .resume) }
                case 4 where draw(4) == 0:
                    if let run = runs.randomElement(using: &random) {
                        world.control(run, .cancel(reason: nil, compensate: draw(2) == 0))
                    }
                case 5 where draw(3) == 0: world.restart()
                default: try Self.end(world, &random)
                }
                world.turn()
                if draw(3) == 0 { world.clock.advance(.milliseconds(Int64(draw(3000)))) }
                if step % 10 == 0 { try world.auditMoney("seed \(seed), step \(step)") }
            }
            try Self.finish(world, runs, seed)
            #expect(world.leftOver == [:], "seed \(seed)")
            #expect(world.stopped == [], "seed \(seed)")
            try world.auditMoney("seed \(seed), end")
            let open = world.store.openBudgets().filter { [.subtree, .task].contains($0.account.scope.kind) }
            #expect(open.isEmpty, "seed \(seed): \(open.map { "\($0.account) \($0.state) \($0.reserved)" })")
        }
    }

    private static func end(_ world: QuotaWorld, _ random: inout SeededRandom) throws {
        guard let attempt = world.open.randomElement(using: &random) else { return }
        let spent = attempt.allowance.map { CallUsage(charge: $0) }
        switch random.next() % 6 {
        case 0:
            let error = TaskError(code: "x", errorClass: .transient, message: "no")
            try world.end(attempt.node.id, .failed(error, usage: random.next() % 2 == 0 ? spent : nil))
        case 1 where attempt.node.id == "last":
            try world.end("last", .failed(TaskError(code: "x", errorClass: .permanent, message: "no")))
        default: try world.end(attempt.node.id, .completed(.null, usage: spent.map { _ in .usd("0.05") }))
        }
    }

    /// Whatever a run waits for comes.
    private static func finish(_ world: QuotaWorld, _ runs: [RunID], _ seed: UInt64) throws {
        for run in runs { world.control(run, .resume) }
        for round in 0..<400 {
            world.turn()
            while let attempt = world.open.first {
                try world.end(attempt.node.id, .completed(.null, usage: attempt.allowance.map { _ in .usd("0.01") }))
            }
            for row in world.store.humanTasks(.pending(limit: 100)) {
                world.engine.person(row.id, .answer(HumanAnswer(choice: "skip")), by: "user:a") { _ in }
            }
            world.clock.advance(.seconds(1))
            world.engine.setBudget(BudgetScope(.day, "default"), .none, by: "user:a") { _ in }
            if round % 50 == 49 {
                for run in runs {
                    world.engine.setBudget(BudgetScope(.run, run.description), .none, by: "user:a") { _ in }
                }
                for row in world.store.openBudgets() where row.account.scope.kind == .task {
                    world.engine.setBudget(row.account.scope, .none, by: "user:a") { _ in }
                }
            }
            if world.store.openRuns().isEmpty { return }
        }
        for row in world.store.openRuns() {
            let explanation = try world.reader.explanation(ofRun: row.key, now: world.clock.wall())
            Issue.record("seed \(seed): \(explanation.json(now: world.clock.wall()).text)")
        }
    }
}
