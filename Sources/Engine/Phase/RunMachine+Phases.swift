// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// Phases (spec 3.3): their status, and what the failure of one does.
extension RunMachine {
    /// Says what a step of a task means for its phase.
    mutating func followPhase(of task: TaskRef) {
        guard task.scope == 0, let number = state.graph.phase(of: task.node) else { return }
        let (status, derived) = (state.phases[number].status, state.phases[number].derived)
        if derived == .failed { changedPhases.insert(number) }
        switch (status, derived) {
        case (.pending, .running), (.pending, .skipped), (.running, .completed), (.running, .failed):
            changePhase(number, derived)
        case (.pending, .completed), (.pending, .failed):
            changePhase(number, .running)
            changePhase(number, derived)
        default: break
        }
    }

    private mutating func changePhase(_ number: Int, _ status: PhaseStatus) {
        let phase = state.graph.phases[number]
        emit(Event(body: .phase(.changed(phase.id, status))))
        guard let timeout = phase.policy?.timeout else { return }
        if status == .running {
            effects.append(.arm(task: .phase(number), kind: .phaseTimeout, at: turn.now + timeout))
        } else {
            effects.append(.disarm(task: .phase(number), kind: .phaseTimeout))
        }
    }

    /// Ends a phase that failed: what has not begun does not begin, and when the rest has ended it is rolled back.
    mutating func endPhase(_ number: Int) {
        let phase = state.graph.phases[number]
        guard let policy = phase.policy, state.phases[number].status == .failed, !state.phases[number].isReleased,
            state.compensations.rollbacks.count(where: { $0.target == .phase(phase.id) })
                <= state.phases[number].rollbacksBefore
        else { return }
        // Where the failure is borne, conditions skip the rest of the phase, and what follows goes on.
        if !policy.continueOnFailure { abort(phase.nodes.map { TaskRef(node: $0) }, reason: "phase_failed") }
        guard state.phases[number].isOver, !state.compensations.isRollingBackGroup else { return }
        let first = recordCalls(of: policy)
        if !first.isEmpty || !state.compensations.steps(of: .phase(phase.id), state).isEmpty {
            beginRollback(.phase(phase.id), first: first)
        } else if !state.phases[number].held.isEmpty {
            release(number, .released(phase.id))
        }
    }

    /// The calls that the document lists, each on its own: one that fails does not keep the next from being made.
    private mutating func recordCalls(of policy: Graph.Phase) -> [Int] {
        policy.rollback.indices.map { index in
            let subject = Compensation.Plan.Subject.phase(policy.id, call: index)
            let plan: Compensation.Plan
            do throws(TaskError) {
                let calls = try calls([policy.rollback[index]], "rollback/\(index)")
                plan = Compensation.Plan(subject: subject, calls: calls, error: nil)
            } catch {
                plan = Compensation.Plan(subject: subject, calls: [], error: error)
            }
            emit(Event(body: .compensation(.recorded(plan, isLate: false, rollback: nil))))
            return state.compensations.all.count - 1
        }
    }

    mutating func finishPhase(_ id: String) {
        if let number = state.graph.phase(named: id) { release(number, .changed(id, .rolledBack)) }
    }

    private mutating func release(_ number: Int, _ event: PhaseEvent) {
        let held = state.phases[number].held.map(\.task)
        emit(Event(body: .phase(event)))
        for task in held { notifyTargets(task) }
    }

    /// What is in flight in the phase is stopped and fails.
    mutating func phaseTimedOut(_ number: Int) {
        guard state.graph.phases.indices.contains(number), state.phases[number].status == .running,
            let timeout = state.graph.phases[number].policy?.timeout
        else { return }
        let error = TaskError(
            code: "timeout",
            errorClass: .permanent,
            message: "phase `\(state.graph.phases[number].id)` took longer than \(timeout.text)"
        )
        let open = state.graph.phases[number].nodes.map { TaskRef(node: $0) }.filter { !state[$0].status.isTerminal }
        let begun = open.filter {
            state[$0].status == .verifying || state[$0].status != .blocked && !state.isStartable($0)
        }
        for task in begun.isEmpty ? Array(open.prefix(1)) : begun {
            stopWork(of: task, reason: "phase_failed")
            fail(task, error, nil)
        }
    }
}
