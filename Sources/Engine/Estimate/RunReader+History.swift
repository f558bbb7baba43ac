// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import Model
internal import Store

extension RunReader {
    /// What the nodes of a workflow took in its last runs that completed, at most 20 of them (spec 4.3). Runs with very
    /// long logs are passed over.
    ///
    /// - Parameter visibility: Only runs that somebody sees.
    /// - Throws: `corrupted`, `unavailable`.
    public func history(ofWorkflow name: String, _ visibility: Visibility) throws(EngineError) -> History {
        var filter = RunFilter()
        (filter.workflow, filter.statuses, filter.limit) = (name, [.completed], 20)
        filter.visibility = visibility
        let wanted = filter
        let rows = try storage { () throws(StoreError) in try store.runs(wanted) }
        var executions = NodeExecutions()
        // The newest come first.
        for row in rows where row.lastSequence <= 20_000 {
            executions.beginRun()
            try forEachEvent(ofRun: row.key) { _, at, event, graph in
                guard let task = event.task, graph.nodes.indices.contains(task.node) else { return }
                executions.take(event.body, task, graph.nodes[task.node], at)
            }
        }
        return executions.history
    }

    /// Which workflow a run is of, and whose it is; `nil` when there is no such run.
    ///
    /// - Throws: `unavailable`.
    public func workflow(of run: RunID) throws(EngineError) -> (name: String, tenant: String)? {
        try storage { () throws(StoreError) in try store.run(run) }.map { ($0.workflow, $0.ownership.tenant) }
    }
}

/// Collects what executions of nodes took, from the events of runs.
struct NodeExecutions {
    private struct Execution {
        let milliseconds: Double
        let charge: Charge
    }

    private var all: [String: [Execution]] = [:]
    private var costly: Set<String> = []
    private var started: [TaskRef: Timestamp] = [:]
    private var charges: [TaskRef: Charge] = [:]
    /// What agents cost that work together, by the id of their node.
    private var teams: [String: Charge] = [:]

    mutating func beginRun() { (started, charges, teams) = ([:], [:], [:]) }

    mutating func take(_ body: Event.Body, _ task: TaskRef, _ node: Graph.Node, _ at: Timestamp) {
        switch body {
        case .taskStarted: if started[task] == nil { started[task] = at }
        case .budget(.settled(_, let charge, _)):
            costly.insert(node.id)
            charges[task] = charges[task]?.adding(charge) ?? charge
            guard node.id.hasSuffix(Self.seat) else { return }
            let owner = String(node.id.dropLast(Self.seat.count))
            costly.insert(owner)
            teams[owner] = teams[owner]?.adding(charge) ?? charge
        case .taskCompleted:
            let span = started.removeValue(forKey: task).map { at - $0 } ?? .zero
            let charge = teams.removeValue(forKey: node.id) ?? charges.removeValue(forKey: task) ?? .zero
            guard all[node.id, default: []].count < History.window else { return }
            all[node.id, default: []].append(Execution(milliseconds: Double(span.milliseconds), charge: charge))
        default: break
        }
    }

    /// The end of the id of the node that each of several agents has.
    private static let seat = ":agent"

    var history: History {
        var nodes: [String: History.Node] = [:]
        for (id, executions) in all {
            let isCostly = costly.contains(id)
            nodes[id] = History.Node(
                executions: executions.count,
                milliseconds: History.Spread(executions.map(\.milliseconds)),
                llmTokens: isCostly ? History.Spread(executions.map { Double($0.charge.languageModelTokens) }) : nil,
                usd: isCostly ? History.Spread(executions.map { Double($0.charge.money.picodollars) / 1e12 }) : nil
            )
        }
        return History(nodes: nodes)
    }
}
