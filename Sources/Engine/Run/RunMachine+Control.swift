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
        goOn(all: true)
    }

    /// What a pause held back goes on, unless something else holds the run.
    ///
    /// - Parameter all: Tasks that wait for an executor are offered too; without it the shell has done that.
    mutating func goOn(all: Bool) {
        guard !isHeld, state.status != .paused, !state.status.isTerminal else { return }
        guard state.status != .queued else { return effects.append(.askToBegin) }
        resumeExhausted()
        for task in state.allTasks where state.has(task) && state.isStartable(task) && !isOffered(task) {
            if state.waitsForPauseEnd(task) {
                state[task].readyReason == .review ? startOver(task) : activate(task)
            } else if all {
                offer(task)
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

    /// Ends the run at once: nothing gets time to stop, and nothing is undone. A rollback ends where it is.
    mutating func terminate(_ reason: String?) throws(Refusal) {
        guard !state.status.isTerminal else { throw .state(refusal(of: "terminate")) }
        isKilling = true
        defer { isKilling = false }
        let isUndoing = state.status == .compensating
        cancelOpenTasks(reason: "run_cancelled")
        leaveDetached()
        if isUndoing {
            let why = reason.map { ": \($0)" } ?? ""
            let message = "\(turn.actor ?? "system") terminated the rollback\(why)"
            let error = TaskError(code: "compensation.failed", errorClass: .permanent, message: message)
            emit(Event(actor: turn.actor, body: .compensation(.runCompensationFailed(error))))
        } else {
            emit(Event(actor: turn.actor, body: .runCancelled(reason: reason, isTerminated: true)))
        }
        effects.append(.disarm(task: .run, kind: .deadline))
    }

    func refusal(of verb: String) -> String {
        "cannot \(verb) \(state.id): it is \(state.status.rawValue)"
    }

    /// A timer that no longer fits the state changes nothing: it lost the race.
    mutating func timerFired(_ task: TaskRef, _ kind: TimerKind) {
        guard !state.status.isTerminal else { return }
        if case .deadline = kind { return deadlinePassed() }
        if case .phaseTimeout = kind, let phase = task.phase { return phaseTimedOut(phase) }
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
        case (.wait, .waiting) where state.awaitsAnswer(task):
            lookForAnswer(task)
        case (.wait, .waiting) where state[task].openRequest == nil:
            if case .waitSignal(let awaited) = state.node(task).kind {
                signalTimedOut(task, awaited)
            } else {
                endWait(task, .null)
            }
        case (.humanExpiry, _), (.humanReminder, _), (.humanClaim, _):
            peopleTimerFired(task, kind)
        case (.scheduleTimeout, _) where state.isStartable(task):
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

extension RunState {
    /// A ready task that has to be looked at again before it goes on, because a pause came before that.
    func waitsForPauseEnd(_ task: TaskRef) -> Bool {
        guard self[task].status == .ready else { return false }
        switch self[task].readyReason {
        case .paused, .review: return true
        default: return node(task).kind.isEngineRun
        }
    }
}
