// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model

/// What happens to compensations, and to a run while it is rolled back.
public enum CompensationEvent: Sendable, Equatable {
    /// What the run did is being undone; `to` is the phase after which everything is, `nil` for all.
    case runCompensating(to: String?)
    /// Everything was undone.
    case runCompensated
    /// Something could not be undone.
    case runCompensationFailed(TaskError)
    /// The task completed, and this undoes it. `rollback` takes it up at once: the task was cancelled for it, and its
    /// result came late.
    case recorded(Compensation.Plan, isLate: Bool, rollback: Int?)
    /// A rollback began with these steps, the first one last.
    case rollbackStarted(Rollback.Target, steps: [[Int]])
    /// The compensation with that number runs, as that scope.
    case started(Int, rollback: Int, scope: Int)
    /// It is done.
    case completed(Int)
    /// It gave up; with `isSkipped` the rollback goes on without it.
    case failed(Int, TaskError, isSkipped: Bool)
    /// It was stopped, because the run ended first.
    case cancelled(Int)
    /// The task is undone.
    case taskCompensated
}

extension RunState {
    mutating func fold(_ event: CompensationEvent, _ task: TaskRef?, _ now: Timestamp) {
        switch event {
        case .runCompensating:
            outcome = status
            status = .compensating
            endedAt = nil
        case .runCompensated:
            endRollbacks { _ in true }
            end(.compensated, now)
        case .runCompensationFailed(let error):
            self.error = self.error ?? error
            endRollbacks { _ in true }
            end(.compensationFailed, now)
        case .recorded(let plan, let isLate, let rollback):
            let fence = task.map { self[$0].fence } ?? 0
            compensations.record(plan, at: lastSequence, fence, isLate: isLate, in: rollback)
            if rollback != nil { compensations.addCalls(of: [compensations.all.count - 1], to: &graph) }
        case .rollbackStarted(let target, let steps):
            compensations.rollbacks.append(Rollback(target: target, steps: steps))
            if case .group(let group) = target { setGroup(group) { $0.status = .rollingBack } }
            compensations.addCalls(of: steps.joined().sorted(), to: &graph)
        case .started(let number, let rollback, let scope):
            start(number, rollback, as: scope)
        case .completed(let number):
            close(number, .completed, nil)
        case .failed(let number, let error, let isSkipped):
            close(number, isSkipped ? .skipped : .failed, error)
            compensations.gaveUp(number, isSkipped: isSkipped)
        case .cancelled(let number):
            close(number, .pending, nil)
            if let rollback = compensations.rollback(of: number) { compensations.end(rollback) }
        case .taskCompensated:
            if let task, has(task) { set(task, .compensated, now) }
        }
    }

    private mutating func start(_ number: Int, _ rollback: Int, as scope: Int) {
        guard let body = compensations.start(number, rollback, as: scope) else { return }
        let opened = Scope(owner: nil, number: number, body: body, in: graph)
        counts[Self.slot(of: .blocked)] += opened.open
        inner[scope] = opened
        lastScope = max(lastScope, scope)
    }

    private mutating func close(_ number: Int, _ status: Compensation.Status, _ error: TaskError?) {
        guard let scope = compensations.scope(of: number) else { return }
        let attempts = inner[scope]?.tasks.reduce(0) { $0 + $1.attempts } ?? 0
        compensations.close(number, status, error, attempts: attempts)
        inner[scope] = nil
        forgetHolds(in: scope)
    }

    mutating func endRollbacks(where isMeant: (Rollback.Target) -> Bool) {
        for number in compensations.openRollbacks where isMeant(compensations.rollbacks[number].target) {
            compensations.end(number)
        }
    }
}
