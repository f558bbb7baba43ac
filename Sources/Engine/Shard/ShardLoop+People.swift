// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
public import Store

/// What a person asks of the loop.
enum PersonRequest: Sendable {
    case action(PersonAction)
    /// Agrees, or does not: by the choice of the request that means so.
    case decide(agrees: Bool, comment: String?)
}

/// Requests to people and their rows.
extension ShardLoop {
    /// Does what a person asks, once: an answer that this person gave before is only told again.
    mutating func person(
        _ id: HumanTaskID,
        _ request: PersonRequest,
        _ actor: String,
        _ batch: inout Batch
    ) throws(EngineError) -> HumanTaskRow {
        let row = try humanTask(id, batch)
        let action = action(request, on: row)
        guard row.status.isPending else {
            if case .answer(let answer) = action, row.isAnswered(by: actor, with: answer.choice) { return row }
            throw EngineError(.humanTaskClosed, row.closing)
        }
        let command = Command.person(task: TaskRef(number: row.key.task), request: id, action)
        _ = try handle(command, on: row.key.runKey, actor, &batch)
        if let run = runs[row.key.runKey] { collectRequests(run, &batch) }
        return batch.humanTasks[id] ?? row
    }

    private func action(_ request: PersonRequest, on row: HumanTaskRow) -> PersonAction {
        switch request {
        case .action(let action): action
        case .decide(let agrees, let comment):
            .answer(HumanAnswer(choice: HumanChoice.id(agreeing: agrees, among: row.details.choices), comment: comment))
        }
    }

    func humanTask(_ id: HumanTaskID, _ batch: Batch) throws(EngineError) -> HumanTaskRow {
        if let known = batch.humanTasks[id] { return known }
        do throws(StoreError) {
            if let row = try store.humanTask(id) { return row }
        } catch {
            throw EngineError(store: error)
        }
        throw EngineError(.notFound, "there is no request \(id)")
    }

    /// Brings the rows of a run's requests up to its newest events.
    mutating func collectRequests(_ run: OpenRun, _ batch: inout Batch) {
        let events = run.machine.events
        for event in events.dropFirst(run.eventsInRequests) {
            guard case .human(let change) = event.body,
                let row = row(after: change, of: event.task ?? .run, run, batch)
            else { continue }
            batch.commit.humanTasks.append(row)
            batch.humanTasks[row.id] = row
        }
        run.eventsInRequests = events.count
    }

    /// The row as the event leaves it; the task itself may be gone with its pass or item.
    private mutating func row(
        after change: HumanEvent,
        of task: TaskRef,
        _ run: OpenRun,
        _ batch: Batch
    ) -> HumanTaskRow? {
        if case .opened(let request) = change {
            return HumanTaskRow(request, TaskKey(run.key, task), run.state, at: batch.now)
        }
        guard var row = attempt({ loop throws(EngineError) in try loop.humanTask(change.id, batch) }) else {
            return nil
        }
        row.apply(change, at: batch.now)
        return row
    }
}

extension HumanTaskRow {
    /// The row of a request as it was made.
    fileprivate init(_ request: HumanRequest, _ key: TaskKey, _ run: RunState, at now: Timestamp) {
        self.init(
            id: request.id,
            key: key,
            run: run.id,
            node: run.asker(of: request, TaskRef(number: key.task)),
            kind: request.kind.rawValue,
            status: .open,
            title: request.title,
            message: request.message,
            assignees: request.assignees,
            openedAt: now,
            expiresAt: request.expiresAt,
            details: HumanTaskDetails(
                choices: request.choices,
                form: request.form,
                evidence: request.evidence?.reference,
                subject: request.subject?.reference,
                quorum: request.quorum,
                onExpiry: request.onExpiry?.rawValue
            ),
            ownership: run.ownership
        )
    }

    fileprivate mutating func apply(_ change: HumanEvent, at now: Timestamp) {
        switch change {
        case .opened: break
        case .claimed(_, let claim): (status, self.claim) = (.claimed, claim)
        case .released: (status, claim) = (.open, nil)
        case .reassigned(_, let assignees): (status, claim, self.assignees) = (.open, nil, assignees)
        case .reminded: details.reminders += 1
        case .escalated(_, let assignees, let expiresAt):
            (status, claim, self.assignees, self.expiresAt) = (.open, nil, assignees, expiresAt)
            details.escalations += 1
        case .decided(_, let decision):
            (status, claim) = (.open, nil)
            details.decisions.append(.init(decision, at: now))
        case .resolved(_, let decision): settle(decision, at: now)
        case .expired: (status, claim) = (.expired, nil)
        case .cancelled: (status, claim) = (.cancelled, nil)
        }
    }

    private mutating func settle(_ decision: HumanDecision, at now: Timestamp) {
        let choice = details.choices.first { $0.id == decision.choice } ?? HumanChoice(decision.choice)
        status = choice.isApproval ? .approved : choice.isRejection ? .rejected : .answered
        claim = nil
        (self.choice, decidedBy, decidedAt, comment) = (decision.choice, decision.by, now, decision.comment)
        details.decisions.append(.init(decision, at: now))
    }

    /// Whether that person made that choice.
    public func isAnswered(by actor: String, with choice: String) -> Bool {
        details.decisions.contains { $0.by == actor && $0.choice == choice }
    }

    /// How it ended, as a sentence.
    fileprivate var closing: String {
        let by = decidedBy.map { " by \($0)" } ?? ""
        let chosen = choice.map { " with `\($0)`" } ?? ""
        return "\(id) is \(status.rawValue)\(by)\(chosen); nothing was changed"
    }
}

extension RunState {
    /// The node that asks; empty when it is nobody's.
    fileprivate func asker(of request: HumanRequest, _ task: TaskRef) -> String {
        guard task == .run else { return node(task).id }
        let author = patches.index(reviewedBy: request.id).flatMap { patches.all[$0].details.task }
        return author.map { node($0).id } ?? ""
    }
}

extension HumanTaskDetails.Decision {
    fileprivate init(_ decision: HumanDecision, at now: Timestamp) {
        self.init(
            by: decision.by,
            choice: decision.choice,
            values: decision.values.reference,
            comment: decision.comment,
            at: now,
            via: decision.via
        )
    }
}

extension Payload {
    /// The value as rows hold it: itself, or where it is.
    fileprivate var reference: JSONValue {
        blob.map { ["blob": $0.json] } ?? value
    }
}
