// Baton
// SPDX-License-Identifier: Apache-2.0

/// The order of the vertices inside each layer.
struct LayerOrder {
    private(set) var layers: [[Int]]
    /// The place of each vertex in its layer.
    private(set) var place: [Int]

    /// An order with few crossings: vertices are moved to the middle of their neighbours, layer by layer, down and up
    /// in turns, until that helps no more.
    static func best(for graph: LayerGraph) -> Self {
        var order = Self(graph)
        var best = order
        var fewest = order.crossings(of: graph)
        var failures = 0
        let turns = min(24, max(4, 400_000 / (graph.vertexCount + graph.segments.edges.count + 1)))
        for turn in 0..<turns where fewest > 0 && failures < 4 {
            order.sweep(graph, isDown: turn % 2 == 0)
            let crossings = order.crossings(of: graph)
            failures += 1
            if crossings < fewest {
                (best, fewest, failures) = (order, crossings, 0)
            }
        }
        return best
    }

    /// By number: nodes in the order of the document, then dummies.
    private init(_ graph: LayerGraph) {
        layers = [[Int]](repeating: [], count: graph.layerCount)
        place = [Int](repeating: 0, count: graph.vertexCount)
        for vertex in 0..<graph.vertexCount {
            place[vertex] = layers[graph.layer[vertex]].count
            layers[graph.layer[vertex]].append(vertex)
        }
    }

    private mutating func sweep(_ graph: LayerGraph, isDown: Bool) {
        for step in layers.indices.dropFirst() {
            let layer = isDown ? step : layers.count - 1 - step
            arrange(layer) { isDown ? graph.segments.predecessors(of: $0) : graph.segments.successors(of: $0) }
        }
    }

    private mutating func arrange(_ layer: Int, by neighbours: (Int) -> ArraySlice<Int>) {
        let keys = layers[layer].map { vertex -> Int64 in
            let others = neighbours(vertex)
            let sum = others.reduce(Int64(0)) { $0 + Int64(place[$1]) }
            // One without neighbours stays about where it is.
            return others.isEmpty ? Int64(place[vertex]) << 12 : (sum << 12) / Int64(others.count)
        }
        let before = layers[layer]
        let order = keys.indices.sorted { keys[$0] == keys[$1] ? $0 < $1 : keys[$0] < keys[$1] }
        for (index, position) in order.enumerated() {
            layers[layer][index] = before[position]
            place[before[position]] = index
        }
    }

    /// How many pairs of segments cross.
    private func crossings(of graph: LayerGraph) -> Int64 {
        var total: Int64 = 0
        for (layer, vertices) in layers.enumerated().dropLast() {
            var counter = InversionCounter(size: layers[layer + 1].count)
            for vertex in vertices {
                let targets = graph.segments.successors(of: vertex)
                // All targets of one vertex are counted before any is added: they do not cross each other.
                for target in targets { total += counter.above(place[target]) }
                for target in targets { counter.add(place[target]) }
            }
        }
        return total
    }
}

/// Counts how many of the numbers so far are larger, in a Fenwick tree.
private struct InversionCounter {
    private var sums: [Int]
    private var count = 0

    init(size: Int) { sums = [Int](repeating: 0, count: size + 1) }

    mutating func add(_ value: Int) {
        count += 1
        var index = value + 1
        while index < sums.count {
            sums[index] += 1
            index += index & -index
        }
    }

    func above(_ value: Int) -> Int64 {
        var atMost = 0
        var index = value + 1
        while index > 0 {
            atMost += sums[index]
            index -= index & -index
        }
        return Int64(count - atMost)
    }
}
