// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// What a patch changes in the compiled graph: nodes that no document lists, as those of workstacks, and nodes that differ
/// because something around them does.
struct GraphGuards {
    let old: Graph
    let new: Graph

    /// Nodes of the old graph that are not as they were, with a sentence for when they have started.
    var touched: [String: String] {
        let change = GraphChange(from: old, to: new)
        var result: [String: String] = [:]
        for id in change.removed { result[id] = "node `\(id)` has started and cannot be removed" }
        for id in change.changed { result[id] = "node `\(id)` has started and cannot be changed" }
        guard old.documentKind != .workflow else { return result }
        let (before, after) = (Self.incoming(old), Self.incoming(new))
        for node in old.nodes where result[node.id] == nil && before[node.id] != after[node.id] {
            result[node.id] = "node `\(node.id)` has started, so the edges that lead to it cannot change"
        }
        return result
    }

    private static func incoming(_ graph: Graph) -> [String: Set<JSONValue>] {
        let conditions = graph.edgeConditions
        var result: [String: Set<JSONValue>] = [:]
        for (edge, condition) in zip(graph.edges, conditions) {
            result[graph.nodes[edge.to].id, default: []].insert([.string(graph.nodes[edge.from].id), condition])
        }
        return result
    }
}
