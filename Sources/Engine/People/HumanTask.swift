// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// A request to people and what became of it so far. Any task may have one; see ``RunState/TaskState/humanTask``.
public struct HumanTask: Sendable, Equatable {
    /// The request as it was made.
    public let request: HumanRequest
    /// Whom it is for now.
    public internal(set) var assignees: [String]
    /// When it was made, or last passed on.
    public internal(set) var askedAt: Timestamp
    /// When it expires; `nil` for never.
    public internal(set) var expiresAt: Timestamp?
    /// Who works on it for now.
    public internal(set) var claim: HumanClaim?
    /// Every answer, in order.
    public internal(set) var decisions: [HumanDecision] = []
    /// How often it was passed on because nobody decided in time.
    public internal(set) var escalations = 0
    /// How many of the reminders of this round are over.
    var remindersDone = 0
    /// Decided, expired or cancelled.
    public internal(set) var isClosed = false

    init(_ request: HumanRequest, at now: Timestamp) {
        self.request = request
        assignees = request.assignees
        askedAt = now
        expiresAt = request.expiresAt
    }

    /// The id of the request.
    public var id: HumanTaskID { request.id }

    /// How many more people have to agree.
    public var missingVotes: Int {
        let votes = Dictionary(grouping: decisions, by: \.choice).values.map(\.count).max() ?? 0
        return max(0, request.quorum - votes)
    }

    /// The next reminder after `now`, and its number from 0.
    func nextReminder(after now: Timestamp) -> (number: Int, at: Timestamp)? {
        for number in request.reminders.indices.dropFirst(remindersDone) {
            let at = askedAt + request.reminders[number]
            if at > now, expiresAt.map({ at < $0 }) ?? true { return (number, at) }
        }
        return nil
    }
}

extension RunState.TaskState {
    /// The last request that this task made to people, open or not.
    public internal(set) var humanTask: HumanTask? {
        get { requests.first }
        set { requests = newValue.map { [$0] } ?? [] }
        _modify {
            var first = requests.first
            requests = []
            defer { requests = first.map { [$0] } ?? [] }
            yield &first
        }
    }

    /// The request that people can answer now.
    public var openRequest: HumanTask? {
        humanTask.flatMap { $0.isClosed ? nil : $0 }
    }
}
