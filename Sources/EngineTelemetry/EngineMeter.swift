// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import Model
internal import Store
internal import Telemetry

/// Counts what the engine commits, and knows what is open. Belongs to one thread at a time.
struct EngineMeter: Sendable {
    private struct Request {
        let kind: String
        let openedAt: Timestamp
    }
    private struct OpenState: Hashable {
        let status: RunStatus
        let reason: WaitReason?
    }
    private let metrics: EngineMetrics
    /// Runs that have not ended, by key.
    private var open: [Int64: OpenState] = [:]
    /// Tasks that are ready, and since when, by run.
    private var ready: [Int64: [Int: Timestamp]] = [:]
    /// Attempts under way, by run.
    private var running: [Int64: [Int: Timestamp]] = [:]
    private var requests: [HumanTaskID: Request] = [:]
    private var stuck: Set<Int64> = []

    init(_ metrics: EngineMetrics) {
        self.metrics = metrics
    }

    // MARK: What was there before

    /// Takes in a run that another process left.
    mutating func know(_ run: OpenRunRow) {
        open[run.key] = OpenState(status: run.status, reason: run.reason)
    }

    /// Takes in a task that another process left. Since when it is ready nobody knows, so that it counts from now.
    mutating func know(_ task: TaskRow, at now: Timestamp) {
        guard task.status == .ready else { return }
        ready[task.key.runKey, default: [:]][task.key.task] = now
    }

    /// Takes in an open request to people.
    mutating func know(_ request: HumanTaskRow) {
        requests[request.id] = Request(kind: request.kind, openedAt: request.openedAt)
    }

    // MARK: What happens

    mutating func take(_ commit: ObservedCommit) {
        metrics.commit[].observe(commit.duration)
        metrics.commitSize[].observe(Double(commit.eventCount))
        for run in commit.runs { take(run, at: commit.at) }
    }

    private mutating func take(_ run: ObservedRun, at now: Timestamp) {
        let key = run.row.key
        for event in run.events {
            take(event.body, of: key)
            guard let task = event.task, run.graph.nodes.indices.contains(task.node) else { continue }
            take(event.body, task.number, run.graph.nodes[task.node], of: key, at: now)
        }
        if run.row.status.isTerminal {
            if run.events.contains(where: { $0.body.type.endsRun }) { end(run.row) }
            (open[key], ready[key], running[key]) = (nil, nil, nil)
            stuck.remove(key)
        } else {
            open[key] = OpenState(status: run.row.status, reason: run.row.reason)
        }
    }

    private func end(_ row: RunRow) {
        metrics.runs.add(1, row.status.rawValue)
        if let endedAt = row.endedAt { metrics.runDuration[].observe(endedAt - row.createdAt) }
    }

    private mutating func take(_ body: Event.Body, of run: Int64) {
        switch body {
        case .human(let event): take(event)
        case .again(.cached): metrics.cacheHits[].add()
        case .supervision(.stuck): stuck.insert(run)
        case .taskCompleted: stuck.remove(run)
        case .taskReady(.lost): metrics.leasesExpired[].add()
        default: break
        }
    }

    private mutating func take(_ event: HumanEvent) {
        switch event {
        case .opened(let request):
            let openedAt = Timestamp(milliseconds: Int64(request.id.high >> 16))
            requests[request.id] = Request(kind: request.kind.rawValue, openedAt: openedAt)
        case .resolved(let id, _), .expired(let id), .cancelled(let id): requests[id] = nil
        case .claimed, .released, .reassigned, .reminded, .escalated, .decided: break
        }
    }

    private mutating func take(
        _ body: Event.Body,
        _ task: Int,
        _ node: Graph.Node,
        of run: Int64,
        at now: Timestamp
    ) {
        if let end = AttemptEnd(body), let start = running[run]?.removeValue(forKey: task) {
            metrics.taskRun[].observe(now - start)
            metrics.attempts.add(1, end.outcome)
        }
        switch body {
        case .taskReady:
            guard node.queueName != nil, ready[run]?[task] == nil else { return }
            ready[run, default: [:]][task] = now
        case .taskStarted:
            // What starts in the commit that made it ready has no event of its own for that.
            let since = ready[run]?.removeValue(forKey: task) ?? now
            guard node.queueName != nil else { return }
            metrics.taskQueue[].observe(now - since)
            running[run, default: [:]][task] = now
        default:
            guard let status = EngineMeter.status(body) else { return }
            ready[run]?[task] = nil
            metrics.tasks.add(1, node.kind.name, status.rawValue)
        }
    }

    /// How a task ended with an event, if it did.
    private static func status(_ body: Event.Body) -> TaskStatus? {
        switch body {
        case .taskCompleted: .completed
        case .taskFailed: .failed
        case .taskSkipped, .review(.exhausted): .skipped
        case .taskCancelled: .cancelled
        default: nil
        }
    }

    // MARK: What is open

    /// Sets the gauges.
    func show(_ budgets: [BudgetRow], at now: Timestamp) {
        var runs: [[String]: Double] = [:]
        for state in open.values { runs[[state.status.rawValue, state.reason?.rawValue ?? ""], default: 0] += 1 }
        metrics.openRuns.replace(runs)
        metrics.readyOldest[].set(Self.age(ready.values.lazy.compactMap { $0.values.min() }.min(), now))
        metrics.openRequests.replace(Dictionary(requests.values.map { ([$0.kind], 1) }) { $0 + $1 })
        metrics.requestAge[].set(Self.age(requests.values.lazy.map(\.openedAt).min(), now))
        metrics.stuckRuns[].set(Double(stuck.count))
        metrics.budgetUsed.replace(Self.used(budgets))
    }

    /// Sets the gauges of queues and what works on them.
    func show(_ queues: [QueueFigures], _ workers: [RegistrationRow]) {
        let letters = queues.filter { $0.deadLetters > 0 }
        metrics.queueDepth.replace(Dictionary(queues.map { ([$0.queue], Double($0.depth)) }) { first, _ in first })
        metrics.deadLetters.replace(
            Dictionary(letters.map { ([$0.queue], Double($0.deadLetters)) }) { first, _ in first }
        )
        let states = workers.compactMap { WorkerRecord.state(in: $0)?.rawValue }
        metrics.workers.replace(Dictionary(states.map { ([$0], 1) }) { $0 + $1 })
    }

    private static func age(_ since: Timestamp?, _ now: Timestamp) -> Double {
        since.map { max(0, (now - $0).seconds) } ?? 0
    }

    /// Shares by scope, of the newest period of each; scopes that come and go with runs are left out.
    private static func used(_ budgets: [BudgetRow]) -> [[String]: Double] {
        var newest: [BudgetScope: BudgetRow] = [:]
        for row in budgets where ![.run, .subtree, .task].contains(row.account.scope.kind) {
            if let known = newest[row.account.scope], known.account.period > row.account.period { continue }
            newest[row.account.scope] = row
        }
        var shares: [[String]: Double] = [:]
        for (scope, row) in newest { if let share = row.share { shares[[scope.description]] = share } }
        return shares
    }
}

extension BudgetRow {
    /// What is spent and held, as a share of the limit; the larger one of money and LLM tokens, `nil` without a limit.
    fileprivate var share: Double? {
        let money = limit.money.map { limit in
            Self.ratio(spent.money.picodollars, reserved.money.picodollars, of: limit.picodollars)
        }
        let words = limit.languageModelTokens.map { limit in
            Self.ratio(spent.languageModelTokens, reserved.languageModelTokens, of: limit)
        }
        return [money, words].compactMap(\.self).max()
    }

    private static func ratio(_ spent: Int64, _ held: Int64, of limit: Int64) -> Double {
        let used = Double(spent) + Double(held)
        return limit > 0 ? used / Double(limit) : used > 0 ? .infinity : 1
    }
}
