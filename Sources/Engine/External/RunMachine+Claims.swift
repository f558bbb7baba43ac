// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// Tasks that somebody outside works on.
extension RunMachine {
    /// Writes down that a task may be claimed. Why it is ready again is worth more than that it may.
    mutating func leaveForClaims(_ task: TaskRef) {
        offered.remove(task)
        let now = state[task]
        let kept: [Event.ReadyReason] = [.external, .retry, .lost, .released]
        let isTold = now.status == .ready && now.readyReason.map(kept.contains) == true && state.holds[task] == nil
        guard now.status == .blocked || (state.isStartable(task) && !isTold) else { return }
        let isRetry = now.status != .blocked && now.readyReason == .retry
        emit(task, .taskReady(isRetry ? .retry : .external))
    }

    /// Somebody outside takes a ready task. The caller made sure that it may.
    mutating func claim(_ task: TaskRef, by actor: String, worker: String, lease: Duration) {
        emit(task, .claim(.claimed(lease: lease)), actor: actor)
        start(task, worker: worker)
    }

    /// Whoever has the task has not done it, and says so. Other than an executor that stopped in the middle, this one
    /// knows that nothing has happened.
    mutating func handBack(_ task: TaskRef) {
        emit(task, .taskReady(.released))
        effects.append(.offer(task: task))
    }

    /// Writes down how far a task is, if that is news.
    mutating func note(_ progress: TaskProgress, of task: TaskRef) {
        guard progress != TaskProgress(), state.claims[task]?.progress != progress else { return }
        emit(task, .claim(.progressed(progress)))
    }
}
