// Baton
// SPDX-License-Identifier: Apache-2.0

/// A graph in layers whose edges only connect neighbouring layers: longer ones run through dummies.
final class LayerGraph {
    /// How an edge of the graph is made of segments.
    struct Chain {
        /// The dummies, from the upper end to the lower one.
        let dummies: Range<Int>
        /// It is drawn in one stroke, because it would need too many dummies.
        let isDirect: Bool
    }

    let nodeCount: Int
    /// The layer of every vertex: first the nodes, then the dummies.
    let layer: [Int]
    let layerCount: Int
    /// For each edge.
    let chains: [Chain]
    /// From vertices to vertices of the next layer.
    let segments: Digraph

    var vertexCount: Int { layer.count }

    func isDummy(_ vertex: Int) -> Bool { vertex >= nodeCount }

    /// - Parameters:
    ///   - dependencies: Edges that decide the layers; those that close a cycle are left out.
    ///   - edges: All that is drawn.
    init(dependencies: Digraph, edges: [Digraph.Edge]) {
        let nodeCount = dependencies.nodeCount
        let waves = Self.waves(of: dependencies)
        let spanLimit = Self.spanLimit(edges.map { abs(waves[$0.from] - waves[$0.to]) }, nodeCount: nodeCount)
        var layer = waves
        var chains: [Chain] = []
        var segments: [Digraph.Edge] = []
        for edge in edges {
            let (upper, lower) = waves[edge.from] <= waves[edge.to] ? (edge.from, edge.to) : (edge.to, edge.from)
            let first = layer.count
            let span = waves[lower] - waves[upper]
            let isDirect = span == 0 || span > spanLimit
            if !isDirect {
                var previous = upper
                for depth in waves[upper] + 1..<waves[lower] {
                    segments.append(.init(from: previous, to: layer.count))
                    previous = layer.count
                    layer.append(depth)
                }
                segments.append(.init(from: previous, to: lower))
            }
            chains.append(Chain(dummies: first..<layer.count, isDirect: isDirect))
        }
        self.nodeCount = nodeCount
        self.layer = layer
        self.chains = chains
        self.segments = Digraph(nodeCount: layer.count, edges: segments)
        layerCount = (waves.max() ?? -1) + 1
    }

    private static func waves(of graph: Digraph) -> [Int] {
        if let waves = graph.waves() { return waves }
        let isFeedback = graph.feedbackEdges()
        let others = graph.edges.indices.filter { !isFeedback[$0] }.map { graph.edges[$0] }
        return Digraph(nodeCount: graph.nodeCount, edges: others).waves()
            ?? [Int](repeating: 0, count: graph.nodeCount)
    }

    /// The longest span that still gets dummies: so that they are not many more than nodes.
    private static func spanLimit(_ spans: [Int], nodeCount: Int) -> Int {
        var budget = 10 * nodeCount + 1_000
        for span in spans.sorted(by: { $0 < $1 }) {
            budget -= max(0, span - 1)
            if budget < 0 { return span - 1 }
        }
        return Int.max
    }
}
