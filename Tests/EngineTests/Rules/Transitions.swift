// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

@testable import Engine

/// The transitions of spec 2.2. ``RunDriver`` holds every event of every test of the engine against them.
enum Transitions {
    static let ofRuns: [RunStatus: Set<RunStatus>] = [
        // A deadline also ends a run that never began.
        .queued: [.running, .paused, .cancelled, .failed],
        .running: [.waiting, .paused, .completed, .failed, .cancelled],
        .waiting: [.running, .paused, .completed, .failed, .cancelled],
        // One that was paused before it began is queued again.
        .paused: [.running, .waiting, .queued, .failed, .cancelled],
        .completed: [.compensating],
        .failed: [.compensating, .running],
        .cancelled: [.compensating, .running],
        .compensating: [.compensated, .compensationFailed],
        .compensated: [],
        .compensationFailed: [],
    ]

    /// Single steps. `leased` is no status of the engine: taking a task and starting it are one commit.
    private static let steps: [TaskStatus: Set<TaskStatus>] = [
        .blocked: [.ready, .skipped, .cancelled],
        // Skipped when a pause came before its condition was looked at.
        .ready: [.running, .waiting, .skipped, .cancelled],
        // Skipped by `on_exhausted: skip`, which decides at once what a person would decide.
        .running: [.ready, .waiting, .verifying, .completed, .retrying, .needsReview, .skipped, .failed, .cancelled],
        // Waits for a person who has to approve the output. Skipped as a running one.
        .verifying: [.waiting, .completed, .retrying, .needsReview, .skipped, .failed, .cancelled],
        // What a person gave, or what was waited for, is checked, and a person may be the check.
        .waiting: [.ready, .running, .verifying, .completed, .skipped, .failed, .cancelled],
        .retrying: [.ready, .needsReview, .cancelled],
        .needsReview: [.ready, .verifying, .completed, .skipped, .failed, .cancelled],
        .completed: [.compensated],
        // It completed all the same, after it had been told to stop.
        .cancelled: [.compensated],
    ]

    /// What one event may do: several steps, where those between are over at once.
    static let ofTasks: [TaskStatus: Set<TaskStatus>] = Dictionary(
        uniqueKeysWithValues: TaskStatus.allCases.map { status in
            var found: Set<TaskStatus> = []
            var work = [status]
            while let next = work.popLast() {
                for target in steps[next] ?? [] where found.insert(target).inserted {
                    if target == .ready || target == .running { work.append(target) }
                }
            }
            return (status, found)
        }
    )

    /// The status of the task that an event is about, before it is folded.
    static func status(of event: Event, in state: RunState) -> TaskStatus? {
        event.task.flatMap { state.has($0) ? state[$0].status : nil }
    }

    /// - Throws: When an event took the run, or its task, where it may not go.
    static func check(_ event: Event, _ run: RunStatus?, _ old: TaskStatus?, _ after: RunState) throws {
        // They begin something anew, by rules of their own (spec 6.6).
        if case .again = event.body { return }
        if let run, run != after.status, ofRuns[run]?.contains(after.status) != true {
            throw Wrong(description: "\(event.body.type.rawValue) takes a run from \(run) to \(after.status)")
        }
        guard let old, let task = event.task, let new = status(of: event, in: after), old != new else { return }
        guard ofTasks[old]?.contains(new) == true else {
            throw Wrong(
                description: "\(event.body.type.rawValue) takes `\(after.name(of: task))` from \(old) to \(new)"
            )
        }
    }

    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }
}
