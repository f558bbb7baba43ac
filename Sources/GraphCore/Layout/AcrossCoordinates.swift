// Baton
// SPDX-License-Identifier: Apache-2.0

/// Coordinates across the layers that keep edges straight where they can be.
///
/// After Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001): vertices are aligned in blocks
/// with the middle one of their neighbours, once with those above and once with those below, preferring left and
/// preferring right. Of the four results each vertex gets the mean of the middle two. Blocks are placed by longest
/// ways, which avoids the known faults of the published compaction.
final class AcrossCoordinates {
    let layers: LayerGraph
    let order: LayerOrder
    let spacing: Spacing
    /// Neighbours in the layer above, in the order of that layer, with the segments to them; and below.
    private let above: Adjacency
    private let below: Adjacency
    /// Segments that must bend because they cross a long edge.
    private let isBent: [Bool]

    init(layers: LayerGraph, order: LayerOrder, spacing: Spacing) {
        self.layers = layers
        self.order = order
        self.spacing = spacing
        let edges = layers.segments.edges
        // Segments are visited by their other ends in order, so the parts of the adjacency are in order too.
        let byUpper = order.layers.joined().flatMap { Array(layers.segments.edges(from: $0)) }
        let byLower = order.layers.joined().flatMap { Array(layers.segments.edges(to: $0)) }
        above = Adjacency(nodeCount: layers.vertexCount, edgeCount: edges.count) {
            (edges[byUpper[$0]].to, edges[byUpper[$0]].from)
        }
        below = Adjacency(nodeCount: layers.vertexCount, edgeCount: edges.count) {
            (edges[byLower[$0]].from, edges[byLower[$0]].to)
        }
        isBent = Self.bentSegments(layers, order, above, byUpper)
        segmentAbove = byUpper
        segmentBelow = byLower
    }

    private let segmentAbove: [Int]
    private let segmentBelow: [Int]

    func middles() -> [Int64] {
        var results: [Placement] = []
        for isDown in [true, false] {
            for isLeft in [true, false] {
                if let middles = place(align(isDown: isDown, isLeft: isLeft), isLeft: isLeft) {
                    results.append(Placement(middles, sizes: spacing.sizes, isLeft: isLeft))
                }
            }
        }
        guard let narrowest = results.min(by: { $0.width < $1.width }), results.count == 4 else { return packed() }
        let shifts = results.map { $0.isLeft ? narrowest.low - $0.low : narrowest.high - $0.high }
        return (0..<layers.vertexCount).map { vertex in
            let values = results.indices.map { results[$0].middles[vertex] + shifts[$0] }
            let sum = values.reduce(0, +)
            // Rounded down, not to zero, so that distances are kept.
            return (sum - (values.min() ?? 0) - (values.max() ?? 0)) >> 1
        }
    }

    /// Every layer for itself.
    private func packed() -> [Int64] {
        var middles = [Int64](repeating: 0, count: layers.vertexCount)
        for layer in order.layers {
            for (left, right) in zip(layer, layer.dropFirst()) {
                middles[right] = middles[left] + spacing.distance(left, right)
            }
        }
        return middles
    }

    // MARK: - alignment

    /// Segments that cross one between two dummies, which is to be straight.
    private static func bentSegments(
        _ layers: LayerGraph,
        _ order: LayerOrder,
        _ above: Adjacency,
        _ segments: [Int]
    ) -> [Bool] {
        var isBent = [Bool](repeating: false, count: segments.count)
        for (upper, lower) in zip(order.layers, order.layers.dropFirst()) {
            var (low, scanned) = (0, 0)
            for (index, vertex) in lower.enumerated() {
                let inner = layers.isDummy(vertex) ? above.neighbours[above.range(of: vertex)].first : nil
                let innerPlace = inner.flatMap { layers.isDummy($0) ? order.place[$0] : nil }
                guard innerPlace != nil || index == lower.count - 1 else { continue }
                let high = innerPlace ?? upper.count
                for other in lower[scanned...index] {
                    for entry in above.range(of: other) {
                        let neighbour = above.neighbours[entry]
                        let place = order.place[neighbour]
                        let isInner = layers.isDummy(other) && layers.isDummy(neighbour)
                        if !isInner, place < low || place > high { isBent[segments[above.edges[entry]]] = true }
                    }
                }
                (low, scanned) = (high, index + 1)
            }
        }
        return isBent
    }

    /// For each vertex the block it belongs to, named by one of its members.
    private func align(isDown: Bool, isLeft: Bool) -> [Int] {
        let neighbours = isDown ? above : below
        let segments = isDown ? segmentAbove : segmentBelow
        var root = Array(0..<layers.vertexCount)
        var isTaken = [Bool](repeating: false, count: layers.vertexCount)
        for step in order.layers.indices.dropFirst() {
            let layer = order.layers[isDown ? step : order.layers.count - 1 - step]
            let size = order.layers[isDown ? step - 1 : order.layers.count - step].count
            var last = -1
            for index in layer.indices {
                let vertex = layer[isLeft ? index : layer.count - 1 - index]
                let range = neighbours.range(of: vertex)
                guard !range.isEmpty else { continue }
                let middles = [(range.count - 1) / 2, range.count / 2]
                for middle in isLeft ? middles : middles.reversed() where root[vertex] == vertex {
                    let entry = range.lowerBound + middle
                    let other = neighbours.neighbours[entry]
                    let place = isLeft ? order.place[other] : size - 1 - order.place[other]
                    guard place > last, !isTaken[other], !isBent[segments[neighbours.edges[entry]]] else { continue }
                    root[vertex] = root[other]
                    isTaken[other] = true
                    last = place
                }
            }
        }
        return root
    }

    // MARK: - placement

    /// The middle of every vertex, as far left as the blocks allow and then as near to the next block as possible;
    /// mirrored when preferring right. `nil` if blocks lie around each other, which alignment does not let happen.
    private func place(_ root: [Int], isLeft: Bool) -> [Int64]? {
        var edges: [Digraph.Edge] = []
        var distances: [Int64] = []
        for layer in order.layers {
            for (left, right) in zip(layer, layer.dropFirst()) {
                edges.append(
                    isLeft ? .init(from: root[left], to: root[right]) : .init(from: root[right], to: root[left])
                )
                distances.append(spacing.distance(left, right))
            }
        }
        let blocks = Digraph(nodeCount: root.count, edges: edges)
        guard let sequence = blocks.topologicalOrder() else { return nil }
        var middles = [Int64](repeating: 0, count: root.count)
        for block in sequence {
            for edge in blocks.edges(to: block) {
                middles[block] = max(middles[block], middles[edges[edge].from] + distances[edge])
            }
        }
        for block in sequence.reversed() {
            let limit = blocks.edges(from: block).map { middles[edges[$0].to] - distances[$0] }.min()
            if let limit { middles[block] = max(middles[block], limit) }
        }
        return root.map { isLeft ? middles[$0] : -middles[$0] }
    }
}

/// One of the four results.
private struct Placement {
    let middles: [Int64]
    let isLeft: Bool
    let low: Int64
    let high: Int64

    var width: Int64 { high - low }

    init(_ middles: [Int64], sizes: [Int64], isLeft: Bool) {
        self.middles = middles
        self.isLeft = isLeft
        low = middles.indices.map { middles[$0] - sizes[$0] / 2 }.min() ?? 0
        high = middles.indices.map { middles[$0] + (sizes[$0] + 1) / 2 }.max() ?? 0
    }
}
