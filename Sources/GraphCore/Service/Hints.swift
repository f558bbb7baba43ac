// Baton
// SPDX-License-Identifier: Apache-2.0

/// Suggestions of the optimiser (spec 4.4) that need nothing but the graph; none while it has a cycle.
struct Hints {
    private let graph: NamedGraph
    private var findings = Findings()

    /// The hints as JSON.
    static func answer(_ graph: NamedGraph) -> [UInt8] {
        var hints = Self(graph: graph)
        if graph.digraph.waves() != nil {
            hints.addRedundancy()
            hints.addDeadCode()
            hints.addParallel()
        }
        return hints.findings.answer("hints")
    }

    private init(graph: NamedGraph) { self.graph = graph }

    private var nodes: [GraphDocument.Node] { graph.document.nodes }

    private mutating func addRedundancy() {
        for edge in graph.repeated + graph.redundantEdges() {
            add(
                "H702",
                edge.place,
                "Remove an edge that others imply",
                "\(graph.name(edge.to)) waits for \(graph.name(edge.from)) without this edge too",
                nodes: [edge.from, edge.to],
                removals: [edge.place]
            )
        }
    }

    // MARK: - dead code

    private mutating func addDeadCode() {
        let isUnreachable = graph.unreachableNodes()
        let dead = nodes.indices.filter { isUnreachable[$0] }
        if let first = dead.first {
            add(
                "H704",
                .node(nodes[first].index),
                "Remove nodes that never run",
                "no edge that leads to them is ever taken; \(dead.count) of \(nodes.count) nodes",
                nodes: dead,
                // All at once: one alone would leave its successors without an edge, so that they would run.
                removals: removals(of: isUnreachable)
            )
        }
        // What depends on such a node runs as if it were done, so it cannot be taken out just so.
        for (position, node) in nodes.enumerated() where node.isNever && !isUnreachable[position] {
            add(
                "H704",
                .node(node.index),
                "A node never runs",
                "the condition of \(graph.name(position)) is always false, so it is skipped in every run",
                nodes: [position],
                removals: []
            )
        }
    }

    /// The last ones of each list first, so that the positions of the others stay.
    private func removals(of isDead: [Bool]) -> [Place] {
        let doomed = (graph.edges + graph.loops + graph.repeated).filter { isDead[$0.from] || isDead[$0.to] }
        var places: [Place] = []
        for index in doomed.compactMap({ $0.place.edgeIndex }).sorted(by: { $0 > $1 }) { places.append(.edge(index)) }
        let listed = doomed.indices.filter { doomed[$0].place.dependency != nil && !isDead[doomed[$0].to] }
        for index in listed.sorted(by: { doomed[$0].place.isAfter(doomed[$1].place) }) {
            places.append(doomed[index].place)
        }
        for node in nodes.indices.reversed() where isDead[node] { places.append(.node(nodes[node].index)) }
        return places
    }

    // MARK: - parallel

    /// Edges that are known to carry no data, without which their ends would have nothing to do with each other.
    private mutating func addParallel() {
        var isImplied = sharesEnds()
        for edge in graph.digraph.redundantEdges() { isImplied[edge] = true }
        for (position, edge) in graph.edges.enumerated() where !isImplied[position] && isOrderOnly(edge) {
            add(
                "H706",
                edge.place,
                "Run two nodes in parallel",
                "\(graph.name(edge.to)) takes no data from \(graph.name(edge.from)), but waits for it",
                nodes: [edge.from, edge.to],
                removals: [edge.place]
            )
        }
    }

    /// Decisions, joins and loops mean more by order than data.
    private func isOrderOnly(_ edge: NamedGraph.Edge) -> Bool {
        // Of a dependency nobody said that no data is meant.
        guard edge.place.edgeIndex != nil, edge.data == false, !edge.isConditional else { return false }
        return nodes[edge.from].kind == .other && nodes[edge.to].kind == .other && nodes[edge.to].join == .all
    }

    /// For each edge whether another one connects the same nodes.
    private func sharesEnds() -> [Bool] {
        let edges = graph.edges
        var isShared = [Bool](repeating: false, count: edges.count)
        var last = [Int](repeating: -1, count: nodes.count)
        for node in nodes.indices {
            for edge in graph.digraph.edges(from: node) {
                let target = edges[edge].to
                if last[target] >= 0, edges[last[target]].from == node {
                    isShared[edge] = true
                    isShared[last[target]] = true
                }
                last[target] = edge
            }
        }
        return isShared
    }

    // MARK: - answer

    /// Adds a hint; only the first kind changes nothing that a run can show.
    private mutating func add(
        _ code: StaticString,
        _ place: Place,
        _ title: StaticString,
        _ description: Message,
        nodes: [Int],
        removals: [Place]
    ) {
        let graph = graph
        findings.add { writer in
            writer.key("id")
            writer.string { bytes in
                bytes.append(code)
                bytes.append(":")
                place.write(to: &bytes)
            }
            writer.member("code", code)
            writer.member("severity", "hint")
            writer.member("title", title)
            writer.member("description", description.bytes[...])
            writer.member("path", place)
            writer.key("affected_nodes")
            graph.writeNames(of: nodes, to: &writer)
            writer.key("auto_apply_safe")
            writer.value(code.utf8Start[3] == UInt8(ascii: "2"))
            writer.key("patch")
            writer.beginArray()
            for removal in removals { writer.removal(of: removal) }
            writer.endArray()
        }
    }
}
