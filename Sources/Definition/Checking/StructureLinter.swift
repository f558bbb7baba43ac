// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore

/// Warns about a graph that can run but holds something without use (spec 4.2, W20x).
struct StructureLinter {
    let body: ResolvedBody
    let sink: DiagnosticSink

    func check() {
        checkReachability()
        checkCases()
        checkImpliedEdges()
        for inner in body.inner.values { StructureLinter(body: inner, sink: sink).check() }
    }

    private var nodes: [NodeDraft] { body.nodes }

    /// A node that no edge can ever lead to.
    private func checkReachability() {
        guard body.writtenEdges.contains(where: \.isNever), let order = body.digraph.topologicalOrder() else { return }
        var isUnreachable = [Bool](repeating: false, count: nodes.count)
        var takeable = body.edges.map { !$0.isNever }
        for node in order {
            let incoming = body.digraph.edges(to: node)
            for edge in incoming where isUnreachable[body.edges[edge].from] { takeable[edge] = false }
            let count = incoming.count { takeable[$0] }
            let needed = body.overview.joins[node].edgesNeeded
            guard !incoming.isEmpty, count < needed else { continue }
            isUnreachable[node] = true
            sink.report(
                .unreachable,
                at: nodes[node].idValue,
                "node `\(nodes[node].id)` never runs: the edges that lead to it are never taken"
            )
        }
    }

    private func checkCases() {
        for index in body.overview.notable {
            let node = nodes[index]
            guard !node.cases.isEmpty else { continue }
            let used = Set(body.digraph.edges(from: index).compactMap { body.edges[$0].draft?.branchCase?.name })
            for (name, value) in node.cases where !used.contains(name) {
                sink.report(.unusedCase, at: value, "no edge leaves branch `\(node.id)` for the case `\(name)`")
            }
        }
    }

    /// Only edges that always count imply another: those without a condition, to nodes that wait for all.
    private func checkImpliedEdges() {
        // A longer way passes at least one wave between the two.
        guard let waves = body.waves, body.digraph.edges.contains(where: { waves[$0.to] - waves[$0.from] > 1 }) else {
            return
        }
        let plain = body.edges.indices.filter {
            !body.edges[$0].isConditional && !body.edges[$0].bindsPort
                && body.overview.joins[body.edges[$0].to] == .all
        }
        let digraph = Digraph(nodeCount: nodes.count, edges: plain.map { body.digraph.edges[$0] })
        for position in digraph.redundantEdges() {
            let edge = body.edges[plain[position]]
            sink.report(
                .impliedEdge,
                at: edge.value,
                "the edge \(body.id(edge.from)) → \(body.id(edge.to)) is implied by a longer way; remove it",
                fix: Fix.remove(edge.value)
            )
        }
    }
}

extension Graph.Join {
    /// How many edges must be taken before the node runs.
    fileprivate var edgesNeeded: Int {
        switch self {
        case .all, .any: 1
        case .done: 0
        case .quorum(let count): count
        }
    }
}

extension ResolvedBody.Edge {
    /// The condition is false whatever happens.
    fileprivate var isNever: Bool {
        guard let when, when.isConstant else { return false }
        return (try? when.condition(in: EmptyScope())) == false
    }
}
