// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition

/// A phase as runs see it: the nodes of the graph itself that name it.
struct RunPhase: Sendable {
    /// The id that nodes name.
    let id: String
    /// Indexes of its nodes.
    let nodes: [Int]
    /// What its failure does; `nil` where phases are no more than names, as in workflows and plans.
    let policy: Graph.Phase?

    /// The phases of a graph: those it declares, then those that its nodes name. Those of the graph before it keep their
    /// numbers.
    ///
    /// - Parameter nodes: Indexes of the nodes, by position.
    static func all(of graph: Graph, nodes indexes: [Int], after earlier: [RunPhase] = []) -> [RunPhase] {
        var ids = earlier.map(\.id)
        ids += graph.phases.map(\.id).filter { !ids.contains($0) }
        var nodes: [String: [Int]] = [:]
        for (position, node) in graph.nodes.enumerated() {
            guard let id = node.phase, !node.isCompensation else { continue }
            if nodes[id] == nil, !ids.contains(id) { ids.append(id) }
            nodes[id, default: []].append(indexes[position])
        }
        let hasPolicies = graph.documentKind == .workstack
        let kept = Set(earlier.map(\.id))
        return ids.compactMap { id in
            guard let nodes = nodes[id] ?? (kept.contains(id) ? [] : nil) else { return nil }
            return RunPhase(id: id, nodes: nodes, policy: hasPolicies ? graph.phases.first { $0.id == id } : nil)
        }
    }
}

extension RunGraph {
    /// The number of the phase with that id.
    func phase(named id: String) -> Int? { phases.firstIndex { $0.id == id } }

    /// The number of the phase that a node of the graph itself belongs to.
    func phase(of node: Int) -> Int? { phaseNumbers[node] }
}
