// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model
public import Rates

/// What an engine may be told.
public struct EngineConfiguration: Sendable {
    /// How many attempts this process works on at a time [1–100000].
    public var slots = 64
    /// How many attempts of one project are in flight at a time; `nil` for no limit beside ``slots``.
    public var projectLimit: Int?
    /// The same by tool.
    public var toolLimits: [String: Int] = [:]
    /// The same by agent, as it is now; `nil` for no limit.
    public var agentLimit: @Sendable (_ agent: String) -> Int? = { _ in nil }
    /// Chooses agents for nodes with `match`; without one they fail.
    public var matcher: (any AgentMatcher)?
    /// How often a tool is called, by tool; over all processes that use the store one after the other. A node of kind
    /// `http` counts as a call of `http.request`, here and in ``toolLimits``.
    public var toolRates: [String: Rate] = [:]
    /// Retries per 100 first attempts, within ``retryWindow``, of a run and of a kind of node.
    public var retryPercent = 20
    /// Retries within ``retryWindow`` that always fit, at least 1.
    public var retryFloor = 10
    /// At least 16 ms.
    public var retryWindow = Duration.seconds(60)
    /// What a day, a month and a project may spend until somebody sets another limit.
    public var budgets: [BudgetScope.Kind: BudgetLimit] = [
        .day: BudgetLimit(money: Money(text: "5")), .month: BudgetLimit(money: Money(text: "50")),
        .project: BudgetLimit(money: Money(text: "10")),
    ]
    /// Shares of a limit that are told when they are spent, in percent.
    public var warnAt = [50, 80, 95]
    /// The queues whose tasks this process works on; `nil` for all.
    public var queues: Set<String>?
    /// What this process has; it works on tasks that ask for some of this and nothing else.
    public var labels: [String: String] = [:]
    /// How long a lease lasts without a heartbeat.
    public var lease = Duration.seconds(30)
    /// How often attempts in this process send one.
    public var heartbeat = Duration.seconds(10)
    /// How long attempts may take to stop once they are told to, before they are killed as far as that can be done.
    public var grace = Duration.seconds(10)
    /// The most requests one commit takes.
    public var batchLimit = 4096
    /// The most requests that wait; starts are refused beyond it.
    public var mailboxLimit = 20_000
    /// How long the counters in a run's row may lag behind its log; a change of status is written at once.
    public var rowLag = Duration.milliseconds(250)
    /// Kinds of events that are also written to the outbox; see ``DurableEngine/deliverOutbox(to:_:)``.
    public var announced: Set<EventType> = []
    /// Waiting runs kept in memory.
    public var cachedRuns = 10_000
    /// Bytes of outputs that the cache holds; beyond it those go that were used longest ago.
    public var cacheLimit: Int64 = 1 << 30
    /// How long the engine rests after the disk was full.
    public var fullDiskPause = Duration.seconds(1)
    /// What the project says about patches of its runs.
    public var patchPolicy = PatchPolicy()
    /// The name that leases carry; must differ from process to process.
    public var worker: String

    /// The defaults, for a worker of that name.
    public init(worker: String) {
        self.worker = worker
    }
}

extension EngineConfiguration {
    /// The executors of this process work on such tasks.
    func serves(_ node: Graph.Node) -> Bool {
        if let queues, let queue = node.queueName, !queues.contains(queue) { return false }
        return node.labels.allSatisfy { labels[$0.key] == $0.value }
    }
}

/// Where the engine gets the time from.
public protocol EngineClock: Sendable {
    /// The time of day: timers, deadlines and events.
    func wall() -> Timestamp
    /// Milliseconds that never jump: leases and heartbeats.
    func monotonic() -> Int64
}
