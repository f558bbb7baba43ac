// Baton
// SPDX-License-Identifier: Apache-2.0

/// The way of an edge: a start and cubic Bézier curves, each two control points and an end. Points are pairs of
/// numbers, along and across, in one list.
struct Route {
    private(set) var points: [(along: Int64, across: Int64)]
    private var endsStraight = false

    init(from start: (along: Int64, across: Int64)) { points = [start] }

    private var end: (along: Int64, across: Int64) { points[points.count - 1] }

    /// Goes on straight.
    mutating func line(to along: Int64) {
        let start = end
        guard start.along != along else { return }
        let target = (along, start.across)
        if endsStraight {
            points[points.count - 2] = target
            points[points.count - 1] = target
        } else {
            points += [start, target, target]
        }
        endsStraight = true
    }

    /// Changes over to another line, leaving and arriving straight.
    mutating func curve(to along: Int64, _ across: Int64) {
        let start = end
        guard start.across != across else { return line(to: along) }
        let middle = (start.along + along) >> 1
        points += [(middle, start.across), (middle, across), (along, across)]
        endsStraight = false
    }

    /// Turns round.
    mutating func turn(to across: Int64, bulge: Int64) {
        let start = end
        points += [(start.along + bulge, start.across), (start.along + bulge, across), (start.along, across)]
        endsStraight = false
    }

    mutating func reverse() { points.reverse() }
}

extension LayeredLayout {
    /// From the far side of one node to the near side of another. Between layers it bends; through a layer it goes
    /// straight, so that it passes under no node.
    func route(of edge: Digraph.Edge, _ chain: LayerGraph.Chain) -> (route: Route, isBack: Bool) {
        let (fromLayer, toLayer) = (layers.layer[edge.from], layers.layer[edge.to])
        guard fromLayer != toLayer else { return (routeInside(edge), true) }
        let isBack = fromLayer > toLayer
        let (upper, lower) = isBack ? (edge.to, edge.from) : (edge.from, edge.to)
        var route = Route(from: (corner(of: upper).along + sizes[upper].along, across[upper]))
        route.line(to: layerEnd(layers.layer[upper]))
        for dummy in chain.dummies {
            let layer = layers.layer[dummy]
            route.curve(to: layerStart[layer], across[dummy])
            route.line(to: layerEnd(layer))
        }
        route.curve(to: layerStart[layers.layer[lower]], across[lower])
        route.line(to: corner(of: lower).along)
        if isBack { route.reverse() }
        return (route, isBack)
    }

    private func routeInside(_ edge: Digraph.Edge) -> Route {
        // A node's way to itself leaves and arrives beside the middle.
        let offset = edge.from == edge.to ? sizes[edge.from].across / 4 : 0
        let start = corner(of: edge.from).along + sizes[edge.from].along
        var route = Route(from: (start, across[edge.from] - offset))
        route.line(to: layerEnd(layers.layer[edge.from]))
        route.turn(to: across[edge.to] + offset, bulge: layerGap / 2)
        route.line(to: corner(of: edge.to).along + sizes[edge.to].along)
        return route
    }

    private func layerEnd(_ layer: Int) -> Int64 { layerStart[layer] + layerSize[layer] }
}
