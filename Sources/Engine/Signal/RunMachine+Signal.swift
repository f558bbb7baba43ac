// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
public import Model

/// Signals (spec 6.5): one that comes before its wait is kept, one that comes twice counts once.
extension RunMachine {
    mutating func receive(_ signal: RunSignal) throws(Refusal) {
        guard !state.hasEnded else {
            throw .state("\(state.id) is \(state.status.rawValue) and takes no signals")
        }
        guard !state.signals.has(signal.dedupeKey) else { return }
        emit(Event(actor: turn.actor, body: .signal(.received(signal))))
        let waiting = state.allTasks.filter { state[$0].status == .waiting && state[$0].awaited?.type == signal.type }
        for task in waiting where takeSignal(task) { return }
    }

    /// Begins to wait, or goes on at once with a signal that came before.
    mutating func awaitSignal(_ task: TaskRef, _ awaited: Graph.AwaitedSignal) throws(TaskError) {
        let key = try awaited.key.map { template throws(TaskError) in try text(template, "key") }
        let until = awaited.timeout.map { turn.now + $0 }
        emit(task, .signal(.awaited(type: awaited.type, key: key, until: until)))
        if takeSignal(task) { return }
        if let until { effects.append(.arm(task: task, kind: .wait, at: until)) }
    }

    /// Ends the wait with the first signal that fits.
    private mutating func takeSignal(_ task: TaskRef) -> Bool {
        guard case .waitSignal(let awaited) = state.node(task).kind else { return false }
        let key = state[task].awaited?.key
        let oldest = Timestamp(milliseconds: turn.now.milliseconds - SignalBox.keeping.milliseconds)
        let found = state.signals.early.first { entry in
            entry.at >= oldest && entry.signal.type == awaited.type && (key == nil || entry.signal.key == key)
                && fits(entry.signal, awaited, task)
        }
        guard let signal = found?.signal else { return false }
        emit(task, .signal(.taken(dedupeKey: signal.dedupeKey)))
        effects.append(.disarm(task: task, kind: .wait))
        endWait(task, signal.payload.value)
        return true
    }

    /// A signal on which the condition cannot be evaluated is not the one that is waited for: it may come from anybody.
    private func fits(_ signal: RunSignal, _ awaited: Graph.AwaitedSignal, _ task: TaskRef) -> Bool {
        guard let condition = awaited.condition else { return true }
        let extra = state.locals(of: task).merging(["signal": signal.payload.value]) { _, inner in inner }
        let variables = state.snapshot(for: [condition], in: task.scope, at: turn.now, extra: extra)
        return (try? condition.condition(in: variables)) ?? false
    }

    /// The time for a signal is up.
    mutating func signalTimedOut(_ task: TaskRef, _ awaited: Graph.AwaitedSignal) {
        guard awaited.failsAtTimeout else { return endWait(task, .null) }
        let span = awaited.timeout?.text ?? "the time it has"
        let message = "no signal `\(awaited.type)` came within \(span)"
        fail(task, TaskError(code: "signal.timeout", errorClass: .permanent, message: message), nil)
    }

    mutating func endWait(_ task: TaskRef, _ signal: JSONValue) {
        complete(task, payload(["fired_at": .string(turn.now.description), "signal": signal]), nil)
    }

    // MARK: Sending

    mutating func sendSignal(_ task: TaskRef, _ template: ValueTemplate) throws(TaskError) {
        let config = try evaluate(template, "config")
        guard let type = config["type"]?.stringValue,
            let target = SignalTarget(config["to"]?.stringValue ?? "project")
        else {
            let message =
                "`type` must be text and `to` run:ID, workflow:NAME#KEY, project or broadcast, not "
                + (config["to"] ?? .null).text
            throw TaskError(code: "expression.failed", errorClass: .permanent, message: message)
        }
        let body = config["payload"] ?? .null
        guard !body.isLargerThan(RunSignal.payloadLimit) else {
            let message = "the payload is larger than \(RunSignal.payloadLimit) bytes"
            throw TaskError(code: "too_large", errorClass: .permanent, message: message)
        }
        begin(task)
        let place = state.place(of: task.scope).map { "/\($0)" }.joined()
        let signal = RunSignal(
            dedupeKey: config["dedupe_key"]?.stringValue ?? "\(state.id)/\(state.node(task).id)\(place)",
            type: type,
            key: config["key"]?.stringValue ?? target.key,
            payload: payload(body)
        )
        effects.append(.sendSignal(task: task, fence: state[task].fence, target, signal))
    }

    /// The shell handed the signal to that many runs, in the same turn.
    mutating func signalSent(_ task: TaskRef, _ fence: Int64, _ delivered: Int) throws(Refusal) {
        guard state.has(task), state[task].status == .running, state[task].fence == fence else { throw .leaseLost }
        effects.append(.disarm(task: task, kind: .timeout))
        complete(task, payload(["delivered": .int(Int64(delivered))]), nil)
    }
}

/// Whom a signal is for (spec 3.6).
public enum SignalTarget: Sendable, Equatable {
    /// One run.
    case run(RunID)
    /// Every open run of a workflow; those waits that name the key, if there is one.
    case workflow(name: String, key: String?)
    /// Every open run of the project, or of all projects, that waits for the type now.
    case project, broadcast

    /// Reads `run:ID`, `workflow:NAME#KEY`, `project` or `broadcast`.
    public init?(_ text: String) {
        if text == "project" {
            self = .project
        } else if text == "broadcast" {
            self = .broadcast
        } else if text.hasPrefix("run:"), let run = RunID(String(text.dropFirst(4))) {
            self = .run(run)
        } else if text.hasPrefix("workflow:") {
            let parts = text.dropFirst(9).split(separator: "#", maxSplits: 1).map(String.init)
            guard let name = parts.first, !name.isEmpty else { return nil }
            self = .workflow(name: name, key: parts.count == 2 ? parts[1] : nil)
        } else {
            return nil
        }
    }

    var key: String? {
        if case .workflow(_, let key) = self { return key }
        return nil
    }
}
