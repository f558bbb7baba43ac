// Baton
// SPDX-License-Identifier: Apache-2.0

extension NamedGraph {
    /// The size of a node whose document has none.
    private static let defaultSize: (width: Int64, height: Int64) = (204, 54)

    /// Corners and sizes of nodes, and the ways of edges as cubic Bézier curves.
    func layoutAnswer() -> [UInt8] {
        var writer = JSONWriter()
        let direction = document.options.direction
        let drawn = edges + loops
        let layout = LayeredLayout(
            nodeSizes: document.nodes.map { node in
                let (width, height) = (node.width ?? Self.defaultSize.width, node.height ?? Self.defaultSize.height)
                return direction == .right ? .init(along: width, across: height) : .init(along: height, across: width)
            },
            edges: drawn.map { .init(from: $0.from, to: $0.to) },
            dependencies: digraph,
            nodeGap: document.options.nodeGap,
            layerGap: document.options.layerGap
        )
        writer.beginObject()
        writer.member("direction", direction.name)
        writer.write(layout.extent.along, layout.extent.across, as: ("width", "height"), direction)
        writer.key("nodes")
        writer.beginArray()
        for node in document.nodes.indices { write(node, layout, to: &writer) }
        writer.endArray()
        writer.key("edges")
        writer.beginArray()
        for (edge, chain) in zip(drawn, layout.layers.chains) { write(edge, chain, layout, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private func write(_ node: Int, _ layout: LayeredLayout, to writer: inout JSONWriter) {
        let direction = document.options.direction
        let corner = layout.corner(of: node)
        let size = layout.sizes[node]
        writer.beginObject()
        writer.member("id", name(node))
        writer.write(corner.along, corner.across, as: ("x", "y"), direction)
        writer.write(size.along, size.across, as: ("w", "h"), direction)
        writer.member("wave", Int64(layout.layers.layer[node]))
        writer.endObject()
    }

    private func write(_ edge: Edge, _ chain: LayerGraph.Chain, _ layout: LayeredLayout, to writer: inout JSONWriter) {
        let (route, isBack) = layout.route(of: .init(from: edge.from, to: edge.to), chain)
        writer.beginObject()
        writer.member("from", name(edge.from))
        writer.member("to", name(edge.to))
        writer.member("path", edge.place)
        writer.key("back")
        writer.value(isBack)
        writer.key("points")
        writer.beginArray()
        for point in route.points {
            let isRight = document.options.direction == .right
            writer.value(isRight ? point.along : point.across)
            writer.value(isRight ? point.across : point.along)
        }
        writer.endArray()
        writer.endObject()
    }
}

extension JSONWriter {
    /// Two numbers under the names of their axes, the horizontal one first.
    fileprivate mutating func write(
        _ along: Int64,
        _ across: Int64,
        as keys: (StaticString, StaticString),
        _ direction: LayeredLayout.Direction
    ) {
        member(keys.0, direction == .right ? along : across)
        member(keys.1, direction == .right ? across : along)
    }
}
