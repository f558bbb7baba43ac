// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Carries out what the supervisor found.
extension RunMachine {
    mutating func supervise(_ finding: Supervisor.Finding) throws(Refusal) {
        guard !state.status.isTerminal else { throw .state(refusal(of: "supervise")) }
        switch finding {
        case .lost(let task, let fence):
            try handle(.attemptLost(task: task, fence: fence, isRelease: false), in: turn)
        case .workerMissing(let task):
            guard state.has(task), state[task].status == .ready else { return }
            let node = state.node(task)
            let queue = node.queueName ?? ""
            emit(task, .supervision(.workerMissing(queue: queue, labels: node.labels)))
        case .stuck(let tasks):
            beginAnew(tasks.filter { state.has($0) && !state[$0].status.isTerminal })
        case .escalate(let task):
            guard state.has(task), !state[task].status.isTerminal else { return }
            escalateStuck(task)
        }
    }

    /// Writes down that this process does not serve a task that may start.
    mutating func leaveUnserved(_ task: TaskRef) {
        offered.remove(task)
        let now = state[task]
        let isTold = now.status == .ready && now.readyReason == .unserved
        guard now.status == .blocked || (state.isStartable(task) && !isTold) else { return }
        emit(task, .taskReady(.unserved))
    }

    private mutating func beginAnew(_ tasks: [TaskRef]) {
        let causes = Explanation(state, now: turn.now).json(now: turn.now)["waiting_for"]?.arrayValue ?? []
        let places = tasks.map { AgainEvent.Place(node: state.node($0).id, scope: $0.scope) }
        emit(Event(body: .supervision(.stuck(places, causes: .array(Array(causes.prefix(20)))))))
        guard state.status != .queued else { return effects.append(.askToBegin) }
        for task in tasks {
            switch state[task].status {
            case .blocked: pending.append(task)
            case .ready: state.waitsForPauseEnd(task) ? startOver(task) : offer(task)
            case .verifying where state.awaitsChecks(task): offer(task)
            case .running where state.maps[task] == nil && state.loops[task] == nil && state.teams[task] == nil:
                reloadItems(task)
            default: break
            }
        }
        changedScopes += state.inner.keys.sorted()
        proceed()
        for (number, rollback) in state.compensations.rollbacks.enumerated() where !rollback.isOver { advance(number) }
    }

    /// Beginning anew did not help.
    private mutating func escalateStuck(_ task: TaskRef) {
        let minutes = Int(Supervisor.patience.milliseconds / 60_000)
        let error = TaskError(
            code: "task.stuck",
            errorClass: .permanent,
            message: "nothing has happened for \(minutes) minutes although it was begun anew"
        )
        for scope in state.scopes(of: task) { cancelOpenTasks(of: scope, reason: "not_needed") }
        if state.compensation(of: task) != nil { return compensationExhausted(task, .stuck, error, nil) }
        escalate(task, .stuck, summary: "`\(state.name(of: task))` is stuck: \(error.message)", error: error)
    }
}
