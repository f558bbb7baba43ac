// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

/// What happens to an output that has to be checked (spec 9.7).
public enum VerificationEvent: Sendable, Equatable {
    /// An attempt, or a person, gave an output; its checks begin.
    case started(Subject)
    /// An executor makes checks, under a new fence.
    case dispatched(fence: Int64, worker: String)
    /// A check was made.
    case evidence(CheckEvidence)
    /// The executor does not make them any more.
    case returned(Return)
    /// All is known. `feedback` is what the next attempt hears.
    case completed(Verdict, feedback: String?)

    /// What is checked.
    public struct Subject: Sendable, Equatable {
        /// The output.
        public var output: Payload
        /// What programs of the attempt wrote.
        var log: BlobRef?
        /// The case that a branch chose.
        var chosen: String?
        /// How a loop ended.
        var loopExit: Graph.Edge.LoopExit?
        /// A person gave it.
        public var isTakenOver = false
    }

    /// Why an executor does not make checks any more.
    public enum Return: String, Sendable, CaseIterable {
        /// What was to be done is done.
        case ended
        /// It died.
        case lost
        /// It handed them back.
        case released
    }
}

extension RunState {
    mutating func fold(_ event: VerificationEvent, _ task: TaskRef, _ now: Timestamp) {
        switch event {
        case .started(let subject):
            var verification = Verification(attempt: self[task].attempts, output: subject.output)
            verification.log = subject.log
            verification.chosen = subject.chosen
            verification.loopExit = subject.loopExit
            verification.isTakenOver = subject.isTakenOver
            verification.feedback = verifications[task]?.feedback ?? []
            verifications[task] = verification
            self[task].log = subject.log ?? self[task].log
            self[task].startedAt = self[task].startedAt ?? now
            self[task].until = nil
            leaveBody(of: task)
            stopWorking(task, now)
        case .dispatched(let fence, let worker):
            self[task].fence = fence
            self[task].worker = worker
        case .evidence(var evidence):
            evidence.at = now
            verifications[task]?.evidence.removeAll { $0.check == evidence.check }
            verifications[task]?.evidence.append(evidence)
            // A person has answered.
            if self[task].status == .waiting { stopWorking(task, now) }
        case .returned(let why):
            if why == .lost { verifications[task]?.losses += 1 }
            stopWorking(task, now)
        case .completed(let verdict, let feedback):
            self[task].worker = nil
            verifications[task]?.verdict = verdict
            guard let feedback, let attempt = verifications[task]?.attempt else { return }
            verifications[task]?.feedback.append(CheckFeedback(attempt: attempt, text: feedback))
            let count = verifications[task]?.feedback.count ?? 0
            verifications[task]?.feedback.removeFirst(max(0, count - CheckFeedback.limit))
        }
    }

    private mutating func stopWorking(_ task: TaskRef, _ now: Timestamp) {
        self[task].worker = nil
        self[task].until = nil
        set(task, .verifying, now)
    }

    /// What begins anew has nothing to be looked at.
    mutating func forgetVerification(of task: TaskRef, _ status: TaskStatus) {
        if !verifications.isEmpty, status == .blocked { verifications[task] = nil }
    }
}
