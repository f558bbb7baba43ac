// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// What happens to a request to people (spec 10.3).
public enum HumanEvent: Sendable, Equatable {
    /// It was made.
    case opened(HumanRequest)
    /// Somebody works on it for a while.
    case claimed(HumanTaskID, HumanClaim)
    /// The claim was given back, or its time is over.
    case released(HumanTaskID)
    /// Others are asked instead.
    case reassigned(HumanTaskID, to: [String])
    /// People were reminded, for the so-many-th time from 1 in this round.
    case reminded(HumanTaskID, number: Int)
    /// Nobody decided in time; others are asked, with a new deadline.
    case escalated(HumanTaskID, to: [String], expiresAt: Timestamp)
    /// Somebody decided, and others have to.
    case decided(HumanTaskID, HumanDecision)
    /// The last decision, of a person or of the rule on expiry.
    case resolved(HumanTaskID, HumanDecision)
    /// Nobody decided in time.
    case expired(HumanTaskID)
    /// The task ended first.
    case cancelled(HumanTaskID)
}

extension RunState {
    mutating func fold(_ event: HumanEvent, _ task: TaskRef, _ now: Timestamp) {
        switch event {
        case .opened(let request):
            self[task].humanTask = HumanTask(request, at: now)
            self[task].until = request.expiresAt
            self[task].startedAt = self[task].startedAt ?? now
            // The attempt that asks is handed back when there is an answer.
            if request.purpose == .call { self[task].worker = nil }
            if self[task].status != .needsReview { set(task, .waiting, now) }
        case .escalated(_, _, let expiresAt):
            self[task].until = expiresAt
            self[task].humanTask?.fold(event, now)
        case .claimed, .released, .reassigned, .reminded, .decided, .resolved, .expired, .cancelled:
            self[task].humanTask?.fold(event, now)
        }
    }
}

extension HumanTask {
    /// What an event after the first one makes of a request.
    mutating func fold(_ event: HumanEvent, _ now: Timestamp) {
        switch event {
        case .opened: break
        case .claimed(_, let claim): self.claim = claim
        case .released: claim = nil
        case .reassigned(_, let assignees): (self.assignees, claim) = (assignees, nil)
        case .reminded(_, let number): remindersDone = number
        case .escalated(_, let assignees, let expiresAt): pass(to: assignees, until: expiresAt, now)
        case .decided(_, let decision):
            decisions.append(decision)
            claim = nil
        case .resolved(_, let decision):
            decisions.append(decision)
            close()
        case .expired, .cancelled: close()
        }
    }
}

extension HumanTask {
    fileprivate mutating func pass(to assignees: [String], until: Timestamp, _ now: Timestamp) {
        self.assignees = assignees
        askedAt = now
        expiresAt = until
        claim = nil
        remindersDone = 0
        escalations += 1
    }

    fileprivate mutating func close() {
        claim = nil
        isClosed = true
    }
}
