// Baton
// SPDX-License-Identifier: Apache-2.0

/// The status of a run (spec 2.2). The raw value is the spelling in the API and the log.
public enum RunStatus: String, Sendable, CaseIterable {
    /// Accepted, not started.
    case queued
    /// At least one task is ready, leased or running.
    case running
    /// No task can go on before something happens; see ``WaitReason``.
    case waiting
    /// Stopped by a person; attempts in flight finish, nothing new starts.
    case paused
    /// Every task ended and no failure was left unhandled. Terminal.
    case completed
    /// A failure was left unhandled, or the deadline passed. Terminal.
    case failed
    /// Stopped on request. Terminal.
    case cancelled
    /// It ended, and what it did is being undone.
    case compensating
    /// It ended, and what it did was undone. Terminal.
    case compensated
    /// It ended, and something it did could not be undone. Terminal.
    case compensationFailed = "compensation_failed"

    /// Nothing will happen any more unless a person reopens the run.
    public var isTerminal: Bool {
        switch self {
        case .completed, .failed, .cancelled, .compensated, .compensationFailed: true
        case .queued, .running, .waiting, .paused, .compensating: false
        }
    }
}

/// Why a run is waiting.
public enum WaitReason: String, Sendable, CaseIterable {
    /// A person has to answer.
    case human
    /// A call does not fit a budget; its limit has to be raised, or a new period to begin.
    case budget
    /// A point in time has to come.
    case timer
    /// A signal has to come.
    case signal
    /// Something outside the run has to happen, for example a run it started has to end.
    case external
    /// A failed attempt is tried again later.
    case retry
}

/// The status of a task (spec 2.2).
public enum TaskStatus: String, Sendable, CaseIterable {
    /// Its join is not satisfied.
    case blocked
    /// May start; see the wait cause for why it has not.
    case ready
    /// An executor has it.
    case running
    /// An attempt gave an output, and its checks are made; nobody else sees it yet.
    case verifying
    /// Waits for a person or a point in time; holds no lease.
    case waiting
    /// Failed; the next attempt has a time.
    case retrying
    /// Nothing is tried any more before a person decides; never the end of a task.
    case needsReview = "needs_review"
    /// Done. Terminal.
    case completed
    /// Failed and not retried. Terminal.
    case failed
    /// Never ran; see ``SkipReason``. Terminal.
    case skipped
    /// Stopped before its end. Terminal.
    case cancelled
    /// Done, and undone again. Terminal.
    case compensated

    /// The task will not change any more, unless it is undone.
    public var isTerminal: Bool {
        switch self {
        case .completed, .failed, .skipped, .cancelled, .compensated: true
        case .blocked, .ready, .running, .verifying, .waiting, .retrying, .needsReview: false
        }
    }
}

/// Why a task was skipped.
public enum SkipReason: String, Sendable, CaseIterable {
    /// Its own `when` was false. Dependents go on.
    case condition
    /// A branch took another way.
    case branch
    /// Everything before it was skipped.
    case upstreamSkipped = "upstream_skipped"
    /// Something before it failed.
    case upstreamFailed = "upstream_failed"
    /// A person or an expiry rule said so. Dependents go on.
    case human
    /// Its last attempt failed and the document says `on_exhausted: skip`. Dependents go on.
    case exhausted
}

/// The status of a phase, derived from its tasks (spec 2.2).
public enum PhaseStatus: String, Sendable, CaseIterable {
    /// None of its tasks has begun.
    case pending
    /// Some of its tasks have begun.
    case running
    /// Every task ended, none of them badly.
    case completed
    /// A task failed, or was stopped.
    case failed
    /// It failed, and its rollback is over.
    case rolledBack = "rolled_back"
    /// No task of it ran.
    case skipped
}

/// The status of a request to a person (spec 2.2).
public enum HumanTaskStatus: String, Sendable, CaseIterable {
    /// Nobody decided yet.
    case open
    /// Somebody works on it; others cannot answer meanwhile.
    case claimed
    /// Decided: go on. Terminal.
    case approved
    /// Decided: do not. Terminal.
    case rejected
    /// Decided: one of the other choices. Terminal.
    case answered
    /// Nobody decided in time. Terminal.
    case expired
    /// The run or the task ended first. Terminal.
    case cancelled

    /// Those in which it can still be answered.
    public static let pending: [Self] = [.open, .claimed]

    /// It can still be answered.
    public var isPending: Bool { Self.pending.contains(self) }
}

/// How a failure is treated (spec 3.8).
public enum ErrorClass: String, Sendable, CaseIterable {
    /// Passes by itself soon: a lost connection, a lock conflict.
    case transient
    /// The other side is overloaded: 429, a quota.
    case upstream
    /// The same call will fail again.
    case permanent
    /// The run cannot go on.
    case fatal
}

/// What a run does when a failure is left unhandled (spec 3.9).
public enum FailurePolicy: String, Sendable, CaseIterable {
    /// Cancels everything that runs.
    case failFast = "fail_fast"
    /// Lets running tasks finish and starts only `done` joins.
    case drain
    /// Also runs the branches that do not depend on the failure.
    case `continue`
    /// Drains, then undoes what completed.
    case compensate
}
