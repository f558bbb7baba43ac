// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Decides what happens to one run. Pure: the same state, command and turn give the same events and effects.
///
/// The state changes only through ``emit(_:)``, that is through the fold of the events that are returned, so that the
/// log alone can rebuild it. A turn is: any number of ``handle(_:in:)`` and ``start(_:worker:)``, then ``settle()``,
/// then the shell takes events and effects and commits them.
struct RunMachine: Sendable {
    /// The run as it will be once the events are durable.
    private(set) var state: RunState
    /// New facts, in order.
    var events: [Event] = []
    /// What the shell has to do.
    var effects: [Effect] = []
    /// Tasks whose row may differ from what is stored.
    var touched: [Int] = []

    var turn: Turn
    /// Variables of the node that is being activated.
    var locals: [String: JSONValue] = [:]
    /// Nodes whose join has to be looked at again.
    var pending: [Int] = []
    /// Nodes handed to the scheduler in this turn.
    var offered: Set<Int> = []
    /// The failure that nothing can handle any more, once found; failures are never taken back.
    var unhandled: Int?
    /// A task failed or was skipped for a failure since ``unhandled`` was last looked for.
    var isFailureNew: Bool

    /// Takes up a run that exists.
    init(_ state: RunState, turn: Turn) {
        self.state = state
        self.turn = turn
        isFailureNew = state.count(.failed) > 0
    }

    /// Begins a run: everything that can start is offered.
    static func begin(_ origin: Event.RunOrigin, graph: Graph, in turn: Turn) -> RunMachine {
        var machine = RunMachine(RunState(origin: origin, graph: graph, at: turn.now), turn: turn)
        machine.events.append(Event(actor: turn.actor, body: .runQueued(origin)))
        machine.emit(Event(body: .runStarted))
        if let deadline = origin.deadline {
            machine.effects.append(.arm(node: -1, kind: .deadline, at: deadline))
        }
        for node in graph.nodes.indices where graph.nodes[node].incoming.isEmpty {
            machine.activate(node)
        }
        machine.propagate()
        return machine
    }

    /// Adds a fact and folds it.
    mutating func emit(_ event: Event) {
        state.fold(event, at: turn.now)
        events.append(event)
        guard let node = event.node else { return }
        touched.append(node)
        switch event.body {
        case .taskFailed, .taskSkipped, .taskCancelled: isFailureNew = state.count(.failed) > 0
        default: break
        }
    }

    mutating func emit(_ node: Int, _ body: Event.Body, actor: String? = nil) {
        emit(Event(node: node, actor: actor, body: body))
    }

    /// Answers one command.
    mutating func handle(_ command: Command, in turn: Turn) throws(Refusal) {
        self.turn = turn
        switch command {
        case .taskCompleted(let node, let fence, let output, let log):
            try finishAttempt(node, fence)
            complete(node, output, log)
        case .taskFailed(let node, let fence, let error, let log):
            try finishAttempt(node, fence)
            attemptFailed(node, error, log)
        case .attemptTimedOut(let node, let fence):
            try finishAttempt(node, fence)
            effects.append(.stopAttempt(node: node, fence: fence))
            attemptFailed(node, timeoutError(node), nil)
        case .attemptLost(let node, let fence, let isRelease):
            try finishAttempt(node, fence)
            attemptLost(node, isRelease)
        case .timerFired(let node, let kind):
            timerFired(node, kind)
        case .decide(let node, let request, let isApproved, let comment):
            try decide(node, request, isApproved, comment)
        case .pause(let reason):
            try pause(reason)
        case .resume:
            try resume()
        case .cancel(let reason):
            try cancel(reason)
        }
        propagate()
    }

    /// An executor takes a ready task. The caller made sure that one is free.
    mutating func start(_ node: Int, worker: String) {
        if state.status == .waiting { emit(Event(body: .runResumed)) }
        let task = state.tasks[node]
        emit(node, .taskStarted(attempt: task.attempts + 1, fence: task.fence + 1, worker: worker))
    }

    /// Writes down that a task could not start in this turn.
    mutating func queue(_ node: Int) {
        guard state.tasks[node].status == .blocked else { return }
        emit(node, .taskReady(.queued))
    }

    /// The task may be started now: offered and not stopped since.
    mutating func canStart(_ node: Int) -> Bool {
        guard state.status == .running || state.status == .waiting else { return false }
        let status = state.tasks[node].status
        return (status == .ready || status == .blocked) && mayBegin(node)
    }

    private mutating func finishAttempt(_ node: Int, _ fence: Int64) throws(Refusal) {
        guard state.tasks.indices.contains(node), state.tasks[node].status == .running,
            state.tasks[node].fence == fence, !state.status.isTerminal
        else { throw .leaseLost }
        effects.append(.attemptEnded(node: node, fence: fence))
    }

    private mutating func attemptLost(_ node: Int, _ isRelease: Bool) {
        if state.graph.nodes[node].isNonIdempotent && !isRelease {
            let error = TaskError(
                code: "attempt.lost",
                errorClass: .permanent,
                message: "the process ended during the call, which may have taken effect; it is not repeated because "
                    + "the node says idempotency: none"
            )
            fail(node, error, nil)
        } else {
            emit(node, .taskReady(isRelease ? .released : .lost))
            effects.append(.offer(node: node))
        }
    }

    private func timeoutError(_ node: Int) -> TaskError {
        let limit = state.graph.nodes[node].timeout?.text ?? "its total timeout"
        return TaskError(
            code: "timeout",
            errorClass: .transient,
            message: "the attempt took longer than \(limit)"
        )
    }

    /// A value made in the turn, as a payload; a large one has to be durable before an event names it.
    mutating func payload(_ value: JSONValue) -> Payload {
        let (payload, bytes) = Payload.of(value)
        if let bytes { effects.append(.store(bytes: bytes)) }
        return payload
    }
}
