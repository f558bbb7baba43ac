// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON

/// A graph that took the place of another one while a run had it.
struct GraphStep: Sendable {
    /// What the run has since.
    let definition: Graph
    /// New ids of nodes that are still there, by old id.
    let renamed: [String: String]
    /// How many nodes and bodies there were before it: rollbacks add some too.
    let nodes: Int
    let bodies: Int
}

/// Graphs that change while a run has them. Whatever becomes of a node, its number is never given to another one.
extension RunGraph {
    /// The graph once another definition takes its place: nodes that both have keep their numbers, those that are gone
    /// leave theirs behind, new ones follow at the end.
    func patched(to definition: Graph, renamed: [String: String] = [:]) -> RunGraph {
        let changed = Set(GraphChange(from: self.definition, to: definition, renamed: renamed).changed)
        var old: [String: Int] = [:]
        for node in bodies[0].nodes { old[renamed[nodes[node].id] ?? nodes[node].id] = node }
        var parts = parts
        var indexes: [Int] = []
        var new: [(body: Graph.Body, owner: Int)] = []
        for (position, node) in definition.nodes.enumerated() {
            let known = old.removeValue(forKey: node.id)
            let index = known ?? parts.nodes.count
            var place = Place(body: 0, position: position)
            if let known, !changed.contains(node.id) {
                place.repeated = places[known].repeated
            } else {
                if let known { parts.dropBody(of: known) }
                if let body = node.kind.repeatedBody { new.append((body, index)) }
            }
            parts.set(node, place, at: index)
            indexes.append(index)
        }
        for index in old.values {
            parts.dropBody(of: index)
            parts.places[index] = .gone
        }
        parts.bodies[0] = Body(definition.body, nodes: indexes)
        for (body, owner) in new { parts.add(body, of: owner) }
        let step = GraphStep(definition: definition, renamed: renamed, nodes: nodes.count, bodies: bodies.count)
        return with(parts, after: step)
    }

    /// This graph, to which rollbacks have added nothing, after these steps, and with the calls of rollbacks where they
    /// came in between.
    func rebuilt(_ steps: [GraphStep], _ compensations: CompensationStack = CompensationStack()) -> RunGraph {
        let calls = compensations.all.filter { $0.body != nil }.sorted { ($0.body ?? 0) < ($1.body ?? 0) }
        var rest = calls[...]
        var graph = self
        for step in steps {
            let before = rest.prefix { ($0.body ?? 0) < step.bodies }
            rest = rest.dropFirst(before.count)
            graph = graph.adding(calls: before).filled(nodes: step.nodes, bodies: step.bodies)
                .patched(to: step.definition, renamed: step.renamed)
        }
        return graph.adding(calls: rest)
    }

    private func adding(calls: ArraySlice<Compensation>) -> RunGraph {
        calls.isEmpty ? self : adding(calls.map { self.calls(of: $0) })
    }

    /// Leaves out numbers that calls had which are of no more use.
    private func filled(nodes count: Int, bodies bodyCount: Int) -> RunGraph {
        guard nodes.count < count || bodies.count < bodyCount else { return self }
        var parts = parts
        while parts.nodes.count < count, let any = definition.nodes.first {
            parts.nodes.append(any)
            parts.places.append(.gone)
        }
        while parts.bodies.count < bodyCount {
            var body = Body(Graph.Body(calls: []), nodes: [])
            body.isGone = true
            parts.bodies.append(body)
        }
        return with(parts)
    }

    /// The node was taken away, by itself or with the body it stood in.
    func isGone(_ node: Int) -> Bool { body(of: node) < 0 || bodies[body(of: node)].isGone }

    /// For each edge of the graph itself the position that it had in another graph of the run; `nil` for new ones.
    func earlierEdges(in old: RunGraph) -> [Int?] {
        struct Key: Hashable {
            let from: Int
            let to: Int
            let condition: JSONValue
        }
        func keys(_ graph: RunGraph) -> [Key] {
            let nodes = graph.bodies[0].nodes
            return zip(graph.edges, graph.definition.edgeConditions).map { edge, condition in
                Key(from: nodes[edge.from], to: nodes[edge.to], condition: condition)
            }
        }
        var known: [Key: [Int]] = [:]
        for (position, key) in keys(old).enumerated().reversed() { known[key, default: []].append(position) }
        return keys(self).map { known[$0]?.popLast() }
    }
}

extension RunGraph.Parts {
    fileprivate mutating func set(_ node: Graph.Node, _ place: RunGraph.Place, at index: Int) {
        if index == nodes.count {
            nodes.append(node)
            places.append(place)
        } else {
            nodes[index] = node
            places[index] = place
        }
    }

    /// Nothing repeats the body of a node any more, nor those within.
    fileprivate mutating func dropBody(of index: Int) {
        guard let body = places[index].repeated else { return }
        places[index].repeated = nil
        bodies[body].isGone = true
        for inner in bodies[body].nodes { dropBody(of: inner) }
    }
}
