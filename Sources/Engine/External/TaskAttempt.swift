// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// One attempt at a task, as the log tells of it.
public struct TaskAttempt: Sendable, Equatable {
    /// What became of it.
    public enum Status: String, Sendable, CaseIterable {
        /// It goes on.
        case running
        /// It gave the output.
        case succeeded
        /// It gave an error.
        case failed
        /// It took too long.
        case timedOut = "timed_out"
        /// It was stopped.
        case cancelled
        /// Whoever had it was not heard of any more; it is no retry.
        case lost
        /// It was handed back; it does not count.
        case released
    }
    /// Counted from 1.
    public let number: Int
    /// The number that made its lease exclusive.
    public let fence: Int64
    /// Who made it.
    public let worker: String
    /// Somebody outside claimed it.
    public let isClaimed: Bool
    /// When it began.
    public let startedAt: Timestamp
    /// What became of it.
    public internal(set) var status = Status.running
    /// When it ended.
    public internal(set) var endedAt: Timestamp?
    /// What it failed with.
    public internal(set) var error: TaskError?
}

extension RunReader {
    /// All attempts at a task, the oldest first. Folds the whole log.
    ///
    /// - Throws: `notFound`, `corrupted`, `unavailable`.
    public func attempts(at task: TaskRef, ofRun key: Int64) throws(EngineError) -> [TaskAttempt] {
        var history = AttemptHistory()
        try forEachEvent(ofRun: key) { _, at, event, _ in
            if event.task == task { history.take(event.body, at) }
        }
        let state = try state(ofRun: key)
        let isRunning = state.has(task) && state[task].status == .running
        // What ended with something else, as a pass that was reset.
        if !isRunning { history.end(.cancelled, state.endedAt ?? history.last) }
        return history.attempts
    }
}

/// The attempts at one task.
public struct TaskAttempts: Sendable {
    /// The task.
    public let task: TaskRef
    /// As people name it.
    public let name: TaskName
    /// The oldest first.
    public let attempts: [TaskAttempt]
}

extension RunReader {
    /// All attempts at the tasks that a run has, in the order of the tasks. Folds the whole log.
    ///
    /// - Throws: `notFound`, `corrupted`, `unavailable`.
    public func attempts(ofRun key: Int64) throws(EngineError) -> [TaskAttempts] {
        var histories: [TaskRef: AttemptHistory] = [:]
        try forEachEvent(ofRun: key) { _, at, event, _ in
            if let task = event.task { histories[task, default: AttemptHistory()].take(event.body, at) }
        }
        let state = try state(ofRun: key)
        return state.allTasks.compactMap { task in
            guard var history = histories[task] else { return nil }
            if state[task].status != .running { history.end(.cancelled, state.endedAt ?? history.last) }
            guard !history.attempts.isEmpty else { return nil }
            return TaskAttempts(task: task, name: state.taskName(of: task), attempts: history.attempts)
        }
    }
}

/// Makes attempts out of the events of their task.
private struct AttemptHistory {
    private(set) var attempts: [TaskAttempt] = []
    private(set) var last = Timestamp(milliseconds: 0)
    private var isClaimed = false

    mutating func take(_ body: Event.Body, _ now: Timestamp) {
        last = now
        switch body {
        case .claim(.claimed): isClaimed = true
        case .taskStarted(let number, let fence, let worker):
            end(.cancelled, now)
            attempts.append(
                TaskAttempt(number: number, fence: fence, worker: worker, isClaimed: isClaimed, startedAt: now)
            )
            isClaimed = false
        case .taskCompleted, .verification(.started): end(.succeeded, now)
        case .taskFailed(let error, _, _), .taskRetrying(let error, _, _, _), .review(.exhausted(let error, _)):
            end(error.code == "timeout" ? .timedOut : error.code == "attempt.lost" ? .lost : .failed, now, error)
        case .taskReady(.lost), .review(.poisoned): end(.lost, now)
        case .taskReady(.released): end(.released, now)
        case .taskCancelled, .taskSkipped: end(.cancelled, now)
        default: break
        }
    }

    mutating func end(_ status: TaskAttempt.Status, _ now: Timestamp, _ error: TaskError? = nil) {
        guard let index = attempts.indices.last, attempts[index].status == .running else { return }
        attempts[index].status = status
        attempts[index].endedAt = now
        attempts[index].error = error
    }
}
