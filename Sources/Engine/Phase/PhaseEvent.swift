// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// What happens to a phase; each once.
public enum PhaseEvent: Sendable, Equatable {
    /// The phase with that id has a new status.
    case changed(String, PhaseStatus)
    /// It failed and there is nothing to undo: what follows may go on.
    case released(String)
}

extension RunState {
    mutating func fold(_ event: PhaseEvent) {
        switch event {
        case .changed(let id, let status):
            guard let number = graph.phase(named: id) else { return }
            phases[number].status = status
            switch status {
            case .completed, .failed, .skipped: phases[number].endSequence = lastSequence
            case .rolledBack:
                endRollbacks { $0 == .phase(id) }
                release(number)
            case .pending, .running: break
            }
        case .released(let id):
            if let number = graph.phase(named: id) { release(number) }
        }
    }

    private mutating func release(_ phase: Int) {
        let held = phases[phase].held
        phases[phase].held = []
        phases[phase].isReleased = true
        for edges in held { route(edges.task, dead: edges.dead, otherwise: edges.otherwise) }
    }

    /// Takes the step of a task of the graph itself over into its phase.
    mutating func movePhase(of task: TaskRef, _ old: TaskStatus, _ new: TaskStatus) {
        guard !phases.isEmpty, task.scope == 0, let phase = graph.phase(of: task.node) else { return }
        phases[phase].move(old, new)
    }

    /// A failure of the phase is borne, and what follows must not see it before it is undone.
    func isHeld(_ phase: Int) -> Bool {
        graph.phases[phase].policy?.continueOnFailure == true && phases[phase].failed > 0
            && !phases[phase].isReleased
    }
}
