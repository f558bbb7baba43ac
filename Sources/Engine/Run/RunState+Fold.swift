// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// The fold: how an event changes a run. No decisions, no effects, no clock.
extension RunState {
    /// Applies the next event of the log.
    public mutating func fold(_ event: Event, at now: Timestamp) {
        lastSequence += 1
        if let task = event.task {
            if case .claim(let claim) = event.body { return fold(claim, task, by: event.actor) }
            if case .step(let step) = event.body { return fold(step, task) }
            foldTask(event.body, task, now)
        } else {
            foldRun(event, now)
        }
    }

    private mutating func foldRun(_ event: Event, _ now: Timestamp) {
        switch event.body {
        case .runStarted:
            status = .running
            startedAt = now
        case .runWaiting(let reason):
            status = .waiting
            waitReason = reason
        case .runResumed:
            // A run that was paused before it began is where it was then.
            status = startedAt == nil ? .queued : .running
            waitReason = nil
            pause = nil
        case .runPaused(let reason):
            status = .paused
            waitReason = nil
            pause = Pause(by: event.actor ?? "system", reason: reason, at: now)
        case .runCompleted(let outputs):
            self.outputs = outputs
            end(.completed, now)
        case .runFailed(let error):
            self.error = error
            end(.failed, now)
        case .runCancelled:
            end(.cancelled, now)
        case .runUpdated(let update):
            fold(update)
        case .again(let event):
            fold(event, nil, now)
        case .signal(let event):
            fold(event, nil, now)
        case .child(.ended(let run)):
            detached[run] = nil
        case .compensation(let event):
            fold(event, nil, now)
        case .group(let event):
            fold(event)
        case .phase(let event):
            fold(event)
        case .wave(let event):
            fold(event)
        case .patch(let event):
            fold(event, now)
        case .human(let event):
            foldReview(event, now)
        case .budget(let event):
            fold(event, nil)
        case .supervision(let event):
            fold(event, nil)
        default:
            break
        }
    }

    mutating func end(_ status: RunStatus, _ now: Timestamp) {
        self.status = status
        waitReason = nil
        pause = nil
        endedAt = now
    }

    private mutating func foldTask(_ body: Event.Body, _ task: TaskRef, _ now: Timestamp) {
        switch body {
        case .taskReady(let reason):
            if reason == .lost { noteLoss(of: task, now) }
            // An attempt that was handed back does not count as one.
            if reason == .released { self[task].attemptsBefore += 1 }
            self[task].readyReason = reason
            self[task].worker = nil
            self[task].until = nil
            set(task, .ready, now)
        case .held(let hold):
            fold(hold, task, now)
        case .budget(let event):
            fold(event, task)
        case .taskStarted(let attempt, let fence, let worker):
            self[task].attempts = attempt
            self[task].fence = fence
            self[task].worker = worker
            self[task].startedAt = self[task].startedAt ?? now
            self[task].countedSince = self[task].countedSince ?? now
            set(task, .running, now)
        case .taskCompleted(let output, let routing, let log):
            self[task].output = output
            self[task].error = nil
            self[task].chosen = routing.chosen
            self[task].log = log ?? self[task].log
            self[task].startedAt = self[task].startedAt ?? now
            finish(task, .completed, now)
            route(task, dead: routing.dead, otherwise: .taken)
        case .taskFailed(let error, let routing, let log):
            if [.running, .verifying].contains(self[task].status) { noteFailure(of: task, error, now) }
            self[task].error = error
            self[task].log = log ?? self[task].log
            self[task].startedAt = self[task].startedAt ?? now
            finish(task, .failed, now)
            let continues = graph.nodes[task.node].continueOnFailure
            if graph.nodes[task.node].onExhausted == .compensate { compensations.isRequested = true }
            route(task, dead: routing.dead, otherwise: continues ? .taken : .broken)
        case .taskRetrying(let error, let next, _, let log):
            noteFailure(of: task, error, now)
            leaveBody(of: task)
            self[task].error = error
            self[task].until = next
            self[task].worker = nil
            self[task].log = log ?? self[task].log
            set(task, .retrying, now)
        case .taskSkipped(let reason, let routing):
            self[task].skipReason = reason
            finish(task, .skipped, now)
            route(task, dead: routing.dead, otherwise: Self.edgeState(after: reason))
        case .taskCancelled(let reason):
            self[task].isCutOff = reason.isEndOfRun
            self[task].isCalledOff = reason.isRequest
            finish(task, .cancelled, now)
            route(task, dead: [], otherwise: .broken)
        case .again(let event):
            fold(event, task, now)
        case .child(let event):
            fold(event, task, now)
        case .signal(let event):
            fold(event, task, now)
        case .loop(let event):
            fold(event, task, now)
        case .map(let event):
            fold(event, task, now)
        case .team(let event):
            fold(event, task)
        case .human(let event):
            fold(event, task, now)
        case .review(let event):
            fold(event, task, now)
        case .supervision(let event):
            fold(event, task)
        case .compensation(let event):
            fold(event, task, now)
        case .verification(let event):
            fold(event, task, now)
        default:
            foldWait(body, task, now)
        }
    }

    private mutating func foldWait(_ body: Event.Body, _ task: TaskRef, _ now: Timestamp) {
        switch body {
        case .taskWaiting(let until):
            self[task].until = until
            self[task].startedAt = now
            set(task, .waiting, now)
        case .runFailed(let error):
            // The event names the task that is to blame.
            failedTask = task
            self.error = error
            end(.failed, now)
        default:
            break
        }
    }

    static func edgeState(after reason: SkipReason) -> EdgeState {
        switch reason {
        case .condition, .human, .exhausted: .taken
        case .branch, .upstreamSkipped: .dead
        case .upstreamFailed: .broken
        }
    }

    private mutating func finish(_ task: TaskRef, _ status: TaskStatus, _ now: Timestamp) {
        self[task].endedAt = now
        self[task].until = nil
        self[task].worker = nil
        set(task, status, now)
        leaveBody(of: task)
    }

    /// A loop or map that does not run has nothing within.
    mutating func leaveBody(of task: TaskRef) {
        guard graph.nodes[task.node].kind.isContainer else { return }
        closeScopes(of: task)
        loops[task] = nil
        maps[task] = nil
        teams[task] = nil
    }

    mutating func set(_ task: TaskRef, _ status: TaskStatus, _ now: Timestamp) {
        let old = self[task].status
        count(task, old, by: -1)
        count(task, status, by: 1)
        self[task].status = status
        self[task].since = now
        if !holds.isEmpty { holds[task] = nil }
        forgetClaim(of: task, status)
        forgetSteps(of: task, status)
        forgetVerification(of: task, status)
        if old != status { self[task].attention = nil }
        movePhase(of: task, old, status)
        let (ended, failed) = (status.isTerminal ? 1 : 0, status == .failed ? 1 : 0)
        let (before, failedBefore) = (old.isTerminal ? 1 : 0, old == .failed ? 1 : 0)
        _ = withScope(task.scope) { scope in
            scope.open -= ended - before
            scope.failed += failed - failedBefore
        }
    }

    mutating func count(_ task: TaskRef, _ status: TaskStatus, by change: Int) {
        if status == .running && graph.nodes[task.node].kind.isEngineRun { return }
        counts[Self.slot(of: status)] += change
    }

    /// Resolves the outgoing edges. Both lists are in rising order, so one pass over each is enough.
    mutating func route(_ task: TaskRef, dead: [Int], otherwise: EdgeState) {
        let body = graph.bodies[graph.body(of: task.node)]
        let edges = HeldEdges(task: task, dead: dead, otherwise: otherwise)
        let outgoing = holdBack(edges, body.outgoing[graph.position(of: task.node)], of: body)
        _ = withScope(task.scope) { $0.route(outgoing, of: body, dead: dead, otherwise: otherwise) }
    }

    /// Keeps the edges that lead out of an open group, or out of a phase that has to be rolled back first, as they
    /// are.
    ///
    /// - Returns: The others.
    private mutating func holdBack(_ edges: HeldEdges, _ outgoing: [Int], of body: RunGraph.Body) -> [Int] {
        let task = edges.task
        if let index = patches.index(holding: task) {
            patches.all[index].held.append(edges)
            return []
        }
        var free = outgoing
        if body.hasGroups, let group = openGroup(of: task) {
            free = outgoing.filter { graph.nodes[body.nodes[body.edges[$0].to]].group == group.name }
            if free.count < outgoing.count { setGroup(group) { $0.held.append(edges) } }
        }
        if !phases.isEmpty, task.scope == 0, let phase = graph.phase(of: task.node), isHeld(phase) {
            let inside = free.filter { graph.phase(of: body.nodes[body.edges[$0].to]) == phase }
            if inside.count < free.count { phases[phase].held.append(edges) }
            free = inside
        }
        return free
    }
}

extension RunState.Scope {
    fileprivate mutating func route(
        _ outgoing: [Int],
        of body: RunGraph.Body,
        dead: [Int],
        otherwise: RunState.EdgeState
    ) {
        var rest = dead[...]
        for edge in outgoing where edges[edge] == .unresolved {
            while let first = rest.first, first < edge { rest = rest.dropFirst() }
            let state = rest.first == edge ? .dead : otherwise
            edges[edge] = state
            let target = body.edges[edge].to
            tasks[target].count(state, by: 1)
        }
    }
}

extension RunState.TaskState {
    /// Counts an incoming edge in that state.
    mutating func count(_ edge: RunState.EdgeState, by change: Int32) {
        switch edge {
        case .taken: taken += change
        case .dead: dead += change
        case .broken: broken += change
        case .unresolved: break
        }
    }
}
