// Baton
// SPDX-License-Identifier: Apache-2.0

/// What many cases came to.
public struct SimulationTotals: Sendable {
    /// Cases that ran.
    public private(set) var cases = 0
    /// Runs of workflows, children included.
    public private(set) var runs = 0
    /// Events that became durable.
    public private(set) var transitions = 0
    /// Times that the process started again.
    public private(set) var restarts = 0
    /// Virtual milliseconds.
    public private(set) var elapsed: Int64 = 0
    /// Cases in which a rule did not hold.
    public private(set) var failures: [(plan: SimulationCase, violation: Violation)] = []

    /// Nothing yet.
    public init() {}

    /// Runs a case and counts it in.
    public mutating func run(_ plan: SimulationCase) {
        let report = plan.run()
        cases += 1
        runs += report.runs
        transitions += report.transitions
        restarts += report.restarts
        elapsed += report.elapsed
        if let violation = report.violation { failures.append((plan, violation)) }
    }
}
