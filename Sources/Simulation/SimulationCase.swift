// Baton
// SPDX-License-Identifier: Apache-2.0

/// One simulation: everything in it follows from the scenario and the number.
public struct SimulationCase: Sendable, CustomStringConvertible {
    /// Which faults it meets.
    public let scenario: Scenario
    /// The seed.
    public let number: UInt64

    /// Operations and faults, by position in their plans, that are left out.
    var leftOut = LeftOut()
    /// It does not end: more steps than that.
    var stepLimit = 50_000
    var flaw: Flaw?

    struct LeftOut: Sendable, Equatable {
        var operations: Set<Int> = []
        var faults: Set<Int> = []
        /// Messages get through at once.
        var lossyNetwork = false
        /// Every attempt ends well, quickly.
        var badAttempts = false
    }

    /// Names a case.
    public init(_ scenario: Scenario, _ number: UInt64) {
        self.scenario = scenario
        self.number = number
    }

    /// As the command line names it.
    public var description: String { "--scenario \(scenario.rawValue) --case \(number)" }

    /// Runs it. Takes milliseconds, and any thread may do it.
    public func run() -> SimulationReport {
        Simulator(self).run()
    }

    /// The same, with what happened in order, one line each.
    public func runTraced() -> (report: SimulationReport, trace: [String]) {
        let simulator = Simulator(self)
        simulator.trace = []
        let report = simulator.run()
        return (report, simulator.trace ?? [])
    }
}

/// What came of a ``SimulationCase``.
public struct SimulationReport: Sendable, Equatable {
    /// Events that became durable.
    public internal(set) var transitions = 0
    /// Turns of the engine and things that happened to it.
    public internal(set) var steps = 0
    /// Virtual milliseconds.
    public internal(set) var elapsed: Int64 = 0
    /// Runs, children included.
    public internal(set) var runs = 0
    /// Times that the process started again.
    public internal(set) var restarts = 0
    /// SHA-256 over the log.
    public internal(set) var logHash = ""
    /// The first rule that did not hold.
    public internal(set) var violation: Violation?
}

/// A rule that did not hold.
public struct Violation: Sendable, Equatable, CustomStringConvertible {
    /// What must hold in every simulation.
    public enum Rule: String, Sendable, CaseIterable {
        /// Logs have no gaps, and their fold is what the engine has in memory and in its rows.
        case log
        /// A task completes once, with the result of the attempt that holds the lease; an effect without an idempotency
        /// key happens once.
        case effects
        /// `max_parallel` and slots are never exceeded.
        case limits
        /// What was acknowledged is there after every crash, and the same request gets the same answer.
        case acknowledged
        /// Once faults stop every run ends, or says what it waits for.
        case progress
        /// What ended does not change any more.
        case terminal
        /// What was spent is the sum of the usage records, no budget is passed, and when all has ended nothing is held.
        case money
        /// Runs that ended have no open tasks, timers or requests to people.
        case rows
        /// Nothing is dispatched before its start is durable, and fences rise.
        case fences
        /// Nothing fires before its time, and no lease ends while its heartbeats come.
        case timers
        /// The engine does not stop without a cause.
        case engine
    }
    /// Which one.
    public let rule: Rule
    /// The step in which it was broken, or in which that was noticed.
    public let step: Int
    /// What was found.
    public let message: String

    /// Rule, step and message.
    public var description: String { "rule `\(rule.rawValue)`, step \(step): \(message)" }
}
