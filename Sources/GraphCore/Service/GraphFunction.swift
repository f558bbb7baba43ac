// Baton
// SPDX-License-Identifier: Apache-2.0

/// What can be asked about a graph.
public enum GraphFunction: UInt8, CaseIterable, Sendable {
    /// What is wrong with it, as diagnostics.
    case validate
    /// Which nodes run at the same depth.
    case waves
    /// Whether another edge would close a cycle.
    case cycle
    /// Which edges others imply.
    case redundant
    /// Where to draw nodes and edges.
    case layout
    /// What could be better.
    case hints
}
