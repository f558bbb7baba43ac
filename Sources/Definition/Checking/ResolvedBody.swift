// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import JSON

/// The nodes and edges of a body as positions; edges of `depends_on` first, then the written ones.
final class ResolvedBody {
    /// An edge whose ends are known.
    struct Edge {
        let from: Int
        let to: Int
        let draft: EdgeDraft

        var value: SourceValue { draft.value }
        var isConditional: Bool { draft.isConditional }
        /// It carries a value.
        var bindsPort: Bool { draft.to.port != nil }
    }

    let draft: BodyDraft
    let positions: [String: Int]
    let edges: [Edge]
    let digraph: Digraph
    /// The bodies of loops and maps, by the position of the node.
    let inner: [Int: ResolvedBody]

    init(
        draft: BodyDraft,
        positions: [String: Int],
        edges: [Edge],
        digraph: Digraph,
        inner: [Int: ResolvedBody]
    ) {
        self.draft = draft
        self.positions = positions
        self.edges = edges
        self.digraph = digraph
        self.inner = inner
    }

    var nodes: [NodeDraft] { draft.nodes }

    func id(_ node: Int) -> String { draft.nodes[node].id }

    /// How many nodes of this body and of all bodies in it meet a condition.
    func count(where isCounted: (NodeDraft) -> Bool) -> Int {
        inner.values.reduce(nodes.count(where: isCounted)) { $0 + $1.count(where: isCounted) }
    }

    /// The nodes of this body and of all bodies in it.
    var nodeCount: Int { inner.values.reduce(nodes.count) { $0 + $1.nodeCount } }

    /// Edges without a condition are the fallback of those with one (spec 3.6, branch).
    func hasFallback(_ node: Int) -> Bool {
        switch nodes[node].type {
        case .branch, .human: digraph.edges(from: node).contains { edges[$0].isConditional }
        default: false
        }
    }
}

/// Turns ids into positions, merges edges that are written twice, and reports ids that are unknown or used twice.
struct BodyResolver {
    let sink: DiagnosticSink
    private let draft: BodyDraft
    private var positions: [String: Int] = [:]
    private var edges: [ResolvedBody.Edge] = []
    /// The last edge added between two nodes.
    private var seen: [Pair: Int] = [:]
    /// For each edge the one added before it between the same two nodes; negative for none.
    private var previous: [Int] = []
    /// Nodes that a written edge connects.
    private var written: Set<Pair> = []

    private struct Pair: Hashable {
        let from: Int
        let to: Int
    }

    static func resolve(_ draft: BodyDraft, into sink: DiagnosticSink) -> ResolvedBody {
        var taken: [String: SourceValue] = [:]
        return resolve(draft, into: sink, &taken)
    }

    /// - Parameter taken: Ids of the whole document: tasks are named by the id of their node.
    private static func resolve(
        _ draft: BodyDraft,
        into sink: DiagnosticSink,
        _ taken: inout [String: SourceValue]
    ) -> ResolvedBody {
        var resolver = Self(draft: draft, sink: sink)
        resolver.number(&taken)
        let written = draft.edges.compactMap { resolver.resolve($0) }
        for edge in written { resolver.written.insert(Pair(from: edge.from, to: edge.to)) }
        resolver.addDependencies()
        for edge in written { resolver.add(edge) }
        var inner: [Int: ResolvedBody] = [:]
        for index in draft.nodes.indices {
            if let body = draft.nodes[index].body { inner[index] = resolve(body, into: sink, &taken) }
        }
        return ResolvedBody(
            draft: draft,
            positions: resolver.positions,
            edges: resolver.edges,
            digraph: Digraph(
                nodeCount: draft.nodes.count,
                edges: resolver.edges.map { .init(from: $0.from, to: $0.to) }
            ),
            inner: inner
        )
    }

    private init(draft: BodyDraft, sink: DiagnosticSink) {
        self.draft = draft
        self.sink = sink
    }

    private mutating func number(_ taken: inout [String: SourceValue]) {
        positions.reserveCapacity(draft.nodes.count)
        // Without bodies the positions say what is taken.
        let hasBodies = !taken.isEmpty || draft.nodes.contains { $0.body != nil }
        for (index, node) in draft.nodes.enumerated() {
            let (id, idValue) = (node.id, node.idValue)
            let own = positions.updateValue(index, forKey: id)
            if let own { positions[id] = own }
            var first = own.map { draft.nodes[$0].idValue }
            if hasBodies {
                let other = taken.updateValue(idValue, forKey: id)
                if let other { taken[id] = other }
                first = other ?? first
            }
            guard let first else { continue }
            let related = DiagnosticSink.related(first, "the first one is here")
            sink.report(.duplicateNode, at: idValue, "two nodes have the id `\(id)`; rename one", related: [related])
        }
    }

    private func resolve(_ edge: EdgeDraft) -> ResolvedBody.Edge? {
        let from = position(edge.from.id, edge.from.value)
        let to = position(edge.to.id, edge.to.value)
        guard let from, let to else { return nil }
        return ResolvedBody.Edge(from: from, to: to, draft: edge)
    }

    private func position(_ id: String, _ value: SourceValue) -> Int? {
        if let position = positions[id] { return position }
        let suggestion = sink.suggestion(for: id, among: draft.nodes.lazy.map(\.id))
        sink.report(.unknownNode, at: value, "there is no node `\(id)`\(suggestion)")
        return nil
    }

    /// A dependency beside a written edge between the same nodes adds nothing: the written one says more.
    private mutating func addDependencies() {
        for index in draft.nodes.indices {
            let target = draft.nodes[index].id
            for (id, value) in draft.nodes[index].dependencies {
                guard let from = position(id, value), let to = positions[target] else { continue }
                let draft = EdgeDraft(
                    from: EdgeEnd(id: id, port: nil, value: value),
                    to: EdgeEnd(id: target, port: nil, value: value),
                    value: value
                )
                let edge = ResolvedBody.Edge(from: from, to: to, draft: draft)
                let pair = Pair(from: from, to: to)
                if seen[pair] == nil, !written.contains(pair) { add(edge) } else { noteDuplicate(edge) }
            }
        }
    }

    private mutating func add(_ edge: ResolvedBody.Edge) {
        let pair = Pair(from: edge.from, to: edge.to)
        let last = seen.updateValue(edges.count, forKey: pair) ?? -1
        var other = last
        while other >= 0 {
            if edges[other].draft.says(the: edge.draft) {
                seen[pair] = last
                return noteDuplicate(edge)
            }
            other = previous[other]
        }
        previous.append(last)
        edges.append(edge)
    }

    private func noteDuplicate(_ edge: ResolvedBody.Edge) {
        let (from, to) = (draft.nodes[edge.from].id, draft.nodes[edge.to].id)
        sink.report(
            .impliedEdge,
            at: edge.value,
            "the edge \(from) → \(to) is written twice; one of them is enough",
            fix: Fix.remove(edge.value)
        )
    }
}

extension EdgeDraft {
    /// The same edge, written again.
    fileprivate func says(the other: EdgeDraft) -> Bool {
        when?.source == other.when?.source && branchCase?.name == other.branchCase?.name
            && exit?.name == other.exit?.name && from.port == other.from.port && to.port == other.to.port
    }
}
