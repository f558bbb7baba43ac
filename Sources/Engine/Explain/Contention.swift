// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model
internal import Store

/// Who has something that others wait for.
public struct Holder: Sendable, Equatable {
    /// The run.
    public let run: RunID
    /// The task; `nil` when it is the run as a whole that has it.
    public let task: String?
    /// What it holds of a budget.
    public let charge: Charge?

    /// Puts a holder together.
    public init(run: RunID, task: String? = nil, charge: Charge? = nil) {
        self.run = run
        self.task = task
        self.charge = charge
    }
}

/// Who has what a run and its tasks wait for, read from the store.
public struct Contention: Sendable {
    /// Holders of keys, by run.
    var holders: [LimitKey: [Holder]] = [:]
    /// How budgets stand now, and who holds what of them.
    var budgets: [BudgetAccount: (row: BudgetRow, holders: [Holder])] = [:]
    /// The timers of the run, by time.
    var timers: [TimerRow] = []
    /// How the run's own budget stands.
    var ownBudget: BudgetRow?

    /// Nothing is known.
    public init() {}
}

extension RunReader {
    /// So many runs are looked at for holders, at most.
    private static let runLimit = 1000

    /// Why a run is where it is, with the names of those who have what it waits for.
    ///
    /// Reads the runs that may be among them, so it takes longer than ``Explanation/init(_:contention:now:)``.
    /// - Throws: `notFound`, `corrupted`, `unavailable`.
    public func explanation(ofRun key: Int64, now: Timestamp) throws(EngineError) -> Explanation {
        let state = try state(ofRun: key)
        let pauses = try storage { () throws(StoreError) in try store.pauses() }
        var contention = try contention(for: state)
        if !state.status.isTerminal { try addOutlook(ofRun: key, state, to: &contention) }
        return Explanation(state, contention: contention, now: now, pauses: PauseTable(pauses))
    }

    /// What the clock does next, and what the run has spent.
    private func addOutlook(ofRun key: Int64, _ state: RunState, to contention: inout Contention) throws(EngineError) {
        let scope = BudgetScope(.subtree, state.id.description)
        let found = try storage { () throws(StoreError) in
            (try store.timers(ofRun: key), try store.budgets(of: scope, limit: 1))
        }
        (contention.timers, contention.ownBudget) = (found.0, found.1.first)
    }

    func contention(for state: RunState) throws(EngineError) -> Contention {
        var contention = Contention()
        if state.status == .queued, let demand = state.runDemand(at: state.createdAt) {
            contention.holders[demand.key] = try runs(holding: demand.key, like: state)
        }
        let holds = Set(state.holds.values.compactMap(\.key))
        if !holds.isEmpty { contention.holders.merge(try tasks(holding: holds)) { first, _ in first } }
        for case .budget(let shortage) in state.holds.values { try add(shortage.account, to: &contention) }
        return contention
    }

    private func runs(holding key: LimitKey, like state: RunState) throws(EngineError) -> [Holder] {
        var holders: [Holder] = []
        let open = try storage { () throws(StoreError) in try store.openRuns() }
        for row in open.prefix(Self.runLimit) where row.status != .queued && row.id != state.id {
            guard let graph = try? graph(row.graphHash).definition, graph.concurrency != nil,
                graph.name == state.graph.name,
                let other = try? self.state(ofRun: row.key), other.runDemand(at: other.createdAt)?.key == key
            else { continue }
            holders.append(Holder(run: row.id))
        }
        return holders
    }

    private func tasks(holding keys: Set<LimitKey>) throws(EngineError) -> [LimitKey: [Holder]] {
        var holders: [LimitKey: [Holder]] = [:]
        let rows = try storage { () throws(StoreError) in try store.openTasks(ofRun: nil) }
        let runs = Set(rows.lazy.filter { $0.status == .running }.map(\.key.runKey))
        for run in runs.sorted().prefix(Self.runLimit) {
            // Of a run that cannot be read nobody knows what it holds.
            guard let state = try? state(ofRun: run) else { continue }
            for task in state.allTasks where state[task].status == .running && !state.node(task).kind.isContainer {
                for key in keys where state.mayHold(key, task) {
                    holders[key, default: []].append(Holder(run: state.id, task: state.name(of: task)))
                }
            }
        }
        return holders
    }

    private func add(_ account: BudgetAccount, to contention: inout Contention) throws(EngineError) {
        guard contention.budgets[account] == nil else { return }
        let (rows, reservations) = try storage { () throws(StoreError) in
            (try store.budgets(of: account.scope, limit: 1), try store.reservations())
        }
        guard let row = rows.first else { return }
        let open = reservations.filter { $0.state == .open && $0.accounts.contains(row.account) }
        let holders = open.compactMap { open in
            open.subject.run.map { Holder(run: $0, task: open.subject.task, charge: open.charge) }
        }
        contention.budgets[account] = (row, holders)
    }
}

extension TaskHold {
    /// The key whose permit is missing.
    fileprivate var key: LimitKey? {
        if case .permit(let key, _) = self { key } else { nil }
    }
}

extension RunState {
    /// A running task has a permit of the key, if the installation limits it.
    fileprivate func mayHold(_ key: LimitKey, _ task: TaskRef) -> Bool {
        switch key.scope {
        case .node, .thread: ((try? demands(of: task, at: createdAt)) ?? []).contains { $0.key == key }
        case .tool: node(task).kind.tool == key.name
        case .project: project == key.name && sharingTenant == key.tenant
        case .agent: agent(of: task) == key.name
        case .run, .queue: false
        }
    }
}
