// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore

/// Turns a checked draft into the graph that the engine interprets.
enum Lowering {
    static func graph(of checked: DraftGraph) -> Graph {
        let draft = checked.draft
        let waves = checked.digraph.waves() ?? []
        let nodes = draft.nodes.enumerated().map { index, node in
            Graph.Node(
                id: node.id,
                name: node.name,
                kind: node.kind,
                incoming: Array(checked.digraph.edges(to: index)),
                outgoing: Array(checked.digraph.edges(from: index)),
                join: node.join,
                when: node.when,
                retry: node.retry,
                timeout: node.timeout,
                totalTimeout: node.totalTimeout,
                continueOnFailure: node.continueOnFailure,
                priority: node.priority,
                wave: waves[index],
                isNonIdempotent: node.isNonIdempotent
            )
        }
        let decides = draft.nodes.indices.map { hasFallback($0, checked) }
        let edges = checked.edges.map { edge in
            Graph.Edge(
                from: edge.from,
                to: edge.to,
                when: edge.when,
                branchCase: edge.branchCase?.name,
                isFallback: decides[edge.from] && !edge.isConditional
            )
        }
        return Graph(
            sealing: GraphParts(
                name: draft.name,
                summary: draft.summary,
                inputs: draft.inputs,
                outputs: draft.outputs,
                nodes: nodes,
                edges: edges,
                failurePolicy: draft.failurePolicy,
                deadline: draft.deadline,
                maxParallel: draft.maxParallel
            )
        )
    }

    /// Edges without a condition are the fallback of those with one (spec 3.6, branch).
    private static func hasFallback(_ node: Int, _ checked: DraftGraph) -> Bool {
        switch checked.draft.nodes[node].kind {
        case .branch, .human: checked.digraph.edges(from: node).contains { checked.edges[$0].isConditional }
        default: false
        }
    }
}
