// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import JSON

/// Checks that nodes and edges form a graph that can run (spec 4.2, E2xx), bodies included.
struct StructureChecker {
    let body: ResolvedBody
    let draft: WorkflowDraft
    let sink: DiagnosticSink

    func check() {
        checkSize()
        checkShape()
        PortChecker(body: body, sink: sink).check()
        GroupChecker(body: body, sink: sink).check()
        for inner in body.inner.values { StructureChecker(body: inner, draft: draft, sink: sink).checkInner() }
    }

    private func checkInner() {
        checkShape()
        PortChecker(body: body, sink: sink).check()
        GroupChecker(body: body, sink: sink).check()
        for inner in body.inner.values { StructureChecker(body: inner, draft: draft, sink: sink).checkInner() }
    }

    private func checkShape() {
        checkEnds()
        checkCycles()
        for edge in body.writtenEdges { checkCase(edge) }
        checkQuorums()
    }

    private var nodes: [NodeDraft] { body.nodes }

    private func checkSize() {
        let limits = draft.limits
        let limit = limits["max_nodes"]?.intValue.map { Int($0) } ?? CommonShapes.nodeLimit
        report(body.nodeCount, "nodes", limit)
        report(edgeCount(body), "edges", CommonShapes.edgeLimit)
        if let limit = limits["max_agent_nodes"]?.intValue {
            report(agentCount(body), "agent nodes", Int(limit))
        }
    }

    /// Each of several that work together is one.
    private func agentCount(_ body: ResolvedBody) -> Int {
        let own = body.nodes.reduce(0) { sum, node in
            node.type == .agent ? sum + Graph.Team.size(of: node.stored["config"]) : sum
        }
        return body.inner.values.reduce(own) { $0 + agentCount($1) }
    }

    private func edgeCount(_ body: ResolvedBody) -> Int {
        body.inner.values.reduce(body.edges.count) { $0 + edgeCount($1) }
    }

    private func report(_ count: Int, _ what: String, _ limit: Int) {
        guard count > limit else { return }
        let message = "the graph has \(count) \(what); at most \(limit) are allowed"
        sink.report(.graphTooLarge, at: body.draft.nodeList, message)
    }

    private func checkEnds() {
        let list = body.draft.nodeList
        guard !nodes.isEmpty else {
            return sink.report(.noEntry, at: list, "there are no nodes; add at least one")
        }
        if !nodes.indices.contains(where: { body.digraph.predecessors(of: $0).isEmpty }) {
            sink.report(.noEntry, at: list, "every node waits for another, so none can start")
        }
        if !nodes.indices.contains(where: { body.digraph.successors(of: $0).isEmpty }) {
            sink.report(.noTerminal, at: list, "every node leads to another, so none is the last one")
        }
    }

    private func checkCycles() {
        guard body.waves == nil else { return }
        for edge in body.edges where edge.from == edge.to {
            sink.report(.selfDependency, at: edge.value, "node `\(body.id(edge.from))` depends on itself")
        }
        let others = body.digraph.edges.filter { $0.from != $0.to }
        guard let cycle = Digraph(nodeCount: nodes.count, edges: others).shortestCycle(), let first = cycle.first else {
            return
        }
        let steps = zip(cycle, cycle.dropFirst() + [first]).compactMap { from, to in
            body.edges.first { $0.from == from && $0.to == to }
        }
        guard let last = steps.last else { return }
        sink.report(
            .cycle,
            at: last.value,
            "cycle: \(Self.text(cycle.map(body.id))); remove one of these edges",
            related: steps.dropLast().prefix(Self.shownSteps).map {
                DiagnosticSink.related($0.value, "\(body.id($0.from)) → \(body.id($0.to))")
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

    private func checkCase(_ edge: ResolvedBody.Edge) {
        guard let draft = edge.draft, draft.exit != nil || draft.branchCase != nil else { return }
        let source = nodes[edge.from]
        if let (name, value) = draft.exit, source.type != .loop {
            let message =
                "only edges of a `loop` name the port `\(name)`; `\(source.id)` is a `\(source.type.rawValue)`"
            sink.report(.unknownCase, at: value, message)
        }
        guard let (name, value) = draft.branchCase else { return }
        guard source.type == .branch else {
            let message = "only edges of a `branch` name a case; `\(source.id)` is a `\(source.type.rawValue)`"
            return sink.report(.unknownCase, at: value, message)
        }
        guard !source.cases.contains(where: { $0.name == name }) else { return }
        let suggestion = sink.suggestion(for: name, among: source.cases.map(\.name))
        sink.report(.unknownCase, at: value, "branch `\(source.id)` has no case `\(name)`\(suggestion)")
    }

    private func checkQuorums() {
        for index in body.overview.notable {
            let node = nodes[index]
            guard case .quorum(let quorum) = node.join else { continue }
            let count = body.digraph.edges(to: index).count
            guard quorum > count else { continue }
            sink.report(
                .quorumTooLarge,
                at: node.joinValue ?? node.idValue,
                "node `\(node.id)` waits for \(quorum) of its incoming edges, but has \(count)"
            )
        }
    }
}
