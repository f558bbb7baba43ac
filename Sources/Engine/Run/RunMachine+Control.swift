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
        for task in state.allTasks where state.has(task) && state[task].status == .ready {
            if state[task].readyReason == .paused {
                activate(task)
            } else {
                offer(task)
            }
        }
        proceed()
    }

    mutating func cancel(_ reason: String?, compensate: Bool) throws(Refusal) {
        guard !state.hasEnded else { throw .state(refusal(of: "cancel")) }
        cancelOpenTasks(reason: "run_cancelled")
        leaveDetached()
        emit(Event(actor: turn.actor, body: .runCancelled(reason: reason)))
        effects.append(.disarm(task: .run, kind: .deadline))
        if compensate { rollBackRun(.run) }
    }

    func refusal(of verb: String) -> String {
        "cannot \(verb) \(state.id): it is \(state.status.rawValue)"
    }

    mutating func decide(
        _ task: TaskRef,
        _ request: HumanTaskID,
        _ isApproved: Bool,
        _ comment: String?
    ) throws(Refusal) {
        guard state.has(task), state[task].status == .waiting,
            state[task].humanTask?.id == request
        else { throw .state("\(request) is not open") }
        resolve(task, request, isApproved, by: turn.actor ?? "system", comment)
        effects.append(.disarm(task: task, kind: .humanExpiry))
    }

    private mutating func resolve(
        _ task: TaskRef,
        _ request: HumanTaskID,
        _ isApproved: Bool,
        by: String,
        _ comment: String?
    ) {
        let decision = Event.HumanDecision(id: request, isApproved: isApproved, by: by, comment: comment)
        emit(task, .humanTaskResolved(decision), actor: by)
        let output: JSONObject = [
            "approved": .bool(isApproved),
            "choice": isApproved ? "approve" : "reject",
            "values": [:],
            "comment": comment.map(JSONValue.string) ?? .null,
            "by": .string(by),
            "at": .string(turn.now.description),
        ]
        complete(task, payload(.object(output)), nil)
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
        case (.wait, .waiting) where state[task].humanTask == nil:
            if case .waitSignal(let awaited) = state.node(task).kind {
                signalTimedOut(task, awaited)
            } else {
                endWait(task, .null)
            }
        case (.humanExpiry, .waiting):
            if let request = state[task].humanTask { expire(task, request.id) }
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

    private mutating func expire(_ task: TaskRef, _ request: HumanTaskID) {
        guard case .human(let human) = state.node(task).kind else { return }
        emit(task, .humanTaskExpired(request))
        switch human.onExpiry {
        case .approve, .reject:
            resolve(task, request, human.onExpiry == .approve, by: "system", "nobody decided in time")
        case .skip:
            skip(task, .human)
        case .fail, .choice, .escalate:
            let message = "nobody decided within \(human.deadline.text)"
            fail(task, TaskError(code: "deadline.exceeded", errorClass: .permanent, message: message), nil)
        }
    }
}
