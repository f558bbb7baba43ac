// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import Definition

/// A graph as runs use it: every node, those of nested bodies included, has one index that never changes for the life
/// of a run.
public final class RunGraph: Sendable {
    /// What it was made from.
    public let definition: Graph
    /// Every node: first those of the graph itself, then those of bodies.
    public let nodes: [Graph.Node]
    /// The graph itself, then the bodies of loops and maps.
    let bodies: [Body]
    private let places: [Place]

    /// Nodes and edges that are instantiated together. Edges name nodes by position within the body.
    struct Body: Sendable {
        /// Indexes of its nodes, by position.
        let nodes: [Int]
        let edges: [Graph.Edge]
        /// What one pass gives; `nil` means the output of its last node, or a map of the outputs of several.
        let output: ValueTemplate?
        /// Edges that end at, and start from, the node at a position.
        let incoming: [[Int]]
        let outgoing: [[Int]]
        fileprivate let source: Graph.Body
    }

    /// Where a node stands.
    private struct Place {
        /// Which body it belongs to.
        let body: Int
        /// Its position there.
        let position: Int
        /// The body it repeats, if it is a loop or a map.
        var repeated: Int?
    }

    /// Numbers the nodes of a graph.
    public init(_ definition: Graph) {
        self.definition = definition
        var nodes: [Graph.Node] = []
        var bodies: [Body] = []
        var places: [Place] = []
        var open: [(body: Graph.Body, owner: Int?)] = [(definition.body, nil)]
        var next = 0
        while next < open.count {
            let (body, owner) = open[next]
            let first = nodes.count
            if let owner { places[owner].repeated = next }
            for (position, node) in body.nodes.enumerated() {
                places.append(Place(body: next, position: position))
                if let inner = node.kind.repeatedBody { open.append((inner, nodes.count)) }
                nodes.append(node)
            }
            bodies.append(
                Body(
                    nodes: Array(first..<nodes.count),
                    edges: body.edges,
                    output: body.output,
                    incoming: body.nodes.map(\.incoming),
                    outgoing: body.nodes.map(\.outgoing),
                    source: body
                )
            )
            next += 1
        }
        self.nodes = nodes
        self.bodies = bodies
        self.places = places
    }

    /// Hash of the definition.
    public var hash: String { definition.hash }
    /// Name of the workflow.
    public var name: String { definition.name }
    /// Edges of the graph itself.
    public var edges: [Graph.Edge] { bodies[0].edges }

    /// The index of the node with that id; ids are unique, bodies included.
    public func index(of id: String) -> Int? {
        for body in bodies {
            if let position = body.source.index(of: id) { return body.nodes[position] }
        }
        return nil
    }

    /// Position of a node within its body.
    func position(of node: Int) -> Int { places[node].position }

    /// The number of the body that a node belongs to.
    func body(of node: Int) -> Int { places[node].body }

    /// The number of the body that a loop or map repeats.
    func repeatedBody(of node: Int) -> Int? { places[node].repeated }
}

extension Graph.NodeKind {
    /// The engine itself makes the attempt, without an executor and without a lease.
    var isEngineRun: Bool {
        switch self {
        case .loop, .map, .workflow, .signal: true
        default: false
        }
    }

    /// What a loop or map instantiates.
    var repeatedBody: Graph.Body? {
        if case .map(let map) = self { return map.body ?? map.call }
        return body
    }

    /// Repeats a body: it runs while what is in it runs, without an executor and without a lease.
    var isContainer: Bool {
        switch self {
        case .loop, .map: true
        default: false
        }
    }
}
