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
        for start in order {
            let range = byStart.range(of: start)
            guard !range.isEmpty else { continue }
            sets.add(start, targets: byStart.neighbours[range].map { pairs[$0].to })
        }
        sets.forEachBatch { sets, start in
            for pair in byStart.neighbours[byStart.range(of: start)] {
                answers[pair] = sets.isReached(pairs[pair].to, from: start)
            }
            return true
        }
        return answers
    }

    /// Positions of the edges that a longer path between the same two nodes implies, rising. The graph must have no
    /// cycle; of parallel edges none implies the other.
    ///
    /// - Parameter stepLimit: After looking at about that many nodes and edges the rest counts as not redundant. Only
    ///   graphs of tens of thousands of nodes with many edges that pass over many waves can need so much.
    public func redundantEdges(stepLimit: Int = 5_000_000) -> [Int] {
        guard let waves = waves(), let order = topologicalOrder() else { preconditionFailure("the graph has a cycle") }
        var isRedundant = [Bool](repeating: false, count: edges.count)
        var isOpen = isRedundant
        var search = DetourSearch(graph: self, waves: waves, stepsLeft: stepLimit / 2)
        for (position, edge) in edges.enumerated() {
            // A detour has at least two edges, each of which leads to a later wave.
            guard waves[edge.to] - waves[edge.from] > 1, successors(of: edge.from).count > 1,
                predecessors(of: edge.to).count > 1
            else { continue }
            if let answer = search.hasDetour(edge) { isRedundant[position] = answer } else { isOpen[position] = true }
        }
        guard isOpen.contains(true) else { return edges.indices.filter { isRedundant[$0] } }
        var sets = ReachableSets(graph: self, order: order)
        for start in order {
            let targets = edges(from: start).filter { isOpen[$0] }.map { edges[$0].to }
            if !targets.isEmpty { sets.add(start, targets: targets) }
        }
        sets.forEachBatch { sets, start in
            for edge in edges(from: start) where isOpen[edge] {
                isRedundant[edge] = sets.isReachedByDetour(edges[edge].to, from: start)
            }
            return sets.steps < stepLimit / 2
        }
        return edges.indices.filter { isRedundant[$0] }
    }

    /// Whether there is such an edge.
    public func hasEdge(_ edge: Edge) -> Bool {
        let targets = successors(of: edge.from)
        let sources = predecessors(of: edge.to)
        return targets.count < sources.count ? targets.contains(edge.to) : sources.contains(edge.from)
    }
}

/// Looks for a detour around one edge, as long as that is little work: in most graphs detours are short.
private struct DetourSearch {
    /// Steps of one search.
    private static let reach = 24

    private let graph: Digraph
    private let waves: [Int]
    /// The search that saw the node last.
    private var seenBy: [Int]
    private var searches = 0
    private(set) var stepsLeft: Int

    init(graph: Digraph, waves: [Int], stepsLeft: Int) {
        self.graph = graph
        self.waves = waves
        self.stepsLeft = stepsLeft
        seenBy = [Int](repeating: 0, count: graph.nodeCount)
    }

    /// `nil` when it would take longer.
    mutating func hasDetour(_ edge: Digraph.Edge) -> Bool? {
        let isForwardFirst = graph.successors(of: edge.from).count <= graph.predecessors(of: edge.to).count
        return search(edge, isForward: isForwardFirst) ?? search(edge, isForward: !isForwardFirst)
    }

    private mutating func search(_ edge: Digraph.Edge, isForward: Bool) -> Bool? {
        let (start, end) = isForward ? (edge.from, edge.to) : (edge.to, edge.from)
        let limit = waves[end]
        var steps = 0
        var stack = [start]
        searches += 1
        while let node = stack.popLast() {
            for next in isForward ? graph.successors(of: node) : graph.predecessors(of: node) {
                steps += 1
                stepsLeft -= 1
                if next == end, node != start { return true }
                guard steps < Self.reach, stepsLeft > 0 else { return nil }
                guard isForward ? waves[next] < limit : waves[next] > limit, seenBy[next] != searches else { continue }
                seenBy[next] = searches
                stack.append(next)
            }
        }
        return false
    }
}

/// For up to 512 start nodes at a time: which of them reach each node.
private struct ReachableSets {
    private typealias Bits = SIMD8<UInt64>

    private let graph: Digraph
    private let order: [Int]
    /// The place of each node in the order.
    private var place: [Int]
    /// Nodes to start from, in the order.
    private var starts: [Int] = []
    /// For each of them the place of the last node that matters.
    private var ends: [Int] = []
    /// The bit of each start of the current batch; negative for other nodes.
    private var bit: [Int]
    /// Starts that reach the node over at least one edge.
    private var reached: [Bits]
    /// Starts that reach the node over at least two edges.
    private var reachedByDetour: [Bits]
    /// Nodes and edges that were looked at.
    private(set) var steps = 0

    init(graph: Digraph, order: [Int]) {
        self.graph = graph
        self.order = order
        place = [Int](repeating: 0, count: graph.nodeCount)
        bit = [Int](repeating: -1, count: graph.nodeCount)
        reached = [Bits](repeating: .zero, count: graph.nodeCount)
        reachedByDetour = reached
        for (index, node) in order.enumerated() { place[node] = index }
    }

    /// Adds a start; they must come in topological order.
    mutating func add(_ start: Int, targets: [Int]) {
        starts.append(start)
        ends.append(targets.map { place[$0] }.max() ?? 0)
    }

    /// Fills the sets for each batch of starts and calls `body` for each start, until it returns false.
    mutating func forEachBatch(body: (borrowing Self, Int) -> Bool) {
        var next = 0
        var clean = 0
        while next < starts.count {
            let batch = next..<min(next + Bits.scalarCount * 64, starts.count)
            next = batch.upperBound
            for (index, start) in batch.enumerated() { bit[starts[start]] = index }
            let first = place[starts[batch.lowerBound]]
            // No start lies before the first, so no earlier node is reached.
            for node in order[clean..<first] {
                reached[node] = .zero
                reachedByDetour[node] = .zero
            }
            clean = first
            fill(from: first, through: ends[batch].max() ?? first)
            for start in batch where !body(self, starts[start]) { return }
            for start in batch { bit[starts[start]] = -1 }
        }
    }

    private mutating func fill(from first: Int, through last: Int) {
        for node in order[first...last] {
            var detour = Bits.zero
            var direct = Bits.zero
            for source in graph.predecessors(of: node) {
                detour |= reached[source]
                if bit[source] >= 0 { direct[bit[source] >> 6] |= 1 << UInt64(bit[source] & 63) }
                steps += 1
            }
            reached[node] = detour | direct
            reachedByDetour[node] = detour
            steps += 1
        }
    }

    func isReached(_ node: Int, from start: Int) -> Bool { contains(reached[node], start) }

    func isReachedByDetour(_ node: Int, from start: Int) -> Bool { contains(reachedByDetour[node], start) }

    private func contains(_ set: Bits, _ start: Int) -> Bool {
        set[bit[start] >> 6] >> UInt64(bit[start] & 63) & 1 == 1
    }
}
