// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model
internal import Rates
internal import Store

/// What an attempt needs beside an executor: permits, a token, a share of the retries, money. The first that is missing
/// is written down. Whoever waits for something else than a permit gives its permits back, so that nothing is held by
/// what does not work.
extension ShardLoop {
    /// Reads what outlives a process.
    mutating func loadLimits() throws(StoreError) {
        var read = BudgetLedger(at: clock.wall(), warnAt: configuration.warnAt)
        let (rows, reservations) = (try store.openBudgets(), try store.reservations())
        do throws(BudgetError) {
            try read.load(budgets: rows, reservations: reservations)
        } catch {
            throw StoreError(.corrupted, "the budgets do not fit their reservations: \(error)")
        }
        _ = read.roll()
        ledger = read
        budgets = BudgetGate()
        rates = RateGate()
        rates.buckets.restore(try store.buckets(), wall: clock.wall(), at: clock.monotonic())
        retries = RetryBudget(
            percent: configuration.retryPercent,
            floor: configuration.retryFloor,
            window: configuration.retryWindow
        )
        delays = Delays()
    }

    /// Adds what changed to the commit.
    mutating func collectLimits(_ batch: inout Batch) {
        batch.commit.add(ledger.takeChanges())
        let changes = rates.buckets.takeChanges(wall: batch.now, at: clock.monotonic())
        batch.commit.buckets += changes.rows
        batch.commit.removedBuckets += changes.removed
    }

    // MARK: Starting

    /// Whether an attempt may start now. If so everything it needs is taken; otherwise it is called when it may have it.
    mutating func mayStart(_ task: TaskRef, of run: OpenRun, isCalled: Bool, _ batch: inout Batch) -> Bool {
        if waitsForResource(task, of: run) { return false }
        let key = TaskKey(run.key, task)
        if let hold = permitHold(task, of: run, at: batch.now) {
            run.machine.hold(task, hold)
            return false
        }
        let now = clock.monotonic()
        let isRetry = run.state[task].isRetry
        let shares: [RetryBudget.Key] = [.run(run.key), .queue(run.state.node(task).kind.name)]
        let rate = rate(of: task, run)
        let hold =
            rateHold(task, of: run, rate, isCalled: isCalled, batch) ?? retryHold(task, of: run, shares, batch)
            ?? reserve(task, of: run, &batch)
        if let hold {
            limits.release(key, at: now)
            run.machine.hold(task, hold)
            return false
        }
        if let rate { _ = rates.buckets.take(rate.bucket, rate.rate, at: now) }
        if isRetry { _ = retries.retry(shares, at: now) } else { retries.first(shares, at: now) }
        return brokenRead == nil
    }

    private mutating func permitHold(_ task: TaskRef, of run: OpenRun, at now: Timestamp) -> TaskHold? {
        guard let request = request(task, of: run, fence: run.state[task].fence + 1, at: now) else { return nil }
        guard case .waiting(let key) = limits.acquire(request, at: clock.monotonic()) else { return nil }
        return .permit(key, maximum: request.demands.first { $0.key == key }?.maximum ?? 1)
    }

    private mutating func rateHold(
        _ task: TaskRef,
        of run: OpenRun,
        _ rate: (bucket: String, rate: Rate)?,
        isCalled: Bool,
        _ batch: Batch
    ) -> TaskHold? {
        guard let (bucket, rate) = rate else { return nil }
        let now = clock.monotonic()
        let waiter = waiter(task, of: run)
        guard let start = rates.admits(bucket, rate, waiter, isCalled: isCalled, at: now) else { return nil }
        return .rate(bucket: bucket, until: batch.now + .milliseconds(start - now))
    }

    private mutating func retryHold(
        _ task: TaskRef,
        of run: OpenRun,
        _ shares: [RetryBudget.Key],
        _ batch: Batch
    ) -> TaskHold? {
        guard run.state[task].isRetry else { return nil }
        let now = clock.monotonic()
        guard let time = retries.blocked(shares, at: now) else { return nil }
        delays.set(TaskKey(run.key, task), at: time)
        return .retries(until: batch.now + .milliseconds(time - now))
    }

    private func rate(of task: TaskRef, _ run: OpenRun) -> (bucket: String, rate: Rate)? {
        guard !configuration.toolRates.isEmpty, let tool = run.state.node(task).kind.tool,
            let rate = configuration.toolRates[tool]
        else { return nil }
        return ("tool:\(tool)", rate)
    }

    // MARK: Waiting

    /// A task as it gets in line: what it waited before counts.
    func waiter(_ task: TaskRef, of run: OpenRun) -> Waiter {
        let since = run.state.isStartable(task) ? run.state[task].since : nil
        return Waiter(
            task: TaskKey(run.key, task),
            priority: run.state.priority(of: task),
            flow: flow(of: run),
            since: clock.monotonic() - (since.map { max(0, (clock.wall() - $0).milliseconds) } ?? 0)
        )
    }

    /// Offers those whose turn has come.
    mutating func callWaiting(_ batch: inout Batch) {
        let now = clock.monotonic()
        var called: [TaskKey] = []
        while let task = delays.popDue(at: now) { called.append(task) }
        called += rates.call(at: now)
        called += budgets.call(ledger, at: now)
        for key in called {
            guard let run = attempt({ loop throws(EngineError) in try loop.open(key.runKey, &batch) }) else { continue }
            offer(TaskRef(number: key.task), of: run)
        }
    }

    /// When somebody has to be called, in milliseconds of the monotonic clock.
    mutating func nextCall(_ now: Int64) -> Int64? {
        guard leases.count < configuration.slots, !isReleasing else { return nil }
        let period = budgets.isEmpty ? nil : now + (ledger.nextPeriodAt - clock.wall()).milliseconds
        return [delays.nextAt, rates.nextAt(now), period].compactMap(\.self).min()
    }

    /// The task is looked at, or is not ready any more: it waits in no line. Whether a bucket has a token for it.
    mutating func leaveLines(_ task: TaskKey) -> Bool {
        delays.remove(task)
        budgets.leave(task)
        return rates.leave(task)
    }

    /// A task that is not started keeps no permits.
    mutating func letGo(_ task: TaskKey) {
        if !leases.contains(task), !claims.contains(task) { limits.release(task, at: clock.monotonic()) }
    }
}

extension RunState.TaskState {
    /// The last attempt failed. One that was lost or handed back is only made again.
    fileprivate var isRetry: Bool { (status == .ready || status == .waiting) && readyReason == .retry }
}

extension Graph.NodeKind {
    /// The tool whose caps and rates hold for a call.
    var tool: String? {
        switch self {
        case .tool(let name, _, _): name
        case .http: "http.request"
        default: nil
        }
    }
}
