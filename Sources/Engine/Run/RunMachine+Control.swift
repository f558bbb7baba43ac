// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Commands of people and of the clock (spec 3.11, 7.2).
extension RunMachine {
    mutating func pause(_ reason: String?) throws(Refusal) {
        guard !state.hasEnded, state.status != .paused else { throw .state(refusal(of: "pause")) }
        emit(Event(actor: turn.actor, body: .runPaused(reason: reason)))
    }

    /// Goes on: offers what is ready and looks at what was held back.
    mutating func resume() throws(Refusal) {
        guard state.status == .paused else { throw .state(refusal(of: "resume")) }
        emit(Event(actor: turn.actor, body: .runResumed))
        guard state.status != .queued else { return effects.append(.askToBegin) }
        resumeExhausted()
        for task in state.allTasks where state.has(task) && state[task].status == .ready && !isOffered(task) {
            switch state[task].readyReason {
            case .paused: activate(task)
            case .review: startOver(task)
            default: offer(task)
            }
        }
        proceed()
    }

    mutating func cancel(_ reason: String?, compensate: Bool) throws(Refusal) {
        guard !state.hasEnded else { throw .state(refusal(of: "cancel")) }
        cancelOpenTasks(reason: "run_cancelled")
        leaveDetached()
        withdrawPatches()
        emit(Event(actor: turn.actor, body: .runCancelled(reason: reason)))
        effects.append(.disarm(task: .run, kind: .deadline))
        if compensate { rollBackRun(.run) }
    }

    func refusal(of verb: String) -> String {
        "cannot \(verb) \(state.id): it is \(state.status.rawValue)"
    }

    /// A timer that no longer fits the state changes nothing: it lost the race.
    mutating func timerFired(_ task: TaskRef, _ kind: TimerKind) {
        guard !state.status.isTerminal else { return }
        if case .deadline = kind { return deadlinePassed() }
        if case .phaseTimeout = kind { return phaseTimedOut(-2 - task.number) }
        guard state.has(task) else { return }
        switch (kind, state[task].status) {
        case (.retry, .retrying):
            retry(task)
        case (.timeout, .running), (.timeout, .waiting):
            guard state.node(task).kind.isEngineRun else { return }
            leaveChild(of: task)
            containerFailed(task, timeoutError(task))
        case (.wait, .waiting) where state.node(task).kind.isContainer:
            startIteration(task, state.loops[task]?.iterations ?? 0)
        case (.wait, .waiting) where state[task].openRequest == nil:
            if case .waitSignal(let awaited) = state.node(task).kind {
                signalTimedOut(task, awaited)
            } else {
                endWait(task, .null)
            }
        case (.humanExpiry, _), (.humanReminder, _), (.humanClaim, _):
            peopleTimerFired(task, kind)
        case (.scheduleTimeout, .ready):
            notStartedInTime(task)
        default:
            break
        }
    }

    /// The wait before another attempt is over.
    private mutating func retry(_ task: TaskRef) {
        emit(task, .taskReady(.retry))
        if state.node(task).kind.isEngineRun { activate(task) } else { offer(task) }
    }

    private mutating func deadlinePassed() {
        let error = TaskError(
            code: "deadline.exceeded",
            errorClass: .permanent,
            message: "the run did not end within \(state.graph.definition.deadline?.text ?? "its deadline")"
        )
        failRun(error, nil)
    }
}
