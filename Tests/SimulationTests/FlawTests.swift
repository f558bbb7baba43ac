// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Simulation

/// Mistakes that are put in on purpose are found, by the rule they break, and made small.
@Suite struct FlawTests {
    @Test(arguments: [
        (Flaw.losesLastCommit, Scenario.crash, [Violation.Rule.acknowledged]),
        (.dropsTimers, .crash, [.progress]),
        (.keepsClosedTasks, .quiet, [.rows]),
        (.forgesFences, .network, [.effects]),
    ])
    func `a planted mistake is found within 100 cases`(flaw: Flaw, scenario: Scenario, rules: [Violation.Rule]) throws {
        let found = Self.search(flaw, scenario)
        let (plan, violation) = try #require(found, "\(flaw) is not found")
        #expect(rules.contains(violation.rule), "\(violation)")
        #expect(plan.run().violation == violation, "the same case fails in the same way")
    }

    @Test func `a failing case is shrunk to what it needs`() throws {
        let (plan, violation) = try #require(Self.search(.losesLastCommit, .all))
        let small = try #require(plan.shrunk(tries: 120))
        #expect(small.report.violation?.rule == violation.rule)
        #expect(small.operations.count <= 2, "\(small.operations)")
        #expect(small.faults.count <= 2, "\(small.faults)")
        #expect(small.trace.contains { $0.contains("VIOLATED") })
        #expect(SimulationCase(.quiet, 1).shrunk() == nil)
    }

    private static func search(_ flaw: Flaw, _ scenario: Scenario) -> (plan: SimulationCase, violation: Violation)? {
        for number in 1...100 as ClosedRange<UInt64> {
            var plan = SimulationCase(scenario, number)
            plan.flaw = flaw
            if let violation = plan.run().violation { return (plan, violation) }
        }
        return nil
    }
}
