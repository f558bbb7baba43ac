// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Commands of people and of the clock (spec 3.11, 7.2).
extension RunMachine {
    mutating func pause(_ reason: String?) throws(Refusal) {
        guard !state.status.isTerminal, state.status != .paused else { throw .state(refusal(of: "pause")) }
        emit(Event(actor: turn.actor, body: .runPaused(reason: reason)))
    }

    /// Goes on: offers what is ready and looks at what was held back.
    mutating func resume() throws(Refusal) {
        guard state.status == .paused else { throw .state(refusal(of: "resume")) }
        emit(Event(actor: turn.actor, body: .runResumed))
        for node in state.tasks.indices where state.tasks[node].status == .ready {
            if state.tasks[node].readyReason == .paused {
                activate(node)
            } else {
                offer(node)
            }
        }
    }

    mutating func cancel(_ reason: String?) throws(Refusal) {
        guard !state.status.isTerminal else { throw .state(refusal(of: "cancel")) }
        cancelOpenTasks(reason: "run_cancelled")
        emit(Event(actor: turn.actor, body: .runCancelled(reason: reason)))
        effects.append(.disarm(node: -1, kind: .deadline))
    }

    private func refusal(of verb: String) -> String {
        "cannot \(verb) \(state.id): it is \(state.status.rawValue)"
    }

    mutating func decide(
        _ node: Int,
        _ request: HumanTaskID,
        _ isApproved: Bool,
        _ comment: String?
    ) throws(Refusal) {
        guard state.tasks.indices.contains(node), state.tasks[node].status == .waiting,
            state.tasks[node].humanTask?.id == request
        else { throw .state("\(request) is not open") }
        resolve(node, request, isApproved, by: turn.actor ?? "system", comment)
        effects.append(.disarm(node: node, kind: .humanExpiry))
    }

    private mutating func resolve(
        _ node: Int,
        _ request: HumanTaskID,
        _ isApproved: Bool,
        by: String,
        _ comment: String?
    ) {
        let decision = Event.HumanDecision(id: request, isApproved: isApproved, by: by, comment: comment)
        emit(node, .humanTaskResolved(decision), actor: by)
        let output: JSONObject = [
            "approved": .bool(isApproved),
            "choice": isApproved ? "approve" : "reject",
            "values": [:],
            "comment": comment.map(JSONValue.string) ?? .null,
            "by": .string(by),
            "at": .string(turn.now.description),
        ]
        complete(node, payload(.object(output)), nil)
    }

    /// A timer that no longer fits the state changes nothing: it lost the race.
    mutating func timerFired(_ node: Int, _ kind: TimerKind) {
        guard !state.status.isTerminal else { return }
        if case .deadline = kind { return deadlinePassed() }
        guard state.tasks.indices.contains(node) else { return }
        switch (kind, state.tasks[node].status) {
        case (.retry, .retrying):
            emit(node, .taskReady(.retry))
            offer(node)
        case (.wait, .waiting) where state.tasks[node].humanTask == nil:
            complete(node, payload(["fired_at": .string(turn.now.description), "signal": nil]), nil)
        case (.humanExpiry, .waiting):
            if let request = state.tasks[node].humanTask { expire(node, request.id) }
        default:
            break
        }
    }

    private mutating func deadlinePassed() {
        let error = TaskError(
            code: "deadline.exceeded",
            errorClass: .permanent,
            message: "the run did not end within \(state.graph.deadline?.text ?? "its deadline")"
        )
        failRun(error, nil)
    }

    private mutating func expire(_ node: Int, _ request: HumanTaskID) {
        guard case .human(let human) = state.graph.nodes[node].kind else { return }
        emit(node, .humanTaskExpired(request))
        switch human.onExpiry {
        case .approve, .reject:
            resolve(node, request, human.onExpiry == .approve, by: "system", "nobody decided in time")
        case .skip:
            skip(node, .human)
        case .fail, .choice, .escalate:
            let message = "nobody decided within \(human.deadline.text)"
            fail(node, TaskError(code: "deadline.exceeded", errorClass: .permanent, message: message), nil)
        }
    }
}
