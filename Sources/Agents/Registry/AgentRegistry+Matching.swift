// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import Engine
public import JSON
public import Model
import Providers

/// Choosing agents by what they can do (spec 8.2).
extension AgentRegistry: AgentMatcher {
    /// Who would be chosen now: `{agents, scores, candidates, missing, latency_ms, parallel}`.
    public func match(_ wanted: Graph.Team.Match) -> JSONValue { select(wanted).json }

    /// Chooses agents that cover what is wanted.
    ///
    /// - Throws: `agent.unavailable`: permanent when nobody ever could, `upstream` when those who could are left alone for now.
    public func choose(_ wanted: Graph.Team.Match) throws(TaskError) -> AgentChoice {
        let selection = select(wanted)
        guard !selection.missing.isEmpty else {
            return AgentChoice(agents: selection.chosen.map(\.agent), basis: selection.json)
        }
        let list = selection.missing.joined(separator: ", ")
        let known = Set(roster.all.filter(\.isEnabled).flatMap(\.capabilities))
        let unheard = selection.missing.filter { !known.contains($0) }
        if !unheard.isEmpty {
            throw TaskError(
                code: "agent.unavailable",
                errorClass: .permanent,
                message: "no agent covers \(unheard.joined(separator: ", "))"
            )
        }
        let isTooFew = selection.chosen.count == wanted.limit
        throw TaskError(
            code: "agent.unavailable",
            errorClass: isTooFew ? .permanent : .upstream,
            message: isTooFew
                ? "\(wanted.limit) agents (`max_agents`) do not cover \(list)"
                : "the agents that cover \(list) failed too often in a row and are left alone for a while"
        )
    }

    private func select(_ wanted: Graph.Team.Match) -> AgentSelection {
        let able = candidates.filter { $0.record.isEnabled && $0.activity.circuit.opens(after: time) == nil }
        return AgentSelection(
            able,
            capabilities: wanted.capabilities,
            preferred: wanted.preferred,
            limit: wanted.limit
        )
    }
}
