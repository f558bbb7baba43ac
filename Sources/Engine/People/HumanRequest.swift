// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import JSON
public import Model

/// A request to people, as it was made.
public struct HumanRequest: Sendable, Equatable {
    /// What the answer decides.
    public enum Purpose: String, Sendable, CaseIterable {
        /// The output of a `human` node.
        case node
        /// What becomes of a task in review.
        case review
        /// Whether a patch of the run applies.
        case patch
        /// Whether a call of a tool is made.
        case call
        /// Whether an output passes a check.
        case check
        /// Whether an output counts whose checks could not decide.
        case verdict
    }
    /// The id.
    public var id: HumanTaskID
    /// What the answer decides.
    public var purpose = Purpose.node
    /// What is asked for.
    public var kind = Graph.Human.Kind.approval
    /// One line.
    public var title: String
    /// The question.
    public var message: String
    /// What can be answered; at least one.
    public var choices: [HumanChoice]
    /// JSON Schema of the values that are asked for.
    public var form: JSONValue?
    /// What people should see: a list.
    public var evidence: Payload?
    /// What went wrong, for a review: `{summary, attempts, error?, output?, question?}`; for a call `{tool, arguments,
    /// sha256, rule, call}`.
    public var subject: Payload?
    /// Which call it is about.
    public internal(set) var call: Call?
    /// Whom it is for: `user:ID`, `role:NAME` or `owner`.
    public var assignees: [String]
    /// People who must agree.
    public var quorum = 1
    /// When it expires; `nil` for never.
    public var expiresAt: Timestamp?
    /// What happens then; `nil` for what the node says.
    public var onExpiry: Graph.Human.Expiry?
    /// Spans after which people are reminded, in rising order.
    public var reminders: [Duration] = []

    /// The choice of that id.
    public func choice(_ id: String) -> HumanChoice? {
        choices.first { $0.id == id }
    }

    /// Whoever makes that choice agrees. Where no choice says so by itself, every one that does not refuse does.
    func agrees(_ choice: HumanChoice) -> Bool {
        let isExplicit = kind != .decision && kind != .escalation && choices.contains(where: \.isApproval)
        return isExplicit ? choice.isApproval : !choice.isRejection
    }

    /// Whoever makes that choice has to say why (spec 7.1).
    func needsComment(_ choice: HumanChoice) -> Bool {
        switch kind {
        case .approval: choice.isRejection
        case .review: choice.isRejection || choice.id == "retry"
        case .decision, .escalation: false
        }
    }
}

extension Graph.Human.Kind {
    /// What can be answered when a document names no choices.
    var usualChoices: [HumanChoice] {
        switch self {
        case .approval: [HumanChoice("approve", label: "Approve"), HumanChoice("reject", label: "Reject")]
        case .decision: [HumanChoice("answer", label: "Answer")]
        case .review:
            [
                HumanChoice("approve", label: "Approve"), HumanChoice("retry", label: "Again, with feedback"),
                HumanChoice("reject", label: "Reject"),
            ]
        case .escalation:
            [
                HumanChoice("retry", label: "Try again", effect: "attempts are counted anew; guidance goes along"),
                HumanChoice("skip", label: "Skip", effect: "what follows runs without its output"),
                HumanChoice("fail", label: "Fail", effect: "the task fails"),
                HumanChoice("take_over", label: "Take over", effect: "the value `result` becomes its output"),
            ]
        }
    }
}

/// One person's answer.
public struct HumanDecision: Sendable, Equatable {
    /// Who: `user:NAME` or `system`.
    public var by: String
    /// The id of the choice.
    public var choice: String
    /// What was filled in: an object.
    public var values = Payload(inline: [:])
    /// Why.
    public var comment: String?
    /// The channel it came through, for example `cli`.
    public var via: String?
}
