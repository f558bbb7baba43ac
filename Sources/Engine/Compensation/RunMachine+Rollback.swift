// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// Rollbacks (spec 3.10). Each compensation is an instance of a body of its own, with the tasks that make its calls, so
/// that leases, retries, limits and recovery are those of all tasks. The next step begins when the one before has ended.
extension RunMachine {
    /// Undoes what a run did that has ended: all, or what completed after a phase.
    mutating func rollBack(to phase: String?) throws(Refusal) {
        guard [.failed, .cancelled, .completed].contains(state.status) else {
            throw .state(refusal(of: "roll back"))
        }
        guard let phase else { return rollBackRun(.run) }
        guard let number = state.graph.phase(named: phase) else {
            let known = state.graph.phases.map { "`\($0.id)`" }.joined(separator: ", ")
            throw .invalid(
                "there is no phase `\(phase)`; " + (known.isEmpty ? "the run has none" : "there are \(known)")
            )
        }
        guard state.phases[number].status == .completed else {
            throw .state("phase `\(phase)` did not complete: it is \(state.phases[number].status.rawValue)")
        }
        rollBackRun(.toPhase(phase))
    }

    /// The run has ended; its rollback begins.
    mutating func rollBackRun(_ target: Rollback.Target) {
        var phase: String?
        if case .toPhase(let id) = target { phase = id }
        emit(Event(actor: turn.actor, body: .compensation(.runCompensating(to: phase))))
        beginRollback(target)
    }

    /// - Parameter first: Compensations that come before what the target covers, one after the other.
    mutating func beginRollback(_ target: Rollback.Target, first: [Int] = []) {
        let number = state.compensations.rollbacks.count
        let steps = state.compensations.steps(of: target, state) + first.reversed().map { [$0] }
        emit(Event(body: .compensation(.rollbackStarted(target, steps: steps))))
        advance(number)
    }

    /// Begins the next step if the one before is over, and ends the rollback after the last.
    mutating func advance(_ number: Int) {
        let rollback = state.compensations.rollbacks[number]
        guard !rollback.isOver, rollback.current.isEmpty else { return }
        if let failed = rollback.failed { return gaveUp(rollback.target, failed) }
        guard let step = rollback.steps.last else { return finishRollback(of: rollback.target) }
        for compensation in step { start(compensation, of: number) }
    }

    private mutating func start(_ compensation: Int, of rollback: Int) {
        guard let body = state.compensations.all[compensation].body else { return }
        let scope = state.lastScope + 1
        let first = TaskRef(scope: scope, node: state.graph.bodies[body].nodes[0])
        emit(first, .compensation(.started(compensation, rollback: rollback, scope: scope)))
        activateEntries(of: scope)
        changedScopes.append(scope)
    }

    /// Looks whether a compensation has ended.
    mutating func closeCompensation(_ scope: Int) {
        guard let number = state.compensations.running[scope], let current = state.scope(scope), current.open == 0,
            let rollback = state.compensations.all[number].rollback
        else { return }
        let first = TaskRef(scope: scope, node: state.body(of: scope).nodes[0])
        if let failed = current.tasks.first(where: { $0.status == .failed || $0.skipReason == .human }) {
            let error = failed.error ?? TaskError(code: "internal", errorClass: .permanent, message: "not recorded")
            let isSkipped = failed.status != .failed
            emit(first, .compensation(.failed(number, error, isSkipped: isSkipped)))
        } else {
            emit(first, .compensation(.completed(number)))
            if let task = state.compensations.all[number].task { emit(task, .compensation(.taskCompensated)) }
        }
        advance(rollback)
    }

    private mutating func finishRollback(of target: Rollback.Target) {
        switch target {
        case .run, .toPhase: emit(Event(body: .compensation(.runCompensated)))
        case .phase(let id): finishPhase(id)
        case .group(let group): finishGroup(group, .failed(group))
        }
    }

    /// A compensation gave up: nothing more is undone, and the run ends.
    private mutating func gaveUp(_ target: Rollback.Target, _ number: Int) {
        let compensation = state.compensations.all[number]
        let error = TaskError(
            code: "compensation.failed",
            errorClass: .permanent,
            message: "`\(compensation.plan.name(in: state.graph))` could not be undone: "
                + (compensation.error?.description ?? "no reason was recorded")
        )
        if !target.isWholeRun {
            endRun(failedWith: error, cause(of: target))
            emit(Event(body: .compensation(.runCompensating(to: nil))))
        }
        emit(Event(body: .compensation(.runCompensationFailed(error))))
    }

    /// The failure that a rollback answers.
    private func cause(of target: Rollback.Target) -> TaskRef? {
        switch target {
        case .run, .toPhase: nil
        case .group(let group): state.members(of: group).first { state[$0].status == .failed }
        case .phase(let id):
            state.graph.phase(named: id).flatMap { number in
                state.graph.phases[number].nodes.map { TaskRef(node: $0) }.first { state[$0].status == .failed }
            }
        }
    }

    /// Stops the compensations that run; another rollback may take them up again.
    mutating func cancelCompensations() {
        for (scope, number) in state.compensations.running.sorted(by: { $0.key < $1.key }) {
            let first = TaskRef(scope: scope, node: state.body(of: scope).nodes[0])
            emit(first, .compensation(.cancelled(number)))
        }
    }
}
