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
        /// The edge itself, or the id in `depends_on`.
        let value: SourceValue
        /// The edge as written; `nil` for one of `depends_on`, which says nothing but an order.
        let draft: EdgeDraft?

        var when: CELExpression? { draft?.when }
        var uses: [ExpressionUse] { draft?.uses ?? [] }
        var isConditional: Bool { draft?.isConditional ?? false }
        /// It carries a value.
        var bindsPort: Bool { draft?.to.port != nil }
    }

    let draft: BodyDraft
    let overview: NodeOverview
    let positions: [String: Int]
    let edges: [Edge]
    /// The edges behind those of `depends_on`.
    let writtenEdges: ArraySlice<Edge>
    let digraph: Digraph
    /// The dependency depth of each node; `nil` when there is a cycle.
    let waves: [Int]?
    /// The bodies of loops and maps, by the position of the node.
    let inner: [Int: ResolvedBody]

    init(
        draft: BodyDraft,
        overview: NodeOverview,
        positions: [String: Int],
        edges: [Edge],
        firstWritten: Int,
        digraph: Digraph,
        inner: [Int: ResolvedBody]
    ) {
        self.draft = draft
        self.overview = overview
        self.positions = positions
        self.edges = edges
        writtenEdges = edges[firstWritten...]
        self.digraph = digraph
        waves = digraph.waves()
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
        switch overview.types[node] {
        case .branch, .human: digraph.edges(from: node).contains { edges[$0].isConditional }
        default: false
        }
    }
}

/// What checks ask of many nodes: in large graphs, going from one draft to the next costs more than what is done there.
struct NodeOverview {
    private(set) var types: [NodeType] = []
    private(set) var joins: [Graph.Join] = []
    /// Positions of the nodes that have more than most, such as ports, cases or a join rule.
    private(set) var notable: [Int] = []
    /// Positions of the nodes that hold expressions.
    private(set) var reading: [Int] = []

    init(_ nodes: [NodeDraft]) {
        types.reserveCapacity(nodes.count)
        joins.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() {
            types.append(node.type)
            joins.append(node.join)
            if node.isNotable { notable.append(index) }
            if !node.uses.isEmpty { reading.append(index) }
        }
    }
}

/// Turns ids into positions, merges edges that are written twice, and reports ids that are unknown or used twice.
struct BodyResolver {
    let sink: DiagnosticSink
    private let draft: BodyDraft
    private let overview: NodeOverview
    private var positions: [String: Int] = [:]
    private var edges: [ResolvedBody.Edge] = []
    /// Two nodes have the same id.
    private var hasTwins = false
    /// The last written edge added between two nodes.
    private var seen: [Pair: Int] = [:]
    /// The written edge added before another between the same two nodes.
    private var previous: [Int: Int] = [:]
    /// Nodes that a written edge connects.
    private var written: Set<Pair> = []

    private struct Pair: Hashable {
        let from: Int
        let to: Int
    }

    static func resolve(_ draft: BodyDraft, into sink: DiagnosticSink) -> ResolvedBody {
        var taken: [String: NodeDraft] = [:]
        return resolve(draft, into: sink, &taken)
    }

    /// - Parameter taken: Ids of the whole document: tasks are named by the id of their node.
    private static func resolve(
        _ draft: BodyDraft,
        into sink: DiagnosticSink,
        _ taken: inout [String: NodeDraft]
    ) -> ResolvedBody {
        var resolver = Self(draft: draft, sink: sink)
        resolver.number(&taken)
        let written = draft.edges.compactMap { resolver.resolve($0) }
        for edge in written { resolver.written.insert(Pair(from: edge.from, to: edge.to)) }
        resolver.addDependencies()
        let firstWritten = resolver.edges.count
        for edge in written { resolver.add(edge) }
        var inner: [Int: ResolvedBody] = [:]
        for index in resolver.overview.notable {
            if let body = draft.nodes[index].body { inner[index] = resolve(body, into: sink, &taken) }
        }
        return ResolvedBody(
            draft: draft,
            overview: resolver.overview,
            positions: resolver.positions,
            edges: resolver.edges,
            firstWritten: firstWritten,
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
        overview = NodeOverview(draft.nodes)
    }

    private mutating func number(_ taken: inout [String: NodeDraft]) {
        positions.reserveCapacity(draft.nodes.count)
        // Without bodies the positions say what is taken.
        let hasBodies = !taken.isEmpty || overview.notable.contains { draft.nodes[$0].body != nil }
        for (index, node) in draft.nodes.enumerated() {
            let id = node.id
            let own = positions.updateValue(index, forKey: id)
            if let own { positions[id] = own }
            var first = own.map { draft.nodes[$0] }
            if hasBodies {
                let other = taken.updateValue(node, forKey: id)
                if let other { taken[id] = other }
                first = other ?? first
            }
            guard let first else { continue }
            hasTwins = hasTwins || own != nil
            let related = DiagnosticSink.related(first.idValue, "the first one is here")
            sink.report(
                .duplicateNode,
                at: node.idValue,
                "two nodes have the id `\(id)`; rename one",
                related: [related]
            )
        }
    }

    private func resolve(_ edge: EdgeDraft) -> ResolvedBody.Edge? {
        let from = position(edge.from.id, edge.from.value)
        let to = position(edge.to.id, edge.to.value)
        guard let from, let to else { return nil }
        return ResolvedBody.Edge(from: from, to: to, value: edge.value, draft: edge)
    }

    private func position(_ id: String, _ value: SourceValue) -> Int? {
        if let position = positions[id] { return position }
        let suggestion = sink.suggestion(for: id, among: draft.nodes.lazy.map(\.id))
        sink.report(.unknownNode, at: value, "there is no node `\(id)`\(suggestion)")
        return nil
    }

    /// A dependency beside a written edge between the same nodes adds nothing: the written one says more.
    private mutating func addDependencies() {
        edges.reserveCapacity(draft.nodes.count)
        // For each node the last one that depends on it.
        var last = [Int](repeating: -1, count: draft.nodes.count)
        var met: Set<Pair> = []
        for index in draft.nodes.indices {
            let node = draft.nodes[index]
            // The first of two nodes with one id stands for both.
            let target = hasTwins ? positions[node.id] ?? index : index
            for (id, value) in node.dependencies {
                guard let from = position(id, value) else { continue }
                let pair = Pair(from: from, to: target)
                let isNew = hasTwins ? met.insert(pair).inserted : last[from] != target
                last[from] = target
                let edge = ResolvedBody.Edge(from: from, to: target, value: value, draft: nil)
                if isNew, !written.contains(pair) { edges.append(edge) } else { noteDuplicate(edge) }
            }
        }
    }

    private mutating func add(_ edge: ResolvedBody.Edge) {
        let pair = Pair(from: edge.from, to: edge.to)
        let last = seen.updateValue(edges.count, forKey: pair)
        var other = last
        while let position = other {
            if let draft = edge.draft, edges[position].draft?.says(the: draft) ?? false {
                seen[pair] = last
                return noteDuplicate(edge)
            }
            other = previous[position]
        }
        if let last { previous[edges.count] = last }
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
