// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// Cancelling one task while the run goes on (spec 2.2).
extension RunMachine {
    /// Ends a task that has not ended, with all that is within it. Its edges are broken (spec 3.9), which is no failure: what
    /// needs its result is skipped, and the rest of the run goes on.
    mutating func cancelTask(_ name: TaskName, reason: String?) throws(Refusal) {
        guard !state.hasEnded else { throw .state("cannot cancel `\(name)`: \(state.id) is \(state.status.rawValue)") }
        guard state.startedAt != nil else {
            throw .state("cannot cancel `\(name)`: \(state.id) has not begun; cancel the run")
        }
        guard let task = state.task(named: name) else {
            throw .invalid("there is no task `\(name)` in \(state.id), or its pass or item has ended")
        }
        guard state.compensation(of: task) == nil else {
            throw .state("cannot cancel `\(name)`: it undoes something")
        }
        guard !state[task].status.isTerminal else {
            throw .state("cannot cancel `\(name)`: it is \(state[task].status.rawValue)")
        }
        stopWork(of: task, reason: "not_needed")
        emit(task, .taskCancelled(reason: .requested(reason)), actor: turn.actor)
        notifyTargets(task)
    }
}

extension String {
    /// The reason of `task.cancelled` for a task that somebody cancelled by itself.
    static func requested(_ reason: String?) -> String {
        reason.map { "requested: \($0)" } ?? "requested"
    }

    /// Somebody cancelled the task by itself.
    var isRequest: Bool { self == "requested" || hasPrefix("requested: ") }

    /// What was said about it.
    var requestedReason: String? { hasPrefix("requested: ") ? String(dropFirst(11)) : nil }
}
