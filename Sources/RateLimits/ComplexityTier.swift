// Baton
// SPDX-License-Identifier: Apache-2.0

/// How heavy a workflow is, by the number of its agent nodes (spec 11.3).
public enum ComplexityTier: String, Sendable, Hashable, CaseIterable {
    /// No agent node.
    case simple
    /// One or two.
    case standard
    /// Three or more.
    case heavy

    /// The tier of a graph with so many agent nodes.
    public init(agentNodes: Int) {
        self = agentNodes <= 0 ? .simple : agentNodes <= 2 ? .standard : .heavy
    }
}
