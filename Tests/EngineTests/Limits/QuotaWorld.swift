// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// An engine with limits that is driven turn by turn, dies on request, and whose attempts end as they are told.
final class QuotaWorld {
    let store = MemoryRunStore()
    let blobs = MemoryBlobStore()
    let clock = ManualClock()
    var configuration: EngineConfiguration
    private(set) var engine: SteppedEngine
    /// Attempts that were handed out and have not ended, in that order.
    var open: [Assignment] = []
    /// What an attempt of a node may cost, by node.
    private let costs: [String: CallCost]
    private let stopReasons = Mutex2<[String]>([])
    private var number: UInt64 = 0
    private var life = 0
    var reader: RunReader { RunReader(store: store, blobs: blobs) }

    init(costs: [String: CallCost] = [:], _ change: (inout EngineConfiguration) -> Void = { _ in }) {
        var configuration = EngineConfiguration(worker: "w")
        configuration.rowLag = .zero
        configuration.budgets = [:]
        change(&configuration)
        self.configuration = configuration
        self.costs = costs
        engine = Self.engine(store, blobs, clock, configuration, costs, stopReasons, 0)
    }

    private static func engine(
        _ store: MemoryRunStore,
        _ blobs: MemoryBlobStore,
        _ clock: ManualClock,
        _ configuration: EngineConfiguration,
        _ costs: [String: CallCost],
        _ stopReasons: Mutex2<[String]>,
        _ life: Int
    ) -> SteppedEngine {
        let engine = SteppedEngine(
            store: store,
            blobs: blobs,
            clock: clock,
            configuration: configuration,
            seed: UInt64(life),
            traits: { ExecutorTraits(cost: costs[$0.id]) },
            failStop: { reason in stopReasons.withLock { $0.append(reason) } }
        )
        _ = engine.open()
        return engine
    }

    /// Why the engine stopped by itself.
    var stopped: [String] { stopReasons.withLock { $0 } }

    @discardableResult
    func start(_ yaml: String, inputs: JSONObject = [:], budget: String? = nil) throws -> RunID {
        number += 1
        let id = RunID(high: 1, low: number)
        var request = StartRequest(graph: try compile(yaml), source: [], inputs: inputs, id: id, actor: "user:a")
        if let budget { request.budget = BudgetLimit(money: Money(text: budget)) }
        engine.start(request) { _ in }
        return id
    }

    /// A workflow of tasks that do not wait for each other.
    @discardableResult
    func start(nodes: [String], more: String = "", _ keys: String = "", budget: String? = nil) throws -> RunID {
        let list = nodes.map { "{id: \($0), type: tool, \(keys)config: {tool: noop}}" }.joined(separator: ", ")
        return try start("workflow: w\n\(more)\nnodes: [\(list)]", budget: budget)
    }

    /// Takes a turn; gives the nodes of the attempts that begin.
    @discardableResult
    func turn() -> [String] {
        let (starts, stops) = engine.turn()
        for stop in stops { open.removeAll { $0.attemptLease == stop } }
        open += starts
        return starts.map(\.node.id)
    }

    /// Lets time pass in which the engine has something to do, turn by turn; when which attempts began.
    func run(for span: Duration) -> [(after: Int64, nodes: [String])] {
        let (begin, end) = (clock.monotonic(), clock.monotonic() + span.milliseconds)
        var starts: [(Int64, [String])] = []
        while true {
            let nodes = turn()
            if !nodes.isEmpty { starts.append((clock.monotonic() - begin, nodes)) }
            let idle = engine.idleTime
            guard clock.monotonic() + idle <= end else { return starts }
            clock.advance(.milliseconds(idle))
        }
    }

    /// Lets time pass until an attempt begins.
    func runUntilAttempt() {
        while turn().isEmpty { clock.advance(.milliseconds(engine.idleTime)) }
    }

    /// The oldest open attempt of a node ends.
    func end(_ node: String, _ outcome: AttemptOutcome = .completed(.null)) throws {
        let index = try #require(open.firstIndex { $0.node.id == node })
        try engine.attemptEnded(open.remove(at: index).attemptLease, outcome, blobs: blobs)
    }

    /// The oldest open attempt of a node writes steps down, in a turn of its own.
    func record(_ node: String, _ changes: [StepChange]) throws -> Result<StepReceipt, EngineError> {
        let attempt = try #require(open.first { $0.node.id == node })
        return try record(changes, of: attempt.attemptLease)
    }

    func record(_ changes: [StepChange], of lease: AttemptLease) throws -> Result<StepReceipt, EngineError> {
        let answer = Mutex2<Result<StepReceipt, EngineError>?>(nil)
        engine.record(changes, of: lease) { result in answer.withLock { $0 = result } }
        turn()
        return try #require(answer.withLock { $0 })
    }

    /// Whoever makes the checks of a node writes down what they found, in a turn of its own.
    func record(_ node: String, _ changes: [CheckChange]) throws -> Result<CheckReceipt, EngineError> {
        let attempt = try #require(open.first { $0.node.id == node })
        return try record(changes, of: attempt.attemptLease)
    }

    func record(_ changes: [CheckChange], of lease: AttemptLease) throws -> Result<CheckReceipt, EngineError> {
        let answer = Mutex2<Result<CheckReceipt, EngineError>?>(nil)
        engine.recordChecks(changes, of: lease) { result in answer.withLock { $0 = result } }
        turn()
        return try #require(answer.withLock { $0 })
    }

    /// The process dies, and another one takes over. Attempts that were open are told to nobody.
    func restart() {
        life += 1
        open = []
        engine = Self.engine(store, blobs, clock, configuration, costs, stopReasons, life)
        engine.adopt(nil) { _ in }
    }

    func control(_ run: RunID, _ command: Command) {
        engine.control(run, command, by: "user:a") { _ in }
    }

    func state(of run: RunID) throws -> RunState {
        try reader.state(ofRun: try #require(store.run(run)).key)
    }

    func cause(of run: RunID, _ node: String) throws -> WaitCause? {
        let key = try #require(store.run(run)).key
        return try reader.explanation(ofRun: key, now: clock.wall()).waitingFor.first { $0.node == node }?.cause
    }

    func events(of run: RunID) throws -> [Event] {
        var events: [Event] = []
        try reader.forEachEvent(ofRun: try #require(store.run(run)).key) { _, _, event, _ in events.append(event) }
        return events
    }

    /// What is held of anything, of what must be nothing when all runs have ended.
    var leftOver: [String: Int] { engine.heldThings.filter { $0.value != 0 } }

    /// The sum of the usage records is what the budgets say, and nothing is above its limit.
    func auditMoney(_ place: String = "") throws {
        var filter = UsageFilter()
        filter.limit = .max
        var spent: [BudgetAccount: Charge] = [:]
        for row in store.usage(filter) {
            for account in row.accounts { spent[account] = (spent[account] ?? .zero).adding(row.charge) }
        }
        for (account, sum) in spent {
            let row = try #require(store.budgets(of: account.scope, limit: .max).first { $0.account == account })
            try #require(row.spent == sum, "\(place): \(account)")
            if let limit = row.limit.money {
                let used = row.spent.money.picodollars + row.reserved.money.picodollars
                try #require(used <= limit.picodollars, "\(place): \(account) is above its limit")
            }
        }
        var held: [BudgetAccount: Charge] = [:]
        for row in store.reservations() where row.state == .open {
            for account in row.accounts { held[account] = (held[account] ?? .zero).adding(row.charge) }
        }
        for row in store.openBudgets() {
            try #require(row.reserved == held[row.account] ?? .zero, "\(place): reserved of \(row.account)")
        }
    }
}

extension CallCost {
    static func usd(_ most: String, least: String? = nil) -> CallCost {
        func charge(_ text: String) -> Charge { Charge(money: Money(text: text) ?? .zero) }
        return CallCost(most: charge(most), least: least.map(charge), provider: "scripted")
    }
}

extension CallUsage {
    static func usd(_ text: String) -> CallUsage { CallUsage(charge: Charge(money: Money(text: text) ?? .zero)) }
}
