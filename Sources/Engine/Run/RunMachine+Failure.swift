// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// Retries, failures, and the end of a run (spec 3.8, 3.9).
extension RunMachine {
    /// Tries again later, or gives up.
    mutating func attemptFailed(_ task: TaskRef, _ error: TaskError, _ log: BlobRef?) {
        let definition = state.node(task)
        let before = state[task]
        let attempt = before.countedAttempts
        let unit = Double(turn.entropy >> 11) / Double(1 << 53)
        guard let wait = definition.retry.wait(afterAttempt: attempt, error: error, unit: unit), attempt > 0,
            isRepeated(definition)
        else { return giveUp(task, error, log) }
        let next = turn.now + wait
        let first = before.countedSince ?? turn.now
        let limits = [definition.totalTimeout, definition.retry.maxElapsed].compactMap { $0.map { first + $0 } }
        guard limits.allSatisfy({ next < $0 }) else { return giveUp(task, error, log) }
        do throws(TaskError) {
            guard try isWorthRetrying(task, error, attempt) else { return giveUp(task, error, log) }
        } catch {
            return giveUp(task, error, log)
        }
        emit(task, .taskRetrying(error, next: next, unit: unit, log: log))
        effects.append(.arm(task: task, kind: .retry, at: next))
    }

    /// Asks `retry.when`.
    private func isWorthRetrying(_ task: TaskRef, _ error: TaskError, _ attempt: Int) throws(TaskError) -> Bool {
        guard let condition = state.node(task).retryCondition else { return true }
        var variables = state.locals(of: task)
        variables["error"] = error.json
        variables["attempt"] = .int(Int64(attempt))
        do {
            let scope = state.snapshot(for: [condition], in: task.scope, at: turn.now, extra: variables)
            return try condition.condition(in: scope)
        } catch {
            throw TaskError(expression: error, "`retry.when`")
        }
    }

    // MARK: schedule_timeout

    /// Watches how long a task stays ready, if its node bounds that.
    mutating func limitScheduling(_ task: TaskRef, _ body: Event.Body) {
        guard let limit = state.node(task).scheduleTimeout else { return }
        switch body {
        case .taskReady, .review(.resumed):
            effects.append(.arm(task: task, kind: .scheduleTimeout, at: turn.now + limit))
        case .taskStarted, .taskCancelled, .taskSkipped, .taskCompleted, .taskFailed, .taskWaiting, .human(.opened):
            effects.append(.disarm(task: task, kind: .scheduleTimeout))
        default:
            break
        }
    }

    /// No executor took the task in time.
    mutating func notStartedInTime(_ task: TaskRef) {
        let limit = state.node(task).scheduleTimeout?.text ?? ""
        let error = TaskError(
            code: "deadline.exceeded",
            errorClass: .permanent,
            message: "it was ready for \(limit) and no executor took it, which is its schedule_timeout"
        )
        effects.append(.withdraw(task: task))
        giveUp(task, error, nil)
    }

    /// What failed within a loop or map has been repeated there; as a whole it is only when the document says so.
    private func isRepeated(_ definition: Graph.Node) -> Bool {
        !definition.kind.isEngineRun || definition.retry.maxAttempts != nil
    }

    mutating func fail(_ task: TaskRef, _ error: TaskError, _ log: BlobRef?) {
        if state.compensation(of: task) != nil { return compensationFailed(task, error, log) }
        noteDeadLetter(task, error)
        emit(task, .taskFailed(error, routing: routingAfterFailure(task), log: log))
        notifyTargets(task)
        if error.errorClass == .fatal { failRun(error, task) }
    }

    // MARK: Handled or not

    /// A failure in the scope was left unhandled, and it starts nothing but `done` joins.
    mutating func isDraining(_ scope: Int) -> Bool {
        guard state.graph.definition.failurePolicy != .continue, state.compensations.running[scope] == nil else {
            return false
        }
        return firstUnhandledFailure(in: scope) != nil
    }

    /// The first failed task of a scope that nothing can absorb any more.
    mutating func firstUnhandledFailure(in scope: Int) -> TaskRef? {
        if unhandled[scope] == nil && newFailures.contains(scope), let tasks = state.scope(scope)?.tasks {
            let body = state.body(of: scope)
            unhandled[scope] = tasks.indices.first {
                tasks[$0].status == .failed && disposition(ofFailure: $0, tasks, body, in: scope) == .unhandled
            }.map { TaskRef(scope: scope, node: body.nodes[$0]) }
            newFailures.remove(scope)
        }
        return unhandled[scope]
    }

    enum Disposition { case handled, undecided, unhandled }

    /// Follows a failure along the nodes it made impossible to the joins that may absorb it.
    func disposition(
        ofFailure failed: Int,
        _ tasks: [RunState.TaskState],
        _ body: RunGraph.Body,
        in scope: Int
    ) -> Disposition {
        let nodes = state.graph.nodes
        guard !nodes[body.nodes[failed]].continueOnFailure else { return .handled }
        if body.hasGroups, state.openGroup(of: TaskRef(scope: scope, node: body.nodes[failed])) != nil {
            return .undecided
        }
        var isUndecided = false
        var seen: Set<Int> = [failed]
        var work = [failed]
        while let position = work.popLast() {
            for edge in body.outgoing[position] {
                let target = body.edges[edge].to
                guard seen.insert(target).inserted else { continue }
                let task = tasks[target]
                if task.status == .blocked {
                    isUndecided = true
                } else if task.skipReason == .upstreamFailed || task.status == .cancelled {
                    work.append(target)
                } else if nodes[body.nodes[target]].join != .all, task.skipReason != .upstreamSkipped {
                    return .handled
                }
            }
        }
        return isUndecided ? .undecided : .unhandled
    }

    // MARK: The end

    /// Closes the turn: decides whether the run ends, waits or goes on. Call once, after the last start.
    mutating func settle() {
        offered = []
        closeTurn()
        // A rollback that begins here has been offered to nobody.
        propagate()
        for task in offered.sorted() { queue(task) }
        offered = []
        checkLength()
    }

    /// Fails a run whose history is longer than it may be; what is stopped then still goes into it.
    private mutating func checkLength() {
        let limit = Int64(state.graph.definition.limits.maxEvents ?? Self.usualLength)
        guard state.ownSequence > limit, !state.hasEnded else { return }
        let error = TaskError(
            code: "events.exceeded",
            errorClass: .permanent,
            message: "the run has \(state.ownSequence) events; `limits.max_events` is \(limit)"
        )
        failRun(error, nil)
        propagate()
        for task in offered.sorted() { queue(task) }
        offered = []
    }

    /// `limits.max_events` of documents that do not say.
    static let usualLength = 1_000_000

    private mutating func closeTurn() {
        guard !state.hasEnded, state.status != .paused, state.status != .queued else { return }
        if let failed = firstUnhandledFailure(in: 0) {
            switch state.graph.definition.failurePolicy {
            case .failFast where !state.compensations.isRollingBack: return failRun(at: failed)
            case .drain where !isActive(), .compensate where !isActive(): return failRun(at: failed)
            case .failFast, .drain, .continue, .compensate: break
            }
        }
        if state.root.open == 0, !isHeldByChild, !state.patches.isHolding, !state.compensations.isRollingBack {
            finish()
        } else {
            updateWait()
        }
    }

    /// Something is in flight, waits, or may still start.
    private mutating func isActive() -> Bool {
        let busy: [TaskStatus] = [.running, .verifying, .waiting, .retrying, .needsReview]
        let held = state.heldByBudget
        if busy.reduce(-held, { $0 + state.count($1) }) > 0 { return true }
        guard state.count(.ready) + held > 0 else { return false }
        for task in state.allTasks where state.isStartable(task) && !isStoppedByFailure(task) { return true }
        return false
    }

    private mutating func finish() {
        if let failed = firstUnhandledFailure(in: 0) { return failRun(at: failed) }
        do throws(TaskError) {
            let outputs = try evaluate(state.graph.definition.outputs, "outputs")
            withdrawPatches()
            emit(Event(body: .runCompleted(outputs: payload(outputs))))
            effects.append(.disarm(task: .run, kind: .deadline))
        } catch {
            failRun(error, nil)
        }
    }

    private mutating func updateWait() {
        if state.count(.ready) + state.count(.running) + state.count(.verifying) > 0 {
            if state.status == .waiting { emit(Event(body: .runResumed)) }
            return
        }
        let isRetrying =
            state.count(.retrying) > 0 && state.count(.waiting) + state.count(.needsReview) + state.count(.ready) == 0
        let reason: WaitReason = isRetrying ? .retry : waitingReason
        if state.status != .waiting || state.waitReason != reason { emit(Event(body: .runWaiting(reason))) }
    }

    /// What somebody can do something about comes first: a person, a signal, another run, the clock.
    private var waitingReason: WaitReason {
        // Who drives runs looks for this one; a person may answer all the same.
        if state.heldByBudget > 0 { return .budget }
        if state.count(.needsReview) > 0 || state.patches.isHolding { return .human }
        var reasons: Set<WaitReason> = isHeldByChild ? [.external] : []
        for (_, scope) in state.openScopes {
            for task in scope.tasks where task.status == .waiting {
                if task.openRequest != nil { return .human }
                reasons.insert(task.awaited != nil ? .signal : task.child != nil ? .external : .timer)
            }
        }
        return [WaitReason.signal, .external].first(where: reasons.contains) ?? .timer
    }

    private mutating func failRun(at task: TaskRef) {
        let cause = state[task].error
        let error = TaskError(
            code: cause?.code ?? "internal",
            errorClass: cause?.errorClass ?? .permanent,
            message: "task `\(state.node(task).id)` failed: \(cause?.message ?? "no reason was recorded")"
        )
        failRun(error, task)
    }

    mutating func failRun(_ error: TaskError, _ task: TaskRef?) {
        guard !state.hasEnded else { return }
        endRun(failedWith: error, task)
        let isUndone = state.graph.definition.failurePolicy == .compensate || state.compensations.isRequested
        if isUndone { rollBackRun(.run) }
    }

    /// The run fails, whatever it does.
    mutating func endRun(failedWith error: TaskError, _ task: TaskRef?) {
        cancelOpenTasks(reason: "run_failed")
        leaveDetached()
        withdrawPatches()
        emit(Event(task: task, body: .runFailed(error)))
        effects.append(.disarm(task: .run, kind: .deadline))
    }

    /// Ends every task that has not ended, the innermost first.
    mutating func cancelOpenTasks(reason: String) {
        for (number, _) in state.openScopes.reversed() { cancelOpenTasks(of: number, reason: reason) }
        cancelCompensations()
        forgetChanges()
    }

    /// Ends every open task of a scope, and of the scopes within.
    mutating func cancelOpenTasks(of scope: Int, reason: String) {
        guard state.scope(scope) != nil else { return }
        for node in state.body(of: scope).nodes {
            let task = TaskRef(scope: scope, node: node)
            if !state[task].status.isTerminal { cancelTask(task, reason: reason) }
        }
    }

    mutating func cancelTask(_ task: TaskRef, reason: String) {
        stopWork(of: task, reason: reason)
        emit(task, .taskCancelled(reason: reason))
    }

    /// Ends what a task has going on: its attempt, its wait, what is within it.
    mutating func stopWork(of task: TaskRef, reason: String) {
        let before = state[task]
        if state.node(task).kind.isEngineRun {
            for scope in state.scopes(of: task) { cancelOpenTasks(of: scope, reason: reason) }
            effects.append(.disarm(task: task, kind: .timeout))
        }
        switch before.status {
        case .running where !state.node(task).kind.isEngineRun:
            effects.append(.stopAttempt(task: task, fence: before.fence, isKilled: isKilling))
            effects.append(.attemptEnded(task: task, fence: before.fence))
        case .verifying where before.worker != nil:
            effects.append(.stopAttempt(task: task, fence: before.fence, isKilled: isKilling))
            effects.append(.attemptEnded(task: task, fence: before.fence))
        case .retrying:
            effects.append(.disarm(task: task, kind: .retry))
        case .waiting where before.openRequest == nil:
            if state.waitsForMoney(task) { effects.append(.withdraw(task: task)) }
            effects.append(.disarm(task: task, kind: .wait))
            leaveChild(of: task)
        case .waiting, .needsReview:
            closeRequest(of: task)
        case .ready, .verifying:
            effects.append(.withdraw(task: task))
        case .blocked, .running, .completed, .failed, .skipped, .cancelled, .compensated:
            break
        }
    }
}
