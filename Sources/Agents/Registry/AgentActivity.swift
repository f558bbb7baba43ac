// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers

/// What an agent does and did in this process (spec 8.1). Pure: times are given.
struct AgentActivity: Sendable {
    /// How many ends the rate of success counts.
    static let window = 100

    /// Attempts under way.
    private(set) var running = 0
    /// Attempts that ended, those that were cancelled or only wait for money left out.
    private(set) var executions = 0
    /// What its calls did cost.
    var spent = Money.zero
    private(set) var circuit: Circuit
    /// The last ends, the oldest first.
    private var ends: [Bool] = []

    /// Nothing happened yet.
    ///
    /// - Parameter reset: How long it is left alone after five failures in a row.
    init(reset: Duration = Circuit.Limits().reset) {
        circuit = Circuit(limits: .init(reset: reset))
    }

    /// Successes of the last ends, and how many those are.
    var successes: (count: Int, of: Int) { (ends.count(where: \.self), ends.count) }

    /// An attempt begins, unless the circuit is open.
    ///
    /// - Returns: How long to wait otherwise.
    mutating func begin(at now: Timestamp) -> Duration? {
        guard circuit.mayCall(at: now) else { return circuit.opens(after: now).map { $0 - now } ?? .seconds(1) }
        running += 1
        return nil
    }

    /// An attempt ended.
    ///
    /// - Parameter error: Why it failed; `nil` for a success.
    mutating func end(_ error: TaskError?, at now: Timestamp) {
        running -= 1
        guard let error else { return count(true) }
        switch AgentFault(error) {
        case .none: circuit.giveBack()
        case .some:
            count(false)
            circuit.giveBack()
        case .all:
            count(false)
            _ = circuit.fail(.transient, at: now)
        }
    }

    /// It was stopped, or waits for money.
    mutating func stop() {
        running -= 1
        circuit.giveBack()
    }

    private mutating func count(_ isSuccess: Bool) {
        executions += 1
        ends.append(isSuccess)
        if ends.count > Self.window { ends.removeFirst() }
        if isSuccess { circuit.succeed() }
    }

    /// One word: `stopped` (switched off), `error` (its circuit is open), `busy` (as much as it can), else `running`.
    func status(of record: AgentRecord, at now: Timestamp) -> String {
        if !record.isEnabled { return "stopped" }
        if circuit.opens(after: now) != nil { return "error" }
        return running >= record.maxConcurrent ? "busy" : "running"
    }

    func json(of record: AgentRecord, at now: Timestamp) -> JSONObject {
        let rate = ends.isEmpty ? JSONValue.null : .double(Double(successes.count) / Double(successes.of))
        var circuit: JSONObject = ["failures": .int(Int64(self.circuit.failures))]
        switch self.circuit.state {
        case .closed: circuit["state"] = "closed"
        case .open(let until):
            circuit["state"] = until > now ? "open" : "half_open"
            if until > now { circuit["until"] = .string(until.description) }
        case .halfOpen: circuit["state"] = "half_open"
        }
        return [
            "status": .string(status(of: record, at: now)), "running": .int(Int64(running)),
            "executions": .int(Int64(executions)), "success_rate": rate, "spent_usd": .string(spent.text),
            "circuit": .object(circuit),
        ]
    }
}

/// How much of a failed attempt is the fault of the agent.
private enum AgentFault {
    /// It was stopped, or never asked; or a provider, which has a circuit of its own, or the node is to blame.
    case none
    /// It did not do what it should, and said so.
    case some
    /// It did not do what it should.
    case all

    init(_ error: TaskError) {
        switch error.code {
        case "cancelled", "agent.unavailable", "not_found", "session.ended", "agent.unsupported", "validation.failed",
            "tool.unavailable",
            "budget.unpriced", "expression.failed", "expression.cost", "leaseLost", "provider.unavailable":
            self = .none
        case "agent.gave_up", "tool.interrupted": self = .some
        case "provider.failed", "provider.limited": self = error.errorClass == .permanent ? .all : .none
        default: self = .all
        }
    }
}
