// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Store

/// Runs that share the key of their workflow's `concurrency` (spec 3.2).
extension KeyedLimits {
    /// What a further run does.
    enum RunAnswer: Equatable {
        /// It starts.
        case start
        /// It waits, and those runs are to be cancelled to make room for it.
        case wait(cancelling: [Int64])
        /// The start is refused; those hold the key.
        case reject(holders: [Int64])
        /// The run is accepted, and cancelled at once; those hold the key.
        case cancel(holders: [Int64])
    }

    /// Asks for the run's permit; ``release(_:fence:at:)`` of ``task(ofRun:)`` gives it back.
    ///
    /// `cancelNewest` cancels the run that asks, as it is the newest. With `cancelOldest` those that came first go, runs
    /// that still wait included; a run that was told to end does not count any more.
    mutating func admit(
        run: Int64,
        demand: Demand,
        whenFull: Graph.RunConcurrency.Full,
        priority: Int,
        flow: FairKey = .common,
        at now: Int64
    ) -> RunAnswer {
        let task = Self.task(ofRun: run)
        let waiter = Waiter(task: task, priority: priority, flow: flow, since: now)
        let isFull = claims[task] == nil && (!fits(demand) || waiters.count(for: demand.key) > 0)
        var leaving: [Int64] = []
        switch whenFull {
        case .reject where isFull: return .reject(holders: runs(holding: demand.key))
        case .cancelNewest where isFull: return .cancel(holders: runs(holding: demand.key))
        case .cancelOldest where isFull: leaving = makeRoom(demand, at: now)
        default: break
        }
        switch acquire(Request(waiter: waiter, fence: 0, demands: [demand]), at: now) {
        case .granted: return .start
        case .waiting: return .wait(cancelling: leaving)
        }
    }

    /// Puts back the permit of a run that had it when the process ended.
    mutating func restore(run: Int64, demand: Demand, at since: Int64) {
        let waiter = Waiter(task: Self.task(ofRun: run), priority: 0, since: since)
        restore(Request(waiter: waiter, fence: 0, demands: [demand]), at: since)
    }

    /// What stands for a run among tasks.
    static func task(ofRun run: Int64) -> TaskKey { TaskKey(runKey: run, task: -1) }

    private func runs(holding key: LimitKey) -> [Int64] {
        (permits[key]?.holders.keys.map(\.runKey) ?? []).sorted()
    }

    /// Runs that have to go so that one more is within the maximum. Those that only wait lose their place at once.
    private mutating func makeRoom(_ demand: Demand, at now: Int64) -> [Int64] {
        let waiting = waiters.tasks(for: demand.key)
        let all = runs(holding: demand.key) + waiting.map(\.runKey)
        let staying = all.filter { claims[Self.task(ofRun: $0)]?.isLeaving == false }.sorted()
        let leaving = staying.prefix(max(0, staying.count + 1 - max(1, demand.maximum)))
        for task in leaving.map(Self.task(ofRun:)) {
            if waiting.contains(task) { release(task, at: now) } else { claims[task]?.isLeaving = true }
        }
        return Array(leaving)
    }
}
