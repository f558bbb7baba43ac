// Baton
// SPDX-License-Identifier: Apache-2.0

/// Where to draw the nodes and edges of a graph, in layers that follow the waves.
///
/// Four steps after Sugiyama: layers, order inside each layer, coordinates across, coordinates along. All numbers are
/// whole and 64 bits wide, so that the answer is the same on every machine. "Along" is the direction in which the graph
/// runs, "across" the other one.
final class LayeredLayout {
    enum Direction {
        case right, down

        var name: StaticString { self == .right ? "right" : "down" }
    }

    struct Size {
        let along: Int64
        let across: Int64
    }

    /// The largest width and height of a node.
    static let sizeLimit: Int64 = 10_000
    /// The largest gap.
    static let gapLimit: Int64 = 1_000

    let layers: LayerGraph
    let sizes: [Size]
    let layerGap: Int64
    /// The middle of each vertex.
    let across: [Int64]
    /// Where each layer begins and how deep it is.
    let layerStart: [Int64]
    let layerSize: [Int64]
    let extent: Size

    init(nodeSizes: [Size], edges: [Digraph.Edge], dependencies: Digraph, nodeGap: Int64, layerGap: Int64) {
        let layers = LayerGraph(dependencies: dependencies, edges: edges)
        let dummies = layers.vertexCount - nodeSizes.count
        let sizes = nodeSizes + [Size](repeating: Size(along: 0, across: 0), count: dummies)
        let spacing = Spacing(sizes: sizes.map { $0.across }, nodeCount: nodeSizes.count, gap: nodeGap)
        let order = LayerOrder.best(for: layers)
        let middles = AcrossCoordinates(layers: layers, order: order, spacing: spacing).middles()
        let top = middles.indices.map { middles[$0] - sizes[$0].across / 2 }.min() ?? 0
        let bottom = middles.indices.map { middles[$0] + (sizes[$0].across + 1) / 2 }.max() ?? 0
        self.layers = layers
        self.sizes = sizes
        self.layerGap = layerGap
        across = middles.map { $0 - top }

        var layerSize = [Int64](repeating: 0, count: layers.layerCount)
        for (size, layer) in zip(nodeSizes, layers.layer) { layerSize[layer] = max(layerSize[layer], size.along) }
        var layerStart: [Int64] = []
        var next: Int64 = 0
        for size in layerSize {
            layerStart.append(next)
            next += size + layerGap
        }
        self.layerSize = layerSize
        self.layerStart = layerStart
        // Edges inside the last layer bulge out of it.
        let hasBulge = edges.contains { layers.layer[$0.from] == layers.layer[$0.to] }
        extent = Size(along: max(0, next - layerGap) + (hasBulge ? layerGap / 2 : 0), across: bottom - top)
    }

    /// The corner of a node.
    func corner(of node: Int) -> (along: Int64, across: Int64) {
        let layer = layers.layer[node]
        let size = sizes[node]
        return (layerStart[layer] + (layerSize[layer] - size.along) / 2, across[node] - size.across / 2)
    }
}
