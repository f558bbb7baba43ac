// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Why a task is in review.
public enum ReviewReason: String, Sendable, CaseIterable {
    /// Its last attempt failed.
    case exhausted
    /// It took its executor down too often.
    case poisoned
    /// Nothing moved it, and beginning it anew did not help.
    case stuck
    /// The agents that worked on it do not agree.
    case undecided
    /// Its checks could not decide about its output.
    case unverified
}

/// What happens to a task that cannot go on by itself (spec 7.3).
public enum ReviewEvent: Sendable, Equatable {
    /// Nothing is tried any more before a person decides.
    case opened(ReviewReason, TaskError?, log: BlobRef?)
    /// It is tried again, attempts counted anew; what a person said about it goes along.
    case resumed(guidance: String?)
    /// An executor died of it once more, and that was once too often.
    case poisoned(crashes: Int)
    /// The last attempt failed, and the task is skipped for it.
    case exhausted(TaskError, log: BlobRef?)
}

/// An attempt that did not succeed.
public struct FailedAttempt: Sendable, Equatable {
    /// The most that a task remembers.
    static let limit = 20

    /// The number of the attempt, from 1.
    public let number: Int
    /// When it ended.
    public let at: Timestamp
    /// The class of its error.
    public let errorClass: ErrorClass
    /// The code of its error.
    public let code: String
    /// The beginning of its message, at most 500 characters.
    public let message: String
}

extension RunState {
    mutating func fold(_ event: ReviewEvent, _ task: TaskRef, _ now: Timestamp) {
        switch event {
        case .opened(let reason, let error, let log):
            let isUnder = [.running, .verifying, .waiting].contains(self[task].status)
            if let error, isUnder, reason == .exhausted { noteFailure(of: task, error, now) }
            self[task].error = error ?? self[task].error
            self[task].log = log ?? self[task].log
            self[task].worker = nil
            self[task].until = nil
            leaveBody(of: task)
            set(task, .needsReview, now)
        case .resumed(let guidance):
            if let guidance { self[task].guidance.append(guidance) }
            self[task].countAnew()
            self[task].readyReason = .review
            self[task].until = nil
            set(task, .ready, now)
        case .poisoned:
            noteLoss(of: task, now)
        case .exhausted(let error, let log):
            noteFailure(of: task, error, now)
            self[task].error = error
            self[task].log = log ?? self[task].log
        }
    }

    /// Remembers an attempt that failed; a task that never made one has none.
    mutating func noteFailure(of task: TaskRef, _ error: TaskError, _ now: Timestamp) {
        guard self[task].attempts > 0 else { return }
        let attempt = FailedAttempt(
            number: self[task].attempts,
            at: now,
            errorClass: error.errorClass,
            code: error.code,
            message: String(error.message.prefix(500))
        )
        if self[task].failedAttempts.count >= FailedAttempt.limit { self[task].failedAttempts.removeFirst() }
        self[task].failedAttempts.append(attempt)
    }

    /// Remembers an attempt whose executor died.
    mutating func noteLoss(of task: TaskRef, _ now: Timestamp) {
        self[task].crashes = crashes(of: task) + 1
        steps[task]?.hasProgress = false
        self[task].lostAttempts += 1
        let message = "the executor ended, or its lease did"
        noteFailure(of: task, TaskError(code: "attempt.lost", errorClass: .transient, message: message), now)
    }

    /// Executors that died of a task since it last got any further.
    func crashes(of task: TaskRef) -> Int { steps[task]?.hasProgress == true ? 0 : self[task].crashes }
}

extension RunState.TaskState {
    /// Attempts that count against the limit of retries.
    var countedAttempts: Int { attempts - lostAttempts - (attemptsBefore - lostBefore) }

    fileprivate mutating func countAnew() {
        (attemptsBefore, lostBefore, crashes, countedSince) = (attempts, lostAttempts, 0, nil)
    }
}
