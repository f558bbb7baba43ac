// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore

/// Checks that nodes and edges form a graph that can run (spec 4.2, E2xx).
struct StructureChecker {
    let graph: DraftGraph
    let sink: DiagnosticSink

    func check() {
        checkSize()
        checkEnds()
        checkCycles()
        for edge in graph.edges { checkCase(edge) }
        checkQuorums()
    }

    private var nodes: [NodeDraft] { graph.draft.nodes }

    private func checkSize() {
        let limit = graph.draft.maxNodes ?? WorkflowReader.nodeLimit
        guard nodes.count > limit else { return }
        sink.report(
            .graphTooLarge,
            at: graph.draft.nodeList,
            "the graph has \(nodes.count) nodes; at most \(limit) are allowed"
        )
    }

    private func checkEnds() {
        guard !nodes.isEmpty else {
            return sink.report(.noEntry, at: graph.draft.nodeList, "there are no nodes; add at least one")
        }
        if !nodes.indices.contains(where: { graph.digraph.predecessors(of: $0).isEmpty }) {
            sink.report(.noEntry, at: graph.draft.nodeList, "every node waits for another, so none can start")
        }
        if !nodes.indices.contains(where: { graph.digraph.successors(of: $0).isEmpty }) {
            sink.report(.noTerminal, at: graph.draft.nodeList, "every node leads to another, so none is the last one")
        }
    }

    private func checkCycles() {
        for edge in graph.edges where edge.from == edge.to {
            sink.report(.selfDependency, at: edge.value, "node `\(graph.id(edge.from))` depends on itself")
        }
        let others = graph.digraph.edges.filter { $0.from != $0.to }
        guard let cycle = Digraph(nodeCount: nodes.count, edges: others).shortestCycle(), let first = cycle.first else {
            return
        }
        let steps = zip(cycle, cycle.dropFirst() + [first]).compactMap { from, to in
            graph.edges.first { $0.from == from && $0.to == to }
        }
        guard let last = steps.last else { return }
        sink.report(
            .cycle,
            at: last.value,
            "cycle: \(Self.text(cycle.map(graph.id))); remove one of these edges",
            related: steps.dropLast().prefix(Self.shownSteps).map {
                DiagnosticSink.related($0.value, "\(graph.id($0.from)) → \(graph.id($0.to))")
            }
        )
    }

    /// Longer cycles are shortened in messages.
    private static let shownSteps = 20

    private static func text(_ ids: [String]) -> String {
        var shown = ids + ids.prefix(1)
        if shown.count > shownSteps {
            shown.replaceSubrange(shownSteps / 2..<shown.count - shownSteps / 2, with: ["… \(ids.count) nodes …"])
        }
        return shown.joined(separator: " → ")
    }

    private func checkCase(_ edge: DraftGraph.Edge) {
        guard let (name, value) = edge.branchCase else { return }
        let source = nodes[edge.from]
        guard case .branch = source.kind else {
            let message = "only edges of a `branch` name a case; `\(source.id)` is a `\(source.kind.name)`"
            return sink.report(.unknownCase, at: value, message)
        }
        guard !source.cases.contains(where: { $0.name == name }) else { return }
        let suggestion = sink.suggestion(for: name, among: source.cases.map(\.name))
        sink.report(.unknownCase, at: value, "branch `\(source.id)` has no case `\(name)`\(suggestion)")
    }

    private func checkQuorums() {
        for (index, node) in nodes.enumerated() {
            let count = graph.digraph.predecessors(of: index).count
            guard case .quorum(let quorum) = node.join, quorum > count else { continue }
            sink.report(
                .quorumTooLarge,
                at: node.joinValue ?? node.idValue,
                "node `\(node.id)` waits for \(quorum) of its incoming edges, but has \(count)"
            )
        }
    }
}
