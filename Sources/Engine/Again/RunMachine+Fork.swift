// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Going on from a state of another run (engine.md 7): nothing is copied, the new log begins where the old one is left.
extension RunMachine {
    /// The run that goes on. `origin` is a state between two turns.
    ///
    /// What was in flight there begins anew here: attempts, questions to people, child runs. Waits for a time or a
    /// signal, and waits before another attempt, stand. Tasks that are given another output are not done again, but what
    /// comes after them is.
    ///
    /// - Parameter edit: Another configuration of nodes that are not done, or done again.
    static func fork(
        _ origin: RunState,
        _ fork: AgainEvent.Fork,
        edit: AppliedPatch? = nil,
        in turn: Turn
    ) throws(Refusal) -> RunMachine {
        var machine = RunMachine(origin, turn: turn)
        try machine.checkNothingIsUndone()
        var again = try machine.tasksAgain(in: fork).union(machine.inFlight)
        again.formUnion(try machine.tasksBegun(of: edit, again))
        machine.emit(Event(actor: turn.actor, body: .again(.forked(fork))))
        if let edit { machine.emit(Event(actor: turn.actor, body: .patch(.applied(edit)))) }
        machine.reset(again)
        if let deadline = fork.deadline {
            machine.effects.append(.arm(task: .run, kind: .deadline, at: deadline))
        }
        for task in machine.state.allTasks { machine.goOn(task) }
        machine.watchPhases()
        machine.complete(fork.outputs)
        machine.takeUp()
        machine.proceed()
        machine.propagate()
        return machine
    }

    /// What the fork asks for beside going on: what comes after other outputs, or from a node on.
    private func tasksAgain(in fork: AgainEvent.Fork) throws(Refusal) -> Set<TaskRef> {
        var again: Set<TaskRef> = []
        for node in fork.outputs.keys.sorted() {
            let task = try taskOfGraph(node)
            guard state[task].status.isTerminal else {
                throw .state(
                    "`\(node)` had not ended at event \(fork.derivation.sequence): it was \(state[task].status.rawValue)"
                )
            }
            again.formUnion(try tasksAgain(from: node))
        }
        if let node = fork.derivation.node { again.formUnion(try tasksAgain(from: node)) }
        guard !again.isEmpty || !state.status.isTerminal else {
            throw .state(
                "\(state.id) had ended at event \(fork.derivation.sequence); fork it at an earlier one, or rerun it from a "
                    + "node"
            )
        }
        return again
    }

    /// Tasks whose configuration is edited and which had begun: they begin anew.
    private func tasksBegun(of edit: AppliedPatch?, _ again: Set<TaskRef>) throws(Refusal) -> Set<TaskRef> {
        var begun: Set<TaskRef> = []
        for node in edit?.change.changed ?? [] {
            guard let index = state.graph.index(of: node) else { continue }
            let task = TaskRef(node: index)
            let status = state[task].status
            guard !status.isTerminal || again.contains(task) else {
                throw .state(
                    "`\(node)` had ended at that event: it was \(status.rawValue); fork at an earlier one, or rerun from it"
                )
            }
            if status != .blocked { begun.insert(task) }
        }
        return begun
    }

    /// What somebody works on for the origin.
    private var inFlight: [TaskRef] {
        state.allTasks.filter { task in
            let now = state[task]
            switch now.status {
            case .running:
                guard state.graph.repeatedBody(of: task.node) != nil else { return true }
                // A map whose items are being read.
                return state.loops[task] == nil && state.maps[task] == nil && state.teams[task] == nil
            case .waiting: return now.openRequest != nil || now.child != nil
            case .verifying, .needsReview: return true
            default: return false
            }
        }
    }

    /// Derives again what the shell has to do about an open task.
    private mutating func goOn(_ task: TaskRef) {
        let now = state[task]
        switch now.status {
        case .ready:
            switch now.readyReason {
            case .paused: activate(task)
            case .review: startOver(task)
            default: offer(task)
            }
            guard let limit = state.node(task).scheduleTimeout else { return }
            effects.append(.arm(task: task, kind: .scheduleTimeout, at: turn.now + limit))
        case .waiting where state.waitsForMoney(task): offer(task)
        case .waiting:
            if let until = now.until { effects.append(.arm(task: task, kind: .wait, at: until)) }
        case .retrying:
            effects.append(.arm(task: task, kind: .retry, at: now.until ?? turn.now))
        case .running:
            guard let timeout = state.node(task).timeout else { return }
            effects.append(.arm(task: task, kind: .timeout, at: turn.now + timeout))
        case .blocked, .verifying, .completed, .failed, .skipped, .cancelled, .compensated, .needsReview: break
        }
    }

    /// Ends tasks with outputs that were given, so that their edges are decided by these.
    private mutating func complete(_ outputs: [String: Payload]) {
        for (node, output) in outputs.sorted(by: { $0.key < $1.key }) {
            guard let index = state.graph.index(of: node) else { continue }
            let task = TaskRef(node: index)
            var chosen: String?
            var exit: Graph.Edge.LoopExit?
            switch state.node(task).kind {
            case .branch: chosen = output.value["case"]?.stringValue
            case .loop: exit = output.value["reason"] == "limit" ? .limit : .break
            default: break
            }
            complete(task, output, nil, chosen: chosen, loopExit: exit)
        }
    }
}
