// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore
import Testing

@Suite struct DigraphTests {
    private func graph(_ nodeCount: Int, _ edges: (Int, Int)...) -> Digraph {
        Digraph(nodeCount: nodeCount, edges: edges.map { .init(from: $0.0, to: $0.1) })
    }

    @Test
    func `waves count the longest way from a start`() {
        let diamond = graph(5, (0, 1), (0, 2), (1, 3), (2, 3), (0, 3))
        #expect(diamond.waves() == [0, 1, 1, 2, 0])
        #expect(diamond.topologicalOrder() == [0, 4, 1, 2, 3])
        #expect(graph(2, (0, 1), (1, 0)).waves() == nil)
        #expect(graph(0).waves() == [])
    }

    @Test
    func `edges of a node keep the order in which they were given`() {
        let value = graph(3, (0, 2), (1, 2), (0, 1), (0, 2))
        #expect(Array(value.successors(of: 0)) == [2, 1, 2])
        #expect(Array(value.edges(from: 0)) == [0, 2, 3])
        #expect(Array(value.predecessors(of: 2)) == [0, 1, 0])
        #expect(Array(value.edges(to: 2)) == [0, 1, 3])
    }

    @Test
    func `the shortest cycle is found and starts at its lowest node`() {
        #expect(graph(3, (0, 1), (1, 2)).shortestCycle() == nil)
        #expect(graph(6, (0, 1), (1, 2), (2, 3), (3, 0), (3, 1)).shortestCycle() == [1, 2, 3])
        #expect(graph(3, (0, 1), (1, 0), (2, 2)).shortestCycle() == [2])
        #expect(graph(5, (4, 3), (3, 4), (0, 1), (1, 2), (2, 0)).shortestCycle() == [3, 4])
    }

    @Test
    func `an edge beside a longer path is redundant`() {
        #expect(graph(4, (0, 1), (1, 2), (0, 2), (2, 3), (0, 3)).redundantEdges() == [2, 4])
        #expect(graph(3, (0, 1), (0, 1), (1, 2)).redundantEdges() == [])
    }

    @Test
    func `random graphs agree with brute force`() {
        var random = SplitMix(state: 7)
        for round in 0..<600 {
            let nodeCount = Int(random.next() % 12) + 1
            let isAcyclic = round % 2 == 0
            let edges = (0..<Int(random.next() % 25)).compactMap { _ -> Digraph.Edge? in
                let (a, b) = (Int(random.next() % UInt64(nodeCount)), Int(random.next() % UInt64(nodeCount)))
                if isAcyclic, a == b { return nil }
                return isAcyclic ? .init(from: max(a, b), to: min(a, b)) : .init(from: a, to: b)
            }
            compare(Digraph(nodeCount: nodeCount, edges: edges), "round \(round)")
        }
    }

    @Test
    func `more starts than fit one batch are answered right`() {
        var random = SplitMix(state: 11)
        let nodeCount = 1500
        let edges = (0..<2200).map { _ in
            let a = Int(random.next() % UInt64(nodeCount - 1))
            return Digraph.Edge(from: a, to: a + 1 + Int(random.next() % UInt64(min(40, nodeCount - 1 - a))))
        }
        let value = Digraph(nodeCount: nodeCount, edges: edges)
        let reachable = BruteForce(value).reachable
        let pairs = (0..<4000).map { _ in
            Digraph.Edge(from: Int(random.next() % 1500), to: Int(random.next() % 1500))
        }
        #expect(value.areConnected(pairs) == pairs.map { reachable[$0.from].contains($0.to) })
    }

    @Test
    func `long detours in a large graph are found, unless the steps run out`() {
        var random = SplitMix(state: 13)
        let nodeCount = 1500
        // A few nodes wide, so that edges over many waves have detours that a short search does not find.
        let edges = (0..<4000).map { _ in
            let a = random.below(nodeCount - 1)
            let reach = random.oneIn(3) ? 400 : 8
            return Digraph.Edge(from: a, to: a + 1 + random.below(min(reach, nodeCount - 1 - a)))
        }
        let value = Digraph(nodeCount: nodeCount, edges: edges)
        let expected = BruteForce(value).redundantEdges
        #expect(expected.count > 500)
        #expect(value.redundantEdges() == expected)
        let few = value.redundantEdges(stepLimit: 2_000)
        #expect(few.count < expected.count && Set(few).isSubset(of: expected))
    }

    @Test
    func `a shortest path has both ends`() {
        let value = graph(5, (0, 1), (1, 2), (2, 3), (0, 2), (3, 0))
        #expect(value.shortestPath(from: 0, to: 3) == [0, 2, 3])
        #expect(value.shortestPath(from: 1, to: 1) == [1])
        #expect(value.shortestPath(from: 0, to: 4) == nil)
    }

    @Test
    func `100,000 nodes in one chain or one ring are no trouble`() {
        let count = 100_000
        let chain = Digraph(nodeCount: count, edges: (1..<count).map { .init(from: $0 - 1, to: $0) })
        #expect(chain.waves()?.last == count - 1)
        #expect(chain.shortestCycle() == nil)
        #expect(chain.areConnected([.init(from: 0, to: count - 1), .init(from: 5, to: 4)]) == [true, false])
        #expect(chain.redundantEdges() == [])
        let ring = Digraph(nodeCount: count, edges: (0..<count).map { .init(from: $0, to: ($0 + 1) % count) })
        #expect(ring.shortestCycle()?.count == count)
    }

    private func compare(_ value: Digraph, _ name: Comment) {
        let expected = BruteForce(value)
        let cycle = value.shortestCycle()
        #expect(cycle?.count == expected.shortestCycleLength, name)
        if let cycle {
            let closed = cycle + cycle.prefix(1)
            #expect(zip(closed, closed.dropFirst()).allSatisfy { value.edges.contains(.init(from: $0, to: $1)) }, name)
        }
        #expect((value.waves() == nil) == (cycle != nil), name)
        guard let waves = value.waves() else { return }
        #expect(waves == expected.waves, name)
        let pairs = (0..<value.nodeCount).flatMap { a in (0..<value.nodeCount).map { Digraph.Edge(from: a, to: $0) } }
        #expect(value.areConnected(pairs) == pairs.map { expected.reachable[$0.from].contains($0.to) }, name)
        #expect(value.redundantEdges() == expected.redundantEdges, name)
    }
}

/// The same answers straight from the definitions.
private struct BruteForce {
    let graph: Digraph
    let reachable: [Set<Int>]

    init(_ graph: Digraph) {
        self.graph = graph
        reachable = (0..<graph.nodeCount).map { start in
            var seen: Set<Int> = []
            var open = Array(graph.successors(of: start))
            while let node = open.popLast() {
                if seen.insert(node).inserted { open += graph.successors(of: node) }
            }
            return seen
        }
    }

    var shortestCycleLength: Int? {
        (0..<graph.nodeCount).compactMap { start -> Int? in
            var layer: Set<Int> = [start]
            for length in 1...graph.nodeCount {
                layer = Set(layer.flatMap { graph.successors(of: $0) })
                if layer.contains(start) { return length }
            }
            return nil
        }.min()
    }

    /// Only for graphs without cycles.
    var waves: [Int] {
        func depth(_ node: Int) -> Int { graph.predecessors(of: node).map { depth($0) + 1 }.max() ?? 0 }
        return (0..<graph.nodeCount).map(depth)
    }

    var redundantEdges: [Int] {
        graph.edges.indices.filter { index in
            let edge = graph.edges[index]
            return graph.successors(of: edge.from).contains { $0 != edge.to && reachable[$0].contains(edge.to) }
        }
    }
}
