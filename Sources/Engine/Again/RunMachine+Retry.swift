// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// Going on from what failed, in the same run (spec 6.6).
extension RunMachine {
    /// Makes new attempts of tasks that failed or were skipped; with no name of all whose failure nothing handled.
    ///
    /// What was skipped because of them is looked at again, and a run that had ended goes on, with everything that its
    /// end cut off.
    mutating func retry(_ names: [TaskName]) throws(Refusal) {
        guard state.status != .completed else { throw .state("cannot retry \(state.id): it is completed") }
        try checkNothingIsUndone()
        let named = names.isEmpty ? unhandledFailures : try names.map { name throws(Refusal) in try retried(name) }
        let reviewed = Set(named.filter { state[$0].status == .needsReview })
        let forced = Set(named).subtracting(reviewed)
        var again = forced
        if state.status.isTerminal { again.formUnion(cutOffTasks) }
        guard !again.isEmpty || !reviewed.isEmpty else { throw .state("nothing in \(state.id) failed or was cut off") }
        addSkipped(to: &again)
        addUndone(to: &again)
        // What comes after something that is done again waits for that.
        let first = forced.filter { task in !state.sources(of: task).contains { again.contains($0) } }
        var next = self
        for task in reviewed.sorted() { next.endReview(of: task) }
        if !again.isEmpty { next.goOn(with: again, forced: first) }
        try next.checkGoesOn()
        self = next
    }

    mutating func goOn(with again: Set<TaskRef>, forced: Set<TaskRef>) {
        let running = state.status.isTerminal ? [] : state.phases.map { $0.status == .running }
        reopen()
        reset(again, forced: forced)
        watchPhases(except: running)
        // While the run was failing, nothing that became ready could start.
        for task in state.allTasks where state.isStartable(task) { offer(task) }
        takeUp(forced: forced)
        proceed()
        propagate()
    }

    /// The task of that name, if it can be tried again.
    private func retried(_ name: TaskName) throws(Refusal) -> TaskRef {
        guard let task = state.task(named: name) else {
            let isInside =
                !name.place.isEmpty || state.graph.index(of: name.node).map { state.graph.body(of: $0) } ?? 0 > 0
            let hint = isInside ? "; what belongs to a pass or item that ended is done again with its loop or map" : ""
            throw .invalid("there is no task `\(name)` in \(state.id)\(hint)")
        }
        let now = state[task]
        switch now.status {
        case .failed, .needsReview: return task
        case .cancelled where now.isCutOff: return task
        case .skipped where !state.node(task).isCompensation:
            guard state.status != .paused else {
                throw .state("`\(name)` was skipped, and \(state.id) is paused; resume it first")
            }
            return task
        default: throw .state("cannot retry `\(name)`: it is \(now.status.rawValue)")
        }
    }

    /// A person need not be asked any more what becomes of the task: it is tried again.
    private mutating func endReview(of task: TaskRef) {
        closeRequest(of: task)
        tryAgain(task, guidance: nil)
    }

    /// What was undone is not there to go on from.
    func checkNothingIsUndone() throws(Refusal) {
        switch state.status {
        case .compensating, .compensated, .compensationFailed:
            throw .state("what \(state.id) did was undone: it is \(state.status.rawValue); start it anew")
        default:
            guard state.compensations.isRollingBack else { return }
            throw .state("something of \(state.id) is being undone; wait until that is done")
        }
    }

    /// A run must not be reopened for one failed task while another one would end it again at once.
    private mutating func checkGoesOn() throws(Refusal) {
        guard state.graph.definition.failurePolicy != .continue else { return }
        for (scope, _) in state.openScopes {
            guard let failed = firstUnhandledFailure(in: scope) else { continue }
            throw .state("`\(state.name(of: failed))` failed as well and would end the run again; retry it too")
        }
    }

    // MARK: What is done again

    /// Failed tasks of the graph itself and of open passes and items whose failure nothing has handled.
    var unhandledFailures: [TaskRef] {
        state.openScopes.flatMap { number, scope in
            let body = state.body(of: number)
            let failed = scope.tasks.indices.filter {
                scope.tasks[$0].status == .failed
                    && disposition(ofFailure: $0, scope.tasks, body, in: number) != .handled
            }
            return failed.map { TaskRef(scope: number, node: body.nodes[$0]) }
        }
    }

    /// Tasks that had not ended when the run did.
    var cutOffTasks: [TaskRef] {
        state.allTasks.filter { state[$0].status == .cancelled && state[$0].isCutOff }
    }

    /// Adds those that were skipped because of how tasks of the set ended.
    func addSkipped(to tasks: inout Set<TaskRef>) {
        follow(&tasks) { task in
            guard let reason = task.skipReason else { return false }
            return reason == .upstreamFailed || reason == .upstreamSkipped || reason == .branch
        }
    }

    /// Adds the rest of every group and phase that was undone because a task of it failed: it is done again as a whole.
    func addUndone(to tasks: inout Set<TaskRef>) {
        var undone: Set<TaskRef> = []
        for task in tasks {
            if let group = state.groupRef(of: task), state.group(group).status == .failed {
                undone.formUnion(state.members(of: group))
            }
            if let phase = phase(of: task), state.phases[phase].status == .rolledBack {
                undone.formUnion(state.graph.phases[phase].nodes.map { TaskRef(node: $0) })
            }
        }
        guard !undone.isSubset(of: tasks) else { return }
        tasks.formUnion(undone)
        addSkipped(to: &tasks)
        addUndone(to: &tasks)
    }

    private func phase(of task: TaskRef) -> Int? {
        task.scope == 0 ? state.graph.phase(of: task.node) : nil
    }

    /// Phases that go on have as much time as if they had begun now.
    mutating func watchPhases(except watched: [Bool] = []) {
        for (number, phase) in state.phases.enumerated() where phase.status == .running {
            if watched.indices.contains(number), watched[number] { continue }
            guard let timeout = state.graph.phases[number].policy?.timeout else { continue }
            effects.append(.arm(task: .phase(number), kind: .phaseTimeout, at: turn.now + timeout))
        }
    }

    /// Adds everything that comes after tasks of the set.
    func addDescendants(to tasks: inout Set<TaskRef>) {
        follow(&tasks) { _ in true }
    }

    private func follow(_ tasks: inout Set<TaskRef>, _ isAdded: (RunState.TaskState) -> Bool) {
        var work = tasks.sorted()
        while let task = work.popLast() {
            let body = state.body(of: task.scope)
            for edge in state.outgoing(task) {
                let target = TaskRef(scope: task.scope, node: body.nodes[body.edges[edge].to])
                guard isAdded(state[target]), tasks.insert(target).inserted else { continue }
                work.append(target)
            }
        }
    }

    /// A run that had ended goes on.
    mutating func reopen() {
        guard state.status.isTerminal else { return }
        let deadline = state.deadline.flatMap { old in
            old > turn.now ? old : state.graph.definition.deadline.map { turn.now + $0 }
        }
        emit(Event(actor: turn.actor, body: .again(.reopened(deadline: deadline))))
        if let deadline { effects.append(.arm(task: .run, kind: .deadline, at: deadline)) }
    }

    mutating func reset(_ tasks: Set<TaskRef>, forced: Set<TaskRef> = []) {
        guard !tasks.isEmpty else { return }
        func places(_ tasks: Set<TaskRef>) -> [AgainEvent.Place] {
            tasks.sorted().map { AgainEvent.Place(node: state.node($0).id, scope: $0.scope) }
        }
        emit(Event(actor: turn.actor, body: .again(.reset(places(tasks), forced: places(forced)))))
        touched += tasks
        unhandled = [:]
        newFailures = Set(state.openScopes.lazy.filter { $0.scope.failed > 0 }.map(\.number))
    }

    /// Looks at everything that has not begun; what is forced begins whatever is before it.
    mutating func takeUp(forced: Set<TaskRef> = []) {
        let blocked = state.allTasks.filter { state[$0].status == .blocked }
        for task in blocked.reversed() where !forced.contains(task) && !state.incoming(task).isEmpty {
            pending.append(task)
        }
        for task in blocked where state.has(task) && state[task].status == .blocked && !isOffered(task) {
            if forced.contains(task) {
                activate(task, isForced: true)
            } else if state.incoming(task).isEmpty {
                activate(task)
            }
        }
    }
}

extension String {
    /// The reason of `task.cancelled` says that the run ended: its tasks go on if it is reopened.
    var isEndOfRun: Bool { self == "run_failed" || self == "run_cancelled" }
}
