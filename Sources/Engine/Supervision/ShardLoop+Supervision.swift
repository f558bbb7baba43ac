// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model
internal import Store

/// Looks at the runs that have something ready or running, every half minute while there are any. A shard whose runs
/// all wait is never woken for it, and nothing is read from the store.
extension ShardLoop {
    /// Runs looked at in one turn.
    private static let supervisedPerTurn = 256

    /// Remembers whether a run has to be looked at.
    mutating func watch(_ run: OpenRun) {
        guard adopted.contains(run.key), needsWatch(run) else {
            watched.remove(run.key)
            return
        }
        watched.insert(run.key)
        if superviseAt == nil { superviseAt = clock.monotonic() + Supervisor.interval.milliseconds }
    }

    private func needsWatch(_ run: OpenRun) -> Bool {
        guard !run.machine.isHeld else { return false }
        switch run.state.status {
        case .running: return true
        case .compensating:
            // It stays in this status while a person decides about a compensation, a timer runs or money is short.
            let isMoving = [TaskStatus.ready, .running, .verifying].contains { run.state.count($0) > 0 }
            return isMoving || ![TaskStatus.needsReview, .retrying, .waiting].contains { run.state.count($0) > 0 }
        case .queued: return limits.waits(KeyedLimits.task(ofRun: run.key)) == nil
        default: return false
        }
    }

    /// Looks at the next runs when it is time.
    mutating func supervise(_ batch: inout Batch) {
        let now = clock.monotonic()
        guard let at = superviseAt, now >= at, now >= resumeAt, !isReleasing else { return }
        if unsupervised.isEmpty { unsupervised = watched.sorted()[...] }
        let group = unsupervised.prefix(Self.supervisedPerTurn)
        unsupervised.removeFirst(group.count)
        var queued: Set<TaskKey>?
        for key in group where watched.contains(key) {
            guard let run = runs[key] else {
                watched.remove(key)
                continue
            }
            for finding in Supervisor.findings(look(at: run, &queued, batch.now), at: batch.now) {
                command(.supervise(SupervisorOrder(finding: finding)), on: key, "system", &batch)
            }
        }
        if !unsupervised.isEmpty { return }
        superviseAt = watched.isEmpty ? nil : now + Supervisor.interval.milliseconds
    }

    /// - Parameter queued: The tasks in the ready queue; listed when that is first needed.
    private func look(at run: OpenRun, _ queued: inout Set<TaskKey>?, _ now: Timestamp) -> Supervisor.Run {
        let state = run.state
        let isQuiet = Supervisor.isQuiet(since: run.lastEventAt, at: now)
        var tasks: [Supervisor.Task] = []
        for task in state.allTasks where !state[task].status.isTerminal {
            let now = state[task]
            var mover = Supervisor.Mover.something
            switch now.status {
            case .running where !state.node(task).kind.isEngineRun:
                let key = TaskKey(run.key, task)
                let isHeld = leases.holds(key, fence: now.fence) || claims.holds(key, fence: now.fence)
                mover = isHeld ? .lease : .lostLease(fence: now.fence)
            case .verifying where now.worker != nil:
                mover = leases.holds(TaskKey(run.key, task), fence: now.fence) ? .lease : .lostLease(fence: now.fence)
            case .ready where claimable[run.key]?.contains(task) == true: break
            case .ready where now.readyReason == .unserved && !configuration.serves(state.node(task)):
                mover = .noWorker
            case .ready, .running, .verifying, .blocked:
                if isQuiet, !hasMover(task, of: run, &queued) { mover = .nothing }
            default: break
            }
            tasks.append(
                Supervisor.Task(
                    task: task,
                    mover: mover,
                    since: now.since ?? state.createdAt,
                    attention: now.attention,
                    mayEscalate: now.status != .blocked
                )
            )
        }
        return Supervisor.Run(lastEventAt: run.lastEventAt, tasks: tasks)
    }

    /// Something that is in memory will move the task.
    private func hasMover(_ task: TaskRef, of run: OpenRun, _ queued: inout Set<TaskKey>?) -> Bool {
        let (state, key) = (run.state, TaskKey(run.key, task))
        switch state[task].status {
        case .blocked where state.status == .queued:
            return limits.waits(KeyedLimits.task(ofRun: run.key)) != nil
        case .blocked:
            return state.sources(of: task).contains { !state[$0].status.isTerminal } || isKeptBack(task, of: state)
        case .running:
            // Its tasks within are looked at by themselves.
            return !state.scopes(of: task).isEmpty
        case .ready, .verifying:
            if run.parked.contains(task) || limits.waits(key) != nil || state.holds[task] != nil { return true }
            if let queue = state.node(task).queueName, aside[queue]?.contains(key) == true { return true }
            let keys = queued ?? Set(ready.keys)
            queued = keys
            return keys.contains(key)
        default: return true
        }
    }

    /// A task whose sources have ended may have to wait, or never begin, for other reasons.
    private func isKeptBack(_ task: TaskRef, of state: RunState) -> Bool {
        guard !state.node(task).isCompensation, !state.hasEnded || task.scope != 0 else { return true }
        if case .draining = state.waitCause(of: task) {
            var machine = RunMachine(state, turn: Turn(now: state.createdAt, actor: nil, entropy: 0))
            return machine.isStoppedByFailure(task)
        }
        return true
    }
}
