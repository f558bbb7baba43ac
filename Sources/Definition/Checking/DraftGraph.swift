// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore

/// The nodes and edges of a draft as positions; edges of `depends_on` first, then the written ones.
struct DraftGraph {
    /// An edge whose ends are known.
    struct Edge {
        let from: Int
        let to: Int
        let when: CELExpression?
        let branchCase: (name: String, value: SourceValue)?
        let uses: [ExpressionUse]
        /// Where it was written.
        let value: SourceValue

        var isConditional: Bool { when != nil || branchCase != nil }
    }

    let draft: WorkflowDraft
    let positions: [String: Int]
    let edges: [Edge]
    let digraph: Digraph

    func id(_ node: Int) -> String { draft.nodes[node].id }
}

/// Turns ids into positions, merges edges that are written twice, and reports ids that are unknown or used twice.
struct EdgeResolver {
    let sink: DiagnosticSink
    private let draft: WorkflowDraft
    private var positions: [String: Int] = [:]
    private var edges: [DraftGraph.Edge] = []
    /// Edges written before between the same two nodes.
    private var seen: [Pair: [Int]] = [:]

    private struct Pair: Hashable {
        let from: Int
        let to: Int
    }

    static func resolve(_ draft: WorkflowDraft, into sink: DiagnosticSink) -> DraftGraph {
        var resolver = Self(draft: draft, sink: sink)
        resolver.number()
        let written = draft.edges.compactMap { resolver.resolve($0) }
        for edge in written { resolver.seen[Pair(from: edge.from, to: edge.to), default: []] = [-1] }
        resolver.addDependencies()
        resolver.seen = [:]
        for edge in written { resolver.add(edge) }
        let digraph = Digraph(
            nodeCount: draft.nodes.count,
            edges: resolver.edges.map { .init(from: $0.from, to: $0.to) }
        )
        return DraftGraph(draft: draft, positions: resolver.positions, edges: resolver.edges, digraph: digraph)
    }

    private init(draft: WorkflowDraft, sink: DiagnosticSink) {
        self.draft = draft
        self.sink = sink
    }

    private mutating func number() {
        positions.reserveCapacity(draft.nodes.count)
        for (index, node) in draft.nodes.enumerated() {
            guard let first = positions[node.id] else {
                positions[node.id] = index
                continue
            }
            let related = DiagnosticSink.related(draft.nodes[first].idValue, "the first one is here")
            sink.report(
                .duplicateNode,
                at: node.idValue,
                "two nodes have the id `\(node.id)`; rename one",
                related: [related]
            )
        }
    }

    private func resolve(_ edge: EdgeDraft) -> DraftGraph.Edge? {
        let from = position(edge.from, edge.fromValue)
        let to = position(edge.to, edge.toValue)
        guard let from, let to else { return nil }
        return DraftGraph.Edge(
            from: from,
            to: to,
            when: edge.when,
            branchCase: edge.branchCase,
            uses: edge.uses,
            value: edge.value
        )
    }

    private func position(_ id: String, _ value: SourceValue) -> Int? {
        if let position = positions[id] { return position }
        let suggestion = sink.suggestion(for: id, among: draft.nodes.lazy.map(\.id))
        sink.report(.unknownNode, at: value, "there is no node `\(id)`\(suggestion)")
        return nil
    }

    /// A dependency beside a written edge between the same nodes adds nothing: the written one says more.
    private mutating func addDependencies() {
        for node in draft.nodes {
            for (id, value) in node.dependencies {
                guard let from = position(id, value), let to = positions[node.id] else { continue }
                let edge = DraftGraph.Edge(from: from, to: to, when: nil, branchCase: nil, uses: [], value: value)
                if seen[Pair(from: from, to: to)] == nil { add(edge) } else { noteDuplicate(edge) }
            }
        }
    }

    private mutating func add(_ edge: DraftGraph.Edge) {
        let pair = Pair(from: edge.from, to: edge.to)
        let isKnown = (seen[pair] ?? []).contains { index in
            edges[index].when?.source == edge.when?.source && edges[index].branchCase?.name == edge.branchCase?.name
        }
        if isKnown { return noteDuplicate(edge) }
        seen[pair, default: []].append(edges.count)
        edges.append(edge)
    }

    private func noteDuplicate(_ edge: DraftGraph.Edge) {
        let (from, to) = (draft.nodes[edge.from].id, draft.nodes[edge.to].id)
        sink.report(.impliedEdge, at: edge.value, "the edge \(from) → \(to) is written twice; one of them is enough")
    }
}
