// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

extension RunState {
    /// The number of its last event within its own log, which begins where it leaves that of its origin.
    var ownSequence: Int64 { lastSequence - (derivation?.sequence ?? 0) }

    mutating func fold(_ event: AgainEvent, _ task: TaskRef?, _ now: Timestamp) {
        switch event {
        case .forked(let fork): become(fork, now)
        case .reopened(let deadline):
            reopen()
            self.deadline = deadline
        case .reset(let places, _):
            for place in places {
                if let task = self.task(at: place) { reset(task, now) }
            }
        case .cached(let run):
            if let task { self[task].cachedFrom = run }
        }
    }

    /// The task at a place, if there is one.
    func task(at place: AgainEvent.Place) -> TaskRef? {
        let task = graph.index(of: place.node).map { TaskRef(scope: place.scope, node: $0) }
        return task.flatMap { has($0) ? $0 : nil }
    }

    /// The state of the origin becomes that of a run of its own. What ended stays as it is; what was in flight is reset
    /// by the event that follows.
    private mutating func become(_ fork: AgainEvent.Fork, _ now: Timestamp) {
        id = fork.id
        derivation = fork.derivation
        inputs = fork.inputs ?? inputs
        deadline = fork.deadline
        apiKey = fork.apiKey
        createdAt = now
        startedAt = now
        reopen()
        // Nobody started it, and what the origin started is the origin's. So is what the origin can undo.
        parent = nil
        detached = [:]
        compensations = CompensationStack()
        graph = graph.asWritten
        // What nobody had decided there is not asked here.
        for record in patches.all where record.isOpen { close(record.number, .superseded, now) { _ in } }
        for task in allTasks {
            self[task].repeats = 0
            if self[task].status.isTerminal { self[task].isReused = true }
        }
    }

    private mutating func reopen() {
        status = .running
        waitReason = nil
        pause = nil
        outputs = nil
        error = nil
        failedTask = nil
        endedAt = nil
        outcome = nil
        compensations.isRequested = false
    }

    private mutating func reset(_ task: TaskRef, _ now: Timestamp) {
        let wasCompleted = self[task].status == .completed || self[task].status == .compensated
        dropScopes(of: task)
        unresolve(task)
        set(task, .blocked, now)
        reopenGroup(of: task)
        reopenPhase(of: task)
        let before = self[task]
        var fresh = TaskState()
        fresh.taken = before.taken
        fresh.dead = before.dead
        fresh.broken = before.broken
        fresh.since = now
        (fresh.attempts, fresh.attemptsBefore) = (before.attempts, before.attempts)
        (fresh.lostAttempts, fresh.lostBefore) = (before.lostAttempts, before.lostAttempts)
        fresh.failedAttempts = before.failedAttempts
        fresh.guidance = before.guidance
        fresh.fence = before.fence
        fresh.repeats = before.repeats + (wasCompleted && !before.isReused ? 1 : 0)
        self[task] = fresh
    }

    /// The targets of the task have to wait for it again.
    private mutating func unresolve(_ task: TaskRef) {
        let body = graph.bodies[graph.body(of: task.node)]
        let outgoing = body.outgoing[graph.position(of: task.node)]
        _ = withScope(task.scope) { scope in
            for edge in outgoing {
                scope.tasks[body.edges[edge].to].count(scope.edges[edge], by: -1)
                scope.edges[edge] = .unresolved
            }
        }
    }

    /// What the task gives is held back with the rest of its group again.
    private mutating func reopenGroup(of task: TaskRef) {
        guard let group = groupRef(of: task), self.group(group) != GroupProgress() else { return }
        setGroup(group) { progress in
            progress.status = .open
            progress.held.removeAll { $0.task == task }
        }
    }

    /// The phase has not ended any more.
    private mutating func reopenPhase(of task: TaskRef) {
        guard task.scope == 0, let number = graph.phase(of: task.node) else { return }
        let isOpen = phases[number].begun + phases[number].completed > 0
        phases[number].status = isOpen ? .running : .pending
        phases[number].endSequence = 0
        phases[number].isReleased = false
        phases[number].held.removeAll { $0.task == task }
        phases[number].rollbacksBefore = compensations.rollbacks.count { $0.target == .phase(graph.phases[number].id) }
    }

    /// Forgets how far a loop or map is, and what is open in it.
    private mutating func dropScopes(of task: TaskRef) {
        for scope in scopes(of: task) {
            for node in graph.bodies[inner[scope]?.body ?? 0].nodes {
                let inside = TaskRef(scope: scope, node: node)
                dropScopes(of: inside)
                if !self[inside].status.isTerminal { count(inside, self[inside].status, by: -1) }
            }
            inner[scope] = nil
            forgetHolds(in: scope)
        }
        loops[task] = nil
        maps[task] = nil
    }
}
