// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import ProviderCalls
import Providers
import Threads
import Tools

/// One attempt of an agent: does what the machine says, one step after the other.
///
/// What a step gave is durable in the commit in which the next one begins, or before the attempt ends.
struct AgentRun {
    let task: AgentTask
    let assignment: Assignment
    let control: ExecutionControl
    let settings: ExecutionSettings
    let agents: AgentRegistry
    let models: AgentModels
    let setup: ModelSetup
    let wish: ModelRouter.Wish
    let cancellation: CancellationSignal
    let start = ContinuousClock.now
    var steps: [AgentStep] = []
    /// What is not durable yet.
    var changes: [StepChange] = []
    /// Models that gave no answer to the call that is due, and the last reason.
    var failed: Set<ModelReference> = []
    var lastError: TaskError?
    /// What the attempt did cost so far, and what such attempts cost.
    var spent = Money.zero
    var expected: Money?
    /// For people.
    var log: [String] = []

    /// The attempt is over.
    struct Ending: Error {
        let outcome: AttemptOutcome
    }

    mutating func run() async -> AttemptOutcome {
        do throws(Ending) {
            try await read()
            while true { try await advance() }
        } catch {
            return error.outcome
        }
    }

    private mutating func advance() async throws(Ending) {
        if cancellation.isCancelled { throw .cancelled }
        if let step = steps.first(where: \.isHandedOver) { return try await look(for: step) }
        let machine: AgentMachine
        do throws(TaskError) {
            machine = try AgentMachine(task, steps)
        } catch {
            throw Ending(outcome: .failed(error))
        }
        switch machine.next() {
        case .ask(let ask):
            try await checkCost()
            try await carryOut(ask)
        case .aside(let aside): try await carryOut(aside)
        case .call(let calls): try await carryOut(calls)
        case .finish(let output):
            try await flush()
            if let thread = task.thread {
                do throws(TaskError) {
                    let summary = AgentThread.Summary.read(steps)
                    try await settings.keep(thread, task.question, output, summary, assignment, node: task.node)
                } catch {
                    throw ending(error)
                }
            }
            throw Ending(outcome: .completed(output, log: log.joined(separator: "\n")))
        case .fail(let error): try await fail(error)
        }
    }

    /// Stops what costs more than twice what such tasks do, before it costs more (spec 8.11).
    private mutating func checkCost() async throws(Ending) {
        guard let expected, expected > .zero, let twice = expected.adding(expected), spent > twice else { return }
        let words = steps.last { $0.request["purpose"] == nil && $0.result?["reply"] != nil }?.result?["reply"]
        let partial = words.flatMap { try? ModelReply(json: $0) }?.text ?? ""
        try await fail(
            TaskError(
                code: TaskError.overrun,
                errorClass: .permanent,
                message:
                    "the attempt has cost \(spent.text) USD, more than twice the \(expected.text) USD that such tasks cost, "
                    + "and was stopped; try it again to let it go on",
                details: [
                    "spent_usd": .string(spent.text), "expected_usd": .string(expected.text),
                    "partial": .string(partial),
                ]
            )
        )
    }

    func ending(_ error: TaskError) -> Ending {
        Ending(outcome: .failed(error, log: log.joined(separator: "\n")))
    }

    /// Ends the attempt when what it did is durable.
    mutating func fail(_ error: TaskError) async throws(Ending) {
        try await flush()
        throw ending(error)
    }

    mutating func flush() async throws(Ending) {
        if !changes.isEmpty { _ = try await record([]) }
    }

    // MARK: Steps

    /// Reads the steps of earlier attempts. Calls of models that were under way then will never be answered.
    private mutating func read() async throws(Ending) {
        for step in assignment.steps {
            do throws(EngineError) {
                let request = try await control.value(of: step.request)
                var result: JSONValue?
                if let stored = step.result { result = try await control.value(of: stored) }
                if step.kind == .model, result == nil, !step.isHandedOver {
                    result = AgentStep.lost
                    changes.append(.end(step.number, result: AgentStep.lost))
                    log.append("step \(step.number): the process ended before \(step.name) answered")
                }
                steps.append(AgentStep(step, request: request, result: result))
            } catch {
                throw Ending(outcome: .failed(TaskError(error)))
            }
        }
    }

    /// Makes what is not durable yet, and more, durable.
    mutating func record(_ more: [StepChange]) async throws(Ending) -> StepReceipt {
        while true {
            do throws(EngineError) {
                let receipt = try await control.record(changes + more)
                changes = []
                return receipt
            } catch {
                guard error.code == .storageFull || error.code == .draining else {
                    throw Ending(outcome: .failed(TaskError(error)))
                }
                // A disk that is full may have room again; an engine that stops tells attempts to.
                if cancellation.isCancelled { throw .cancelled }
                guard (try? await Task.sleep(for: .milliseconds(200))) != nil else { throw .cancelled }
            }
        }
    }

    /// What a step gave.
    mutating func end(_ number: Int, _ result: JSONValue, _ usage: CallUsage?) {
        changes.append(.end(number, result: result, usage: usage))
        if let usage {
            agents.spend(task.record.id, usage.charge.money)
            spent = spent.adding(usage.charge.money) ?? spent
        }
        if let position = steps.firstIndex(where: { $0.number == number }) { steps[position].result = result }
    }
}

extension AgentRun.Ending {
    static let cancelled = Self(
        outcome: .failed(TaskError(code: "cancelled", errorClass: .permanent, message: "the attempt was cancelled"))
    )
}

extension TaskError {
    init(_ error: EngineError) {
        let isTransient = error.code == .unavailable || error.code == .leaseLost
        self.init(
            code: error.code.rawValue,
            errorClass: isTransient ? .transient : .permanent,
            message: error.message
        )
    }
}
