// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Simulation

/// Every scenario for a while. More: `baton sim run --cases 1..10000`.
@Suite struct ScenarioTests {
    @Test(arguments: Array(0..<4))
    func `200 cases with all faults break no rule`(quarter: Int) {
        expectNoFailure(.all, UInt64(quarter * 50 + 1)...UInt64(quarter * 50 + 50))
    }

    @Test func `without faults every run ends, and no process starts again`() {
        let totals = expectNoFailure(.quiet, 1...20)
        #expect(totals.restarts == 0)
        #expect(totals.transitions > 1_000)
    }

    @Test func `fault 1: crashes at every named point lose nothing that was answered`() {
        let totals = expectNoFailure(.crash, 1...30)
        #expect(totals.restarts > 30)
    }

    @Test func `faults 4 and 5: a full disk is waited for, and a failed flush stops the process`() {
        let totals = expectNoFailure(.disk, 1...30)
        #expect(totals.restarts > 10)
    }

    @Test func `fault 8: no lease or timer ends early when the clock jumps or stands still`() {
        expectNoFailure(.clock, 1...20)
    }

    @Test func `faults 9, 11, 21, 22 and 26: zombies, partitions, doubled, late and reordered messages`() {
        expectNoFailure(.network, 1...30)
    }

    @Test func `the swarm covers every kind of node and of fault`() {
        var kinds: Set<String> = []
        var faults: Set<String> = []
        for number in 0..<GraphLibrary.count {
            let text = String(decoding: GraphLibrary.entry(number).source, as: UTF8.self)
            for kind in Self.kinds where text.contains("type: \(kind)") { kinds.insert(kind) }
        }
        for number in 1...200 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: number, for: "faults")
            for fault in Fault.plan(.all, &random) {
                faults.insert("\(fault.kind)".split(separator: "(").map(String.init)[0])
            }
        }
        let valid = (0..<100).count { number in
            var generator = DocumentGenerator(number: number)
            return (try? GraphLibrary.compile(generator.document()).get()) != nil
        }
        #expect(valid > 95)
        #expect(kinds == Set(Self.kinds))
        #expect(faults.count == 10, "\(faults)")
    }

    private static let kinds = [
        "tool", "http", "branch", "join", "transform", "filter", "aggregate", "wait", "signal", "human", "loop", "map",
        "workflow",
    ]

    @discardableResult
    private func expectNoFailure(_ scenario: Scenario, _ numbers: ClosedRange<UInt64>) -> SimulationTotals {
        var totals = SimulationTotals()
        for number in numbers { totals.run(SimulationCase(scenario, number)) }
        for failure in totals.failures { Issue.record("\(failure.plan): \(failure.violation)") }
        return totals
    }
}
