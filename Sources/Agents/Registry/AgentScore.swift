// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// How well an agent fits what is wanted (spec 8.2). Pure.
struct AgentScore: Sendable, Equatable {
    let agent: String
    /// What it has of what is still wanted.
    let covers: [String]
    let isPreferred: Bool
    let isParallelizable: Bool
    /// (successes + 2) / (executions + 4) of the last hundred.
    let success: Double
    let priority: Int
    let latency: Int
    /// Attempts under way, of as many as it makes at a time.
    let load: Double
    /// What a call costs as a rule, in USD.
    let usd: Double

    init(
        _ record: AgentRecord,
        _ activity: AgentActivity,
        wanted: Set<String>,
        preferred: Set<String>
    ) {
        agent = record.id
        covers = record.capabilities.filter(wanted.contains)
        isPreferred = preferred.contains(record.id)
        isParallelizable = record.isParallelizable
        let (successes, ends) = activity.successes
        success = Double(successes + 2) / Double(ends + 4)
        (priority, latency) = (record.priority, record.latency)
        load = Double(activity.running) / Double(max(1, record.maxConcurrent))
        let spent = Double(activity.spent.picodollars) / 1e12
        usd = activity.executions == 0 ? 0 : spent / Double(activity.executions)
    }

    /// What each term adds or takes away.
    var terms: [(name: String, value: Double)] {
        [
            ("covered", 100 * Double(covers.count)), ("preferred", isPreferred ? 500 : 0),
            ("parallel", isParallelizable ? 25 : 0), ("success", 100 * (success - 0.5)),
            ("priority", -50 * Double(priority)), ("latency", -min(Double(latency) / 10, 100)), ("load", -100 * load),
            ("cost", -100 * usd),
        ]
    }

    var total: Double { terms.reduce(0) { $0 + $1.value } }

    /// `{agent, score, covers, terms{…}}`.
    var json: JSONValue {
        [
            "agent": .string(agent), "score": .double(total), "covers": .array(covers.map(JSONValue.string)),
            "terms": .object(JSONObject(members: terms.map { .init(key: $0.name, value: .double($0.value)) })),
        ]
    }
}

/// Agents that cover what is wanted together.
struct AgentSelection: Sendable {
    /// In the order in which they were chosen.
    private(set) var chosen: [AgentScore] = []
    /// Everybody who could have been chosen first, the best first.
    private(set) var candidates: [AgentScore] = []
    /// What nobody of them has.
    private(set) var missing: [String] = []

    /// Picks the best for what is still open, and again, until everything is covered or there are `limit`.
    ///
    /// - Parameter agents: Those that may be chosen.
    init(
        _ agents: [(record: AgentRecord, activity: AgentActivity)],
        capabilities: [String],
        preferred: [String],
        limit: Int
    ) {
        var (open, left) = (capabilities, agents)
        let favourites = Set(preferred)
        while !open.isEmpty, chosen.count < limit {
            let wanted = Set(open)
            let scores = left.map { AgentScore($0.record, $0.activity, wanted: wanted, preferred: favourites) }
                .filter { !$0.covers.isEmpty }
                .sorted { ($1.total, $0.agent) < ($0.total, $1.agent) }
            if chosen.isEmpty { candidates = scores }
            guard let best = scores.first else { break }
            chosen.append(best)
            open.removeAll(where: best.covers.contains)
            left.removeAll { $0.record.id == best.agent }
        }
        missing = open
    }

    /// `{agents, scores, candidates, missing, latency_ms, parallel}`; `parallel` are groups that may work at once.
    var json: JSONValue {
        let together = chosen.filter(\.isParallelizable).map { JSONValue.string($0.agent) }
        let alone = chosen.filter { !$0.isParallelizable }.map { JSONValue.array([.string($0.agent)]) }
        return [
            "agents": .array(chosen.map { .string($0.agent) }), "scores": .array(chosen.map(\.json)),
            "candidates": .array(candidates.prefix(20).map(\.json)), "missing": .array(missing.map(JSONValue.string)),
            "latency_ms": .int(Int64(chosen.map(\.latency).max() ?? 0)),
            "parallel": .array((together.isEmpty ? [] : [.array(together)]) + alone),
        ]
    }
}
