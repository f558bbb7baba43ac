// Baton
// SPDX-License-Identifier: Apache-2.0

extension Digraph {
    /// A shortest cycle as the nodes along it, the first one not repeated at the end; `nil` without cycles.
    ///
    /// Of several shortest ones it is the one through the lowest node, and it starts there.
    ///
    /// - Parameter stepLimit: After following that many edges the search settles for the shortest cycle seen so
    ///   far. Graphs of thousands of nodes that are all cycles can need it, others finish long before.
    public func shortestCycle(stepLimit: Int = 20_000_000) -> [Int]? {
        if let loop = edges.filter({ $0.from == $0.to }).map({ $0.from }).min() { return [loop] }
        var search = CycleSearch(graph: self, stepsLeft: stepLimit)
        for start in 0..<nodeCount where search.isAlive[start] {
            search.explore(from: start)
            if search.isFinished { break }
            search.remove(start)
        }
        return search.best
    }
}

/// Breadth-first searches from one node after the other. A node is taken out once the shortest cycle through it is
/// known, and with it all nodes that lie on no other cycle.
private struct CycleSearch {
    private(set) var best: [Int]?
    private(set) var isAlive: [Bool]

    private let graph: Digraph
    private let components: [Int]
    private var stepsLeft: Int
    /// Live edges of the same component.
    private var openIn: [Int]
    private var openOut: [Int]
    /// The node from which a search came, valid where `seenBy` is the start of the search.
    private var parent: [Int]
    private var seenBy: [Int]

    init(graph: Digraph, stepsLeft: Int) {
        self.graph = graph
        self.stepsLeft = stepsLeft
        let components = graph.components()
        self.components = components
        isAlive = [Bool](repeating: true, count: graph.nodeCount)
        openIn = [Int](repeating: 0, count: graph.nodeCount)
        openOut = openIn
        parent = openIn
        seenBy = [Int](repeating: -1, count: graph.nodeCount)
        for edge in graph.edges where components[edge.from] == components[edge.to] {
            openOut[edge.from] += 1
            openIn[edge.to] += 1
        }
        for node in 0..<graph.nodeCount where openIn[node] == 0 || openOut[node] == 0 { remove(node) }
    }

    /// Nothing shorter can be found, or the search took too long.
    var isFinished: Bool { best?.count == 2 || (best != nil && stepsLeft <= 0) }

    private func isLive(_ from: Int, _ to: Int) -> Bool {
        isAlive[from] && isAlive[to] && components[from] == components[to]
    }

    /// Looks for a cycle through `start` that is shorter than the best so far.
    mutating func explore(from start: Int) {
        var frontier = [start]
        var depth = 1
        seenBy[start] = start
        while !frontier.isEmpty, depth < best?.count ?? Int.max {
            var next: [Int] = []
            for node in frontier {
                for target in graph.successors(of: node) where isLive(node, target) {
                    stepsLeft -= 1
                    if target == start { return best = path(from: start, to: node) }
                    guard seenBy[target] != start else { continue }
                    seenBy[target] = start
                    parent[target] = node
                    next.append(target)
                }
            }
            frontier = next
            depth += 1
        }
    }

    private func path(from start: Int, to end: Int) -> [Int] {
        var reversed = [end]
        while let last = reversed.last, last != start { reversed.append(parent[last]) }
        return reversed.reversed()
    }

    /// Takes a node out, and then all that no longer have an edge in and an edge out.
    mutating func remove(_ node: Int) {
        guard isAlive[node] else { return }
        var doomed = [node]
        isAlive[node] = false
        while let node = doomed.popLast() {
            for target in graph.successors(of: node) where components[node] == components[target] {
                openIn[target] -= 1
                if isAlive[target], openIn[target] == 0 {
                    isAlive[target] = false
                    doomed.append(target)
                }
            }
            for source in graph.predecessors(of: node) where components[node] == components[source] {
                openOut[source] -= 1
                if isAlive[source], openOut[source] == 0 {
                    isAlive[source] = false
                    doomed.append(source)
                }
            }
        }
    }
}
