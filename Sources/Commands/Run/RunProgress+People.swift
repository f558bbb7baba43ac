// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model

extension HumanEvent {
    /// How it is shown to a person who watches.
    var mark: RunProgress.Step.Mark {
        if case .opened = self { .waiting } else { .info }
    }

    var note: String {
        switch self {
        case .opened(let request): "\(id): \(request.title)"
        case .claimed(_, let claim): "\(id) claimed by \(claim.by) until \(TimeText.clock(claim.until))"
        case .released: "\(id) released"
        case .reassigned(_, let assignees): "\(id) for \(assignees.joined(separator: ", "))"
        case .reminded: "\(id) waits for an answer"
        case .escalated(_, let assignees, let expiresAt):
            "\(id) for \(assignees.joined(separator: ", ")) until \(TimeText.date(expiresAt))"
        case .decided(_, let decision), .resolved(_, let decision):
            "\(decision.word) by \(decision.by)" + (decision.comment.map { " \($0)" } ?? "")
        case .expired: "\(id) expired"
        case .cancelled: "\(id) cancelled"
        }
    }

    var isNews: Bool {
        if case .cancelled = self { false } else { true }
    }
}

extension HumanDecision {
    /// What was done, as a word.
    fileprivate var word: String {
        switch choice {
        case "approve": "approved"
        case "reject": "rejected"
        default: choice
        }
    }
}

extension ReviewEvent {
    /// How it is shown to a person who watches.
    var note: String {
        switch self {
        case .opened(let reason, let error, _): "(\(reason.rawValue))" + (error.map { " \($0)" } ?? "")
        case .resumed(let guidance): guidance ?? ""
        case .poisoned(let crashes): "\(crashes) executors died of it"
        case .exhausted(let error, _): error.description
        }
    }

    /// What the request to a person that follows says again is no news.
    var isNews: Bool {
        if case .opened = self { false } else { true }
    }
}

extension VerificationEvent {
    /// Somebody works on the task, or will in a moment.
    var isWork: Bool {
        switch self {
        case .started, .dispatched, .evidence, .returned: true
        case .completed: false
        }
    }

    /// How it is shown to a person who watches.
    var mark: RunProgress.Step.Mark {
        switch self {
        case .evidence(let evidence): evidence.verdict == .passed ? .done : .failed
        case .completed(.gapsFound, _), .completed(.humanNeeded, _): .failed
        case .started, .dispatched, .returned, .completed: .info
        }
    }

    var note: String {
        switch self {
        case .started: "the output is checked"
        case .dispatched(_, let worker): worker
        case .evidence(let evidence):
            "check \(evidence.check + 1) \(evidence.verdict.rawValue)"
                + (evidence.message.isEmpty ? "" : ": \(evidence.message)")
        case .returned(let why): "(\(why.rawValue))"
        case .completed(let verdict, _): verdict.rawValue
        }
    }

    /// What passed, and what follows says again, is no news.
    var isNews: Bool {
        if case .evidence(let evidence) = self { return evidence.verdict != .passed }
        return false
    }
}
