// Baton
// SPDX-License-Identifier: Apache-2.0

extension Digraph {
    /// Whether each pair is connected by a path of at least one edge, in the order of the pairs.
    ///
    /// Many questions are answered together: 512 different starts in one pass over the graph. The graph must have
    /// no cycle.
    public func areConnected(_ pairs: [Edge]) -> [Bool] {
        guard !pairs.isEmpty, let waves = waves(), let order = topologicalOrder() else {
            precondition(pairs.isEmpty, "the graph has a cycle")
            return []
        }
        var answers = pairs.map { hasEdge($0) }
        let open = pairs.indices.filter { !answers[$0] && waves[pairs[$0].from] < waves[pairs[$0].to] }
        let byStart = Adjacency(nodeCount: nodeCount, edgeCount: open.count) { (pairs[open[$0]].from, open[$0]) }
        var sets = ReachableSets(graph: self, order: order)
        sets.forEachBatch(of: order.filter { !byStart.range(of: $0).isEmpty }) { sets, start in
            for pair in byStart.neighbours[byStart.range(of: start)] {
                answers[pair] = sets.isReached(pairs[pair].to, from: start)
            }
        }
        return answers
    }

    /// Positions of the edges that a longer path between the same two nodes implies, rising. The graph must have no
    /// cycle; of parallel edges none implies the other.
    public func redundantEdges() -> [Int] {
        guard let order = topologicalOrder() else { preconditionFailure("the graph has a cycle") }
        func mayBeRedundant(_ edge: Int) -> Bool {
            successors(of: edges[edge].from).count > 1 && predecessors(of: edges[edge].to).count > 1
        }
        var isRedundant = [Bool](repeating: false, count: edges.count)
        var sets = ReachableSets(graph: self, order: order)
        sets.forEachBatch(of: order.filter { edges(from: $0).contains(where: mayBeRedundant) }) { sets, start in
            for edge in edges(from: start) {
                isRedundant[edge] = sets.isReachedByDetour(edges[edge].to, from: start)
            }
        }
        return edges.indices.filter { isRedundant[$0] }
    }

    private func hasEdge(_ edge: Edge) -> Bool {
        let targets = successors(of: edge.from)
        let sources = predecessors(of: edge.to)
        return targets.count < sources.count ? targets.contains(edge.to) : sources.contains(edge.from)
    }
}

/// For up to 512 start nodes at a time: which of them reach each node.
private struct ReachableSets {
    private typealias Bits = SIMD8<UInt64>

    private let graph: Digraph
    private let order: [Int]
    /// The place of each node in the order.
    private var place: [Int]
    /// The bit of each start of the current batch; negative for other nodes.
    private var bit: [Int]
    /// Starts that reach the node over at least one edge.
    private var reached: [Bits]
    /// Starts that reach the node over at least two edges.
    private var reachedByDetour: [Bits]

    init(graph: Digraph, order: [Int]) {
        self.graph = graph
        self.order = order
        place = [Int](repeating: 0, count: graph.nodeCount)
        bit = [Int](repeating: -1, count: graph.nodeCount)
        reached = [Bits](repeating: .zero, count: graph.nodeCount)
        reachedByDetour = reached
        for (index, node) in order.enumerated() { place[node] = index }
    }

    /// Fills the sets for each batch of `starts` (in topological order) and calls `body` for each of them.
    mutating func forEachBatch(of starts: [Int], body: (borrowing Self, Int) -> Void) {
        var next = 0
        while next < starts.count {
            let batch = starts[next..<min(next + Bits.scalarCount * 64, starts.count)]
            next = batch.endIndex
            for (index, start) in batch.enumerated() { bit[start] = index }
            fill(from: place[batch[batch.startIndex]])
            for start in batch { body(self, start) }
            for start in batch { bit[start] = -1 }
        }
    }

    /// No start lies before `first`, so no earlier node is reached.
    private mutating func fill(from first: Int) {
        for node in order[..<first] {
            reached[node] = .zero
            reachedByDetour[node] = .zero
        }
        for node in order[first...] {
            var detour = Bits.zero
            var direct = Bits.zero
            for source in graph.predecessors(of: node) {
                detour |= reached[source]
                if bit[source] >= 0 { direct[bit[source] >> 6] |= 1 << UInt64(bit[source] & 63) }
            }
            reached[node] = detour | direct
            reachedByDetour[node] = detour
        }
    }

    func isReached(_ node: Int, from start: Int) -> Bool { contains(reached[node], start) }

    func isReachedByDetour(_ node: Int, from start: Int) -> Bool { contains(reachedByDetour[node], start) }

    private func contains(_ set: Bits, _ start: Int) -> Bool {
        set[bit[start] >> 6] >> UInt64(bit[start] & 63) & 1 == 1
    }
}
