// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Requests to people (spec 7.1, 7.2): how they are made, answered, held, passed on, and how they expire.
extension RunMachine {
    /// A `human` node asks.
    mutating func ask(_ task: TaskRef, _ human: Graph.Human) throws(TaskError) {
        let evidence = try human.evidence.map { template throws(TaskError) in
            payload(try evaluate(template, "evidence"))
        }
        let choices = human.choices.compactMap(HumanChoice.init(json:))
        let half = Duration.milliseconds(human.deadline.milliseconds / 2)
        let most = Duration.milliseconds(human.deadline.milliseconds / 10 * 9)
        let request = HumanRequest(
            id: nextHumanTaskID(task),
            kind: human.kind,
            title: try text(human.title, "title"),
            message: try text(human.message, "message"),
            choices: choices.isEmpty ? human.kind.usualChoices : choices,
            form: human.form,
            evidence: evidence,
            assignees: human.assignees,
            quorum: human.quorum,
            expiresAt: turn.now + human.deadline,
            onExpiry: human.onExpiry,
            reminders: (human.reminders ?? [half, most]).sorted()
        )
        open(request, for: task)
    }

    /// Makes a request that belongs to a task. One in review stays there; another one waits.
    mutating func open(_ request: HumanRequest, for task: TaskRef) {
        emit(task, .human(.opened(request)))
        armPeople(task)
    }

    /// Takes in what a person does with a request.
    mutating func person(_ task: TaskRef, _ id: HumanTaskID, _ action: PersonAction) throws(Refusal) {
        guard !state.status.isTerminal, let human = openRequest(of: task, id) else {
            throw .closed("\(id) is not open; nothing was changed")
        }
        let by = turn.actor ?? "system"
        switch action {
        case .answer(let answer): try self.answer(task, human, answer, by)
        case .claim: try claim(task, human, by)
        case .release: try release(task, human, by)
        case .reassign(let assignees): try reassign(task, human, assignees, by)
        }
    }

    /// The request, if it is open: that of a task, or of the run itself about a patch.
    private func openRequest(of task: TaskRef, _ id: HumanTaskID) -> HumanTask? {
        guard task != .run else {
            let human = state.patches.index(reviewedBy: id).flatMap { state.patches.all[$0].review }
            return human.flatMap { $0.isClosed ? nil : $0 }
        }
        return state.has(task) ? state[task].openRequest.flatMap { $0.id == id ? $0 : nil } : nil
    }

    /// Writes down what happens to a request.
    private mutating func note(_ task: TaskRef, _ event: HumanEvent, by actor: String?) {
        emit(Event(task: task == .run ? nil : task, actor: actor, body: .human(event)))
    }

    func nextHumanTaskID(_ task: TaskRef) -> HumanTaskID {
        // Ids of runs differ, tasks of one run too, and one task asks once in a turn.
        let mixed = state.id.low &+ UInt64(bitPattern: Int64(task.number &+ 1)) &* 0x9e37_79b9_7f4a_7c15
        return HumanTaskID(
            high: UInt64(turn.now.milliseconds) << 16 | turn.entropy & 0xffff,
            low: mixed ^ (turn.entropy >> 16)
        )
    }

    // MARK: Answers

    private mutating func answer(
        _ task: TaskRef,
        _ human: HumanTask,
        _ answer: HumanAnswer,
        _ by: String
    ) throws(Refusal) {
        if let earlier = human.decisions.first(where: { $0.by == by }) {
            guard earlier.choice == answer.choice else {
                throw .state("\(by) chose `\(earlier.choice)` already; nothing was changed")
            }
            return
        }
        try checkClaim(human, by)
        let choice = try HumanAnswerCheck(request: human.request).check(answer)
        let decision = HumanDecision(
            by: by,
            choice: choice.id,
            values: payload(.object(answer.values)),
            comment: answer.comment,
            via: answer.via
        )
        let votes = human.decisions.count { $0.choice == choice.id } + 1
        if choice.isRejection || votes >= human.request.quorum {
            settle(task, human, choice, decision)
        } else {
            note(task, .decided(human.id, decision), by: by)
            effects.append(.disarm(task: task, kind: .humanClaim))
        }
    }

    private mutating func settle(
        _ task: TaskRef,
        _ human: HumanTask,
        _ choice: HumanChoice,
        _ decision: HumanDecision
    ) {
        note(task, .resolved(human.id, decision), by: decision.by)
        disarmPeople(task)
        switch human.request.purpose {
        case .node: answered(task, human.request, choice, decision)
        case .review: reviewed(task, decision)
        case .call: callDecided(task, human.request, decision)
        case .check: checkAnswered(task, agrees: human.request.agrees(choice), decision)
        case .verdict: verdictGiven(task, decision)
        case .patch:
            if let index = state.patches.index(reviewedBy: human.id) {
                patchReviewed(state.patches.all[index].number, decision)
            }
        }
    }

    /// What an answer makes of the `human` node that asked.
    private mutating func answered(
        _ task: TaskRef,
        _ request: HumanRequest,
        _ choice: HumanChoice,
        _ decision: HumanDecision
    ) {
        switch (request.kind, choice.id) {
        case (.escalation, "skip"):
            skip(task, .human)
        case (.escalation, "fail"), (.review, "reject"):
            let reason = decision.comment.map { ": \($0)" } ?? ""
            let message = "\(decision.by) chose `\(choice.id)`\(reason)"
            fail(task, TaskError(code: "human_task.rejected", errorClass: .permanent, message: message), nil)
        default:
            let output: JSONObject = [
                "approved": .bool(request.agrees(choice)),
                "choice": .string(choice.id),
                "values": decision.values.value,
                "comment": decision.comment.map(JSONValue.string) ?? .null,
                "by": .string(decision.by),
                "at": .string(turn.now.description),
            ]
            complete(task, payload(.object(output)), nil)
        }
    }

    // MARK: Claims and assignees

    /// Somebody else works on it.
    private func checkClaim(_ human: HumanTask, _ by: String) throws(Refusal) {
        guard let claim = human.claim, claim.by != by, claim.until > turn.now else { return }
        throw .state("\(human.id) is claimed by \(claim.by) until \(claim.until); nothing was changed")
    }

    private mutating func claim(_ task: TaskRef, _ human: HumanTask, _ by: String) throws(Refusal) {
        try checkClaim(human, by)
        let until = turn.now + HumanClaim.span
        note(task, .claimed(human.id, HumanClaim(by: by, until: until)), by: by)
        effects.append(.arm(task: task, kind: .humanClaim, at: until))
    }

    private mutating func release(_ task: TaskRef, _ human: HumanTask, _ by: String) throws(Refusal) {
        try checkClaim(human, by)
        guard human.claim != nil else { throw .state("\(human.id) is not claimed; nothing was changed") }
        note(task, .released(human.id), by: by)
        effects.append(.disarm(task: task, kind: .humanClaim))
    }

    private mutating func reassign(
        _ task: TaskRef,
        _ human: HumanTask,
        _ assignees: [String],
        _ by: String
    ) throws(Refusal) {
        try checkClaim(human, by)
        guard (1...50).contains(assignees.count) else {
            throw .invalid("a request is for 1 to 50 assignees, not \(assignees.count)")
        }
        for assignee in assignees where !HumanAnswerCheck.isAssignee(assignee) {
            throw .invalid("`\(assignee)` is no assignee; write `user:ID`, `role:NAME` or `owner`")
        }
        note(task, .reassigned(human.id, to: assignees), by: by)
        effects.append(.disarm(task: task, kind: .humanClaim))
    }

    // MARK: Time

    /// A timer of a request came; one that no longer fits the state changes nothing.
    mutating func peopleTimerFired(_ task: TaskRef, _ kind: TimerKind) {
        guard let human = state[task].openRequest else { return }
        switch kind {
        case .humanExpiry:
            if let expiresAt = human.expiresAt, expiresAt <= turn.now { expire(task, human) }
        case .humanReminder:
            let due = human.request.reminders.prefix { human.askedAt + $0 <= turn.now }.count
            guard due > human.remindersDone else { return }
            emit(task, .human(.reminded(human.id, number: due)))
            armReminder(task)
        case .humanClaim:
            guard let claim = human.claim, claim.until <= turn.now else { return }
            emit(task, .human(.released(human.id)))
        default:
            break
        }
    }

    private mutating func expire(_ task: TaskRef, _ human: HumanTask) {
        let rule = human.request.onExpiry ?? nodeExpiry(task)
        if case .escalate(let role) = rule, human.escalations < 2, let expiresAt = human.expiresAt {
            let next = turn.now + (expiresAt - human.askedAt)
            emit(task, .human(.escalated(human.id, to: ["role:\(role)"], expiresAt: next)), actor: "system")
            effects.append(.disarm(task: task, kind: .humanClaim))
            return armPeople(task)
        }
        emit(task, .human(.expired(human.id)), actor: "system")
        disarmPeople(task)
        if human.request.purpose == .check { return checkExpired(task, waited: turn.now - human.askedAt) }
        switch rule {
        case .approve: settle(task, human, choosing: HumanChoice.id(agreeing: true, among: human.request.choices))
        case .reject: settle(task, human, choosing: HumanChoice.id(agreeing: false, among: human.request.choices))
        case .choice(let id): settle(task, human, choosing: id)
        case .skip: skip(task, .human)
        case .fail, .escalate:
            let waited = (turn.now - human.askedAt).text
            let more = human.escalations > 0 ? ", passed on \(human.escalations) times" : ""
            let message = "nobody decided within \(waited)\(more)"
            fail(task, TaskError(code: "deadline.exceeded", errorClass: .permanent, message: message), nil)
        }
    }

    private mutating func settle(_ task: TaskRef, _ human: HumanTask, choosing id: String) {
        let decision = HumanDecision(by: "system", choice: id, comment: "nobody decided in time")
        settle(task, human, human.request.choice(id) ?? HumanChoice(id), decision)
    }

    private func nodeExpiry(_ task: TaskRef) -> Graph.Human.Expiry {
        guard case .human(let human) = state.node(task).kind else { return .fail }
        return human.onExpiry
    }

    private mutating func armPeople(_ task: TaskRef) {
        if let at = state[task].openRequest?.expiresAt {
            effects.append(.arm(task: task, kind: .humanExpiry, at: at))
        }
        armReminder(task)
    }

    private mutating func armReminder(_ task: TaskRef) {
        guard let next = state[task].openRequest?.nextReminder(after: turn.now) else { return }
        effects.append(.arm(task: task, kind: .humanReminder, at: next.at))
    }

    private mutating func disarmPeople(_ task: TaskRef) {
        for kind in [TimerKind.humanExpiry, .humanReminder, .humanClaim] {
            effects.append(.disarm(task: task, kind: kind))
        }
    }

    /// The task ends before anybody answered.
    mutating func closeRequest(of task: TaskRef) {
        guard let human = state[task].openRequest else { return }
        emit(task, .human(.cancelled(human.id)))
        disarmPeople(task)
    }
}
