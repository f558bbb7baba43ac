// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// Retries, failures, and the end of a run (spec 3.8, 3.9).
extension RunMachine {
    /// Tries again later, or gives up.
    mutating func attemptFailed(_ node: Int, _ error: TaskError, _ log: BlobRef?) {
        let definition = state.graph.nodes[node]
        let task = state.tasks[node]
        let unit = Double(turn.entropy >> 11) / Double(1 << 53)
        guard
            let wait = definition.retry.wait(
                afterAttempt: task.attempts - task.lostAttempts,
                error: error,
                unit: unit
            ), task.attempts > 0
        else { return fail(node, error, log) }
        let next = turn.now + wait
        let first = task.startedAt ?? turn.now
        let limits = [definition.totalTimeout, definition.retry.maxElapsed].compactMap { $0.map { first + $0 } }
        guard limits.allSatisfy({ next < $0 }) else { return fail(node, error, log) }
        emit(node, .taskRetrying(error, next: next, unit: unit, log: log))
        effects.append(.arm(node: node, kind: .retry, at: next))
    }

    mutating func fail(_ node: Int, _ error: TaskError, _ log: BlobRef?) {
        emit(node, .taskFailed(error, routing: routingAfterFailure(node), log: log))
        notifyTargets(node)
        if error.errorClass == .fatal { failRun(error, node) }
    }

    // MARK: Handled or not

    /// A failure was left unhandled and the run starts nothing but `done` joins.
    mutating func isDraining() -> Bool {
        guard state.graph.failurePolicy != .continue else { return false }
        return firstUnhandledFailure() != nil
    }

    /// The first failed task that nothing can absorb any more.
    mutating func firstUnhandledFailure() -> Int? {
        if unhandled == nil && isFailureNew {
            unhandled = state.tasks.indices.first {
                state.tasks[$0].status == .failed && disposition(ofFailure: $0) == .unhandled
            }
            isFailureNew = false
        }
        return unhandled
    }

    private enum Disposition { case handled, undecided, unhandled }

    /// Follows a failure along the nodes it made impossible to the joins that may absorb it.
    private func disposition(ofFailure failed: Int) -> Disposition {
        let graph = state.graph
        guard !graph.nodes[failed].continueOnFailure else { return .handled }
        var isUndecided = false
        var seen: Set<Int> = [failed]
        var work = [failed]
        while let node = work.popLast() {
            for edge in graph.nodes[node].outgoing {
                let target = graph.edges[edge].to
                guard seen.insert(target).inserted else { continue }
                let task = state.tasks[target]
                if task.status == .blocked {
                    isUndecided = true
                } else if task.skipReason == .upstreamFailed || task.status == .cancelled {
                    work.append(target)
                } else if graph.nodes[target].join != .all, task.skipReason != .upstreamSkipped {
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
        guard !state.status.isTerminal, state.status != .paused else { return }
        if let failed = firstUnhandledFailure() {
            switch state.graph.failurePolicy {
            case .failFast: return failRun(at: failed)
            case .drain where !isActive(), .compensate where !isActive(): return failRun(at: failed)
            case .drain, .continue, .compensate: break
            }
        }
        if state.endedTasks == state.tasks.count {
            finish()
        } else {
            updateWait()
        }
    }

    /// Something is in flight, waits, or may still start.
    private mutating func isActive() -> Bool {
        if state.count(.running) + state.count(.waiting) + state.count(.retrying) > 0 { return true }
        guard state.count(.ready) > 0 else { return false }
        for node in state.tasks.indices where state.tasks[node].status == .ready && mayBegin(node) { return true }
        return false
    }

    private mutating func finish() {
        if let failed = firstUnhandledFailure() { return failRun(at: failed) }
        do throws(TaskError) {
            let outputs = try evaluate(state.graph.outputs, "outputs")
            emit(Event(body: .runCompleted(outputs: payload(outputs))))
            effects.append(.disarm(node: -1, kind: .deadline))
        } catch {
            failRun(error, nil)
        }
    }

    private mutating func updateWait() {
        if state.count(.ready) + state.count(.running) > 0 {
            if state.status == .waiting { emit(Event(body: .runResumed)) }
            return
        }
        let reason: WaitReason = state.count(.retrying) > 0 && state.count(.waiting) == 0 ? .retry : waitingReason
        if state.status != .waiting || state.waitReason != reason { emit(Event(body: .runWaiting(reason))) }
    }

    /// A person before the clock: that is what somebody can do something about.
    private var waitingReason: WaitReason {
        let asksPerson = state.tasks.contains { $0.status == .waiting && $0.humanTask != nil }
        return asksPerson ? .human : .timer
    }

    private mutating func failRun(at node: Int) {
        let cause = state.tasks[node].error
        let error = TaskError(
            code: cause?.code ?? "internal",
            errorClass: cause?.errorClass ?? .permanent,
            message: "task `\(state.graph.nodes[node].id)` failed: \(cause?.message ?? "no reason was recorded")"
        )
        failRun(error, node)
    }

    mutating func failRun(_ error: TaskError, _ node: Int?) {
        guard !state.status.isTerminal else { return }
        cancelOpenTasks(reason: "run_failed")
        emit(Event(node: node, body: .runFailed(error)))
        effects.append(.disarm(node: -1, kind: .deadline))
    }

    /// Ends every task that has not ended.
    mutating func cancelOpenTasks(reason: String) {
        for node in state.tasks.indices where !state.tasks[node].status.isTerminal {
            cancelTask(node, reason: reason)
        }
        pending = []
    }

    mutating func cancelTask(_ node: Int, reason: String) {
        let task = state.tasks[node]
        switch task.status {
        case .running:
            effects.append(.stopAttempt(node: node, fence: task.fence))
            effects.append(.attemptEnded(node: node, fence: task.fence))
        case .retrying:
            effects.append(.disarm(node: node, kind: .retry))
        case .waiting:
            effects.append(.disarm(node: node, kind: task.humanTask == nil ? .wait : .humanExpiry))
            if let request = task.humanTask { emit(node, .humanTaskCancelled(request.id)) }
        case .blocked, .ready, .completed, .failed, .skipped, .cancelled:
            break
        }
        emit(node, .taskCancelled(reason: reason))
    }
}
