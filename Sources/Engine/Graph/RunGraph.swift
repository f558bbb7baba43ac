// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import Definition

/// A graph as runs use it: every node, those of nested bodies included, has one index that never changes for the life
/// of a run.
public final class RunGraph: Sendable {
    /// What it was made from.
    public let definition: Graph
    /// Every node: first those of the graph itself, then those of bodies, then what was added.
    public let nodes: [Graph.Node]
    /// The graph itself, then the bodies of loops and maps, then what was added.
    let bodies: [Body]
    let places: [Place]
    /// What the run started with.
    let base: Graph
    /// What took the place of the base since, in order.
    let steps: [GraphStep]
    /// How many nodes stand in the base.
    private let written: Int
    /// Nodes that have another id now than in the base.
    private let renamed: Set<Int>
    /// The phases of the graph itself, in order.
    let phases: [RunPhase]
    /// The number of the phase of each node that has one.
    let phaseNumbers: [Int: Int]

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
        /// Some of its nodes belong to transactional groups.
        let hasGroups: Bool
        /// No node repeats it any more.
        var isGone = false
        fileprivate let source: Graph.Body

        init(_ body: Graph.Body, nodes: [Int]) {
            self.nodes = nodes
            edges = body.edges
            output = body.output
            incoming = body.nodes.map(\.incoming)
            outgoing = body.nodes.map(\.outgoing)
            hasGroups = body.nodes.contains { $0.group != nil && !$0.isCompensation }
            source = body
        }
    }

    /// What a graph is put together from.
    struct Parts {
        var nodes: [Graph.Node] = []
        var bodies: [Body] = []
        var places: [Place] = []

        /// Adds a body and those within.
        mutating func add(_ body: Graph.Body, of owner: Int? = nil) {
            var open: [(body: Graph.Body, owner: Int?)] = [(body, owner)]
            var next = 0
            while next < open.count {
                let (body, owner) = open[next]
                let first = nodes.count
                if let owner { places[owner].repeated = bodies.count }
                for (position, node) in body.nodes.enumerated() {
                    places.append(Place(body: bodies.count, position: position))
                    if let inner = node.kind.repeatedBody { open.append((inner, nodes.count)) }
                    nodes.append(node)
                }
                bodies.append(Body(body, nodes: Array(first..<nodes.count)))
                next += 1
            }
        }
    }

    /// Where a node stands.
    struct Place {
        /// Which body it belongs to.
        let body: Int
        /// Its position there.
        let position: Int
        /// The body it repeats, if it is a loop or a map.
        var repeated: Int?

        /// Of a node that is not there any more.
        static let gone = Place(body: -1, position: 0)
    }

    /// Numbers the nodes of a graph.
    public convenience init(_ definition: Graph) {
        var parts = Parts()
        parts.add(definition.body)
        let phases = RunPhase.all(of: definition, nodes: parts.bodies[0].nodes)
        self.init(definition, parts, base: definition, [], written: parts.nodes.count, renamed: [], phases)
    }

    private init(
        _ definition: Graph,
        _ parts: Parts,
        base: Graph,
        _ steps: [GraphStep],
        written: Int,
        renamed: Set<Int>,
        _ phases: [RunPhase]
    ) {
        self.definition = definition
        self.base = base
        self.steps = steps
        self.written = written
        self.renamed = renamed
        self.phases = phases
        phaseNumbers = Dictionary(
            uniqueKeysWithValues: phases.enumerated().flatMap { number, phase in phase.nodes.map { ($0, number) } }
        )
        (nodes, bodies, places) = (parts.nodes, parts.bodies, parts.places)
    }

    /// The graph with bodies that no node of it repeats; what was there keeps its numbers.
    func adding(_ bodies: [Graph.Body]) -> RunGraph {
        var parts = parts
        for body in bodies { parts.add(body) }
        return with(parts)
    }

    var parts: Parts { Parts(nodes: nodes, bodies: bodies, places: places) }

    /// The same with other parts.
    func with(_ parts: Parts) -> RunGraph {
        RunGraph(definition, parts, base: base, steps, written: written, renamed: renamed, phases)
    }

    /// The graph after one more step.
    func with(_ parts: Parts, after step: GraphStep) -> RunGraph {
        let names = Dictionary(zip(nodes.indices, nodes.map(\.id))) { first, _ in first }
        let changed = parts.bodies[0].nodes.filter { node in names[node].map { $0 != parts.nodes[node].id } ?? false }
        return RunGraph(
            step.definition,
            parts,
            base: base,
            steps + [step],
            written: written,
            renamed: renamed.union(changed),
            RunPhase.all(of: step.definition, nodes: parts.bodies[0].nodes, after: phases)
        )
    }

    /// What the run started with.
    var beginning: RunGraph { nodes.count == written && steps.isEmpty ? self : RunGraph(base) }

    /// The graph without what rollbacks added.
    var asWritten: RunGraph {
        let isAsWritten = steps.isEmpty && nodes.count == written
        return isAsWritten ? self : beginning.rebuilt(steps)
    }

    /// Hash of the definition.
    public var hash: String { definition.hash }
    /// Name of the workflow.
    public var name: String { definition.name }
    /// Edges of the graph itself.
    public var edges: [Graph.Edge] { bodies[0].edges }

    /// The index of the node with that id; ids are unique, bodies included.
    public func index(of id: String) -> Int? {
        for body in bodies where !body.isGone {
            if let position = body.source.index(of: id) { return body.nodes[position] }
        }
        return nil
    }

    /// Whether the base has no node of that id with that number.
    func isAdded(_ node: Int) -> Bool { node >= written || renamed.contains(node) }

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
        case .loop, .map, .team, .workflow, .signal: true
        default: false
        }
    }

    /// What a loop or map instantiates.
    var repeatedBody: Graph.Body? {
        if case .map(let map) = self { return map.body ?? map.call }
        if case .team(let team) = self { return team.body }
        return body
    }

    /// Repeats a body: it runs while what is in it runs, without an executor and without a lease.
    var isContainer: Bool {
        switch self {
        case .loop, .map, .team: true
        default: false
        }
    }
}
