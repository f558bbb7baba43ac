// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import JSON
public import Model

/// Knows the agents and chooses among them (spec 8.2).
public protocol AgentMatcher: Sendable {
    /// Chooses agents that cover what is wanted. Called on the engine's thread: must be quick.
    ///
    /// - Throws: `agent.unavailable` when they cannot all be covered.
    func choose(_ wanted: Graph.Team.Match) throws(TaskError) -> AgentChoice
}

/// Agents that were chosen, and why.
public struct AgentChoice: Sendable, Equatable {
    /// Their ids, the first chosen first; at least one.
    public var agents: [String]
    /// The terms of their scores, for people.
    public var basis: JSONValue

    /// Agents and why.
    public init(agents: [String], basis: JSONValue) {
        (self.agents, self.basis) = (agents, basis)
    }
}
