// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import JSON
public import Model
internal import Store

/// What bounds a run, and how much of it is used.
public struct RunLimits: Sendable, Equatable {
    /// One bound in numbers.
    public struct Count: Sendable, Equatable {
        /// Its key in `limits` of the document.
        public let name: String
        /// So many are there.
        public let used: Int64
        /// So many may be.
        public let limit: Int64
    }
    /// What the run may spend, with all that it starts.
    public struct Spending: Sendable, Equatable {
        /// How much.
        public let limit: BudgetLimit
        /// What was spent.
        public let spent: Charge
        /// What calls in flight hold.
        public let reserved: Charge
    }
    /// Those that the document sets, and `max_events`, which always holds.
    public let counts: [Count]
    /// It fails then.
    public let deadline: Timestamp?
    /// The key that it shares with other runs, and how many of them may go on at a time.
    public let concurrency: (key: String, max: Int)?
    /// `nil` without a budget.
    public let spending: Spending?

    init(_ state: RunState, _ contention: Contention) {
        let (limits, size) = (state.graph.definition.limits, state.graph.definition.body.size)
        func count(_ name: String, _ used: Int, _ limit: Int?) -> Count? {
            limit.map { Count(name: name, used: Int64(used), limit: Int64($0)) }
        }
        counts = [
            count("max_parallel", state.count(.running) + state.count(.verifying), limits.maxParallel),
            count("max_nodes", size.nodes, limits.maxNodes),
            count("max_agent_nodes", size.agents, limits.maxAgentNodes),
            count("max_events", Int(state.ownSequence), limits.maxEvents ?? RunMachine.usualLength),
        ].compactMap(\.self)
        deadline = state.deadline
        concurrency = state.runDemand(at: state.createdAt).map { ($0.key.name, $0.maximum) }
        guard state.budget != .none else {
            spending = nil
            return
        }
        spending = Spending(
            limit: state.budget,
            spent: contention.ownBudget?.spent ?? .zero,
            reserved: contention.ownBudget?.reserved ?? .zero
        )
    }

    /// By key: equal when everything is.
    public static func == (left: Self, right: Self) -> Bool {
        left.counts == right.counts && left.deadline == right.deadline && left.spending == right.spending
            && left.concurrency?.key == right.concurrency?.key && left.concurrency?.max == right.concurrency?.max
    }

    /// `{NAME{used, limit}, deadline?, concurrency?{key, max}, budget?{limit, spent, reserved}}`.
    public var json: JSONValue {
        var result = JSONObject()
        for count in counts { result[count.name] = ["used": .int(count.used), "limit": .int(count.limit)] }
        result["deadline"] = deadline.map { .string($0.description) }
        result["concurrency"] = concurrency.map { ["key": .string($0.key), "max": .int(Int64($0.max))] }
        result["budget"] = spending.map {
            ["limit": $0.limit.json, "spent": $0.spent.json, "reserved": $0.reserved.json]
        }
        return .object(result)
    }

    /// One line for each, for people.
    public var lines: [String] {
        var lines = counts.map { "\($0.name) \($0.used) of \($0.limit)" }
        if let deadline { lines.append("deadline \(deadline)") }
        if let concurrency { lines.append("concurrency \(concurrency.key), \(concurrency.max) at a time") }
        if let spending {
            let held = spending.reserved == .zero ? "" : ", \(spending.reserved.text) held"
            lines.append("budget \(spending.spent.text) of \(spending.limit.text)\(held)")
        }
        return lines
    }
}

extension Graph.Body {
    /// Its nodes and those of bodies within, and how many of them are agents.
    fileprivate var size: (nodes: Int, agents: Int) {
        nodes.reduce(into: (0, 0)) { sum, node in
            sum.0 += 1
            sum.1 += node.kind.agentCount
            guard let inner = node.kind.body?.size else { return }
            sum.0 += inner.nodes
            sum.1 += inner.agents
        }
    }
}
