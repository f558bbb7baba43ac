// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds what is wrong with a graph (spec 4.2): what the compiler of documents says of it, in the same words.
struct Validation {
    private let graph: NamedGraph
    private var findings: Findings

    /// The diagnostics as JSON.
    static func answer(_ graph: NamedGraph) -> [UInt8] {
        var validation = Self(graph: graph, findings: graph.document.problems)
        validation.checkNames()
        validation.checkEnds()
        validation.checkCycles()
        validation.checkQuorums()
        validation.checkReachability()
        validation.checkRedundancy()
        return validation.findings.answer("diagnostics")
    }

    private var nodes: [GraphDocument.Node] { graph.document.nodes }

    // MARK: - errors

    private mutating func checkNames() {
        for (position, node) in nodes.enumerated() {
            guard let first = graph.names.find(node.id), first != position else { continue }
            let firstPlace = Place.nodeID(nodes[first].index)
            let message: Message = "two nodes have the id \(graph.name(position)); rename one"
            findings.report("E201", .nodeID(node.index), message) { writer in
                writer.key("related")
                writer.beginArray()
                writer.related(firstPlace, "the first one is here")
                writer.endArray()
            }
        }
        var nearest = NearestName(graph.document)
        for end in graph.unknownEnds { report(end, nearest.find(graph.document.texts[end.id])) }
    }

    private mutating func report(_ end: NamedGraph.UnknownEnd, _ nearest: Int?) {
        let texts = graph.document.texts
        var message: Message = "there is no node \(texts[end.id])"
        guard let nearest else { return findings.report("E202", end.place, message) }
        let name = graph.name(nearest)
        message += "; did you mean \(name)?"
        findings.report("E202", end.place, message) { writer in
            writer.key("fix")
            writer.beginArray()
            writer.beginObject()
            writer.member("op", "replace")
            writer.member("path", end.place)
            writer.member("value", name + texts[end.port])
            writer.endObject()
            writer.endArray()
        }
    }

    private mutating func checkEnds() {
        guard !nodes.isEmpty else {
            return findings.report("E203", .nodeList, "there are no nodes; add at least one")
        }
        if !nodes.indices.contains(where: { graph.digraph.predecessors(of: $0).isEmpty }) {
            findings.report("E203", .nodeList, "every node waits for another, so none can start")
        }
        if !nodes.indices.contains(where: { graph.digraph.successors(of: $0).isEmpty }) {
            findings.report("E205", .nodeList, "every node leads to another, so none is the last one")
        }
    }

    private mutating func checkCycles() {
        for edge in graph.edges where edge.from == edge.to {
            reportRemovable("E206", edge.place, "node \(graph.name(edge.from)) depends on itself")
        }
        guard let cycle = graph.longCycle() else { return }
        let steps = graph.steps(along: cycle)
        guard let last = steps.last else { return }
        let graph = graph
        let message: Message = "cycle: \(graph.text(of: cycle)); remove one of these edges"
        findings.report("E204", last.place, message) { writer in
            writer.key("related")
            writer.beginArray()
            for step in steps.dropLast().prefix(NamedGraph.shownSteps) {
                writer.related(step.place, "\(bare: graph.name(step.from)) → \(bare: graph.name(step.to))")
            }
            writer.endArray()
            writer.key("cycle")
            graph.writeNames(of: cycle, to: &writer)
        }
    }

    private mutating func checkQuorums() {
        for (position, node) in nodes.enumerated() {
            guard case .quorum(let quorum) = node.join else { continue }
            let count = graph.digraph.predecessors(of: position).count
            guard quorum > count else { continue }
            let name = graph.name(position)
            findings.report(
                "E214",
                .node(node.index),
                "node \(name) waits for \(quorum) of its incoming edges, but has \(count)"
            )
        }
    }

    // MARK: - warnings

    private mutating func checkReachability() {
        for (position, isUnreachable) in graph.unreachableNodes().enumerated() where isUnreachable {
            let (place, name) = (Place.nodeID(nodes[position].index), graph.name(position))
            findings.report("W201", place, "node \(name) never runs: the edges that lead to it are never taken")
        }
    }

    private mutating func checkRedundancy() {
        for edge in graph.repeated {
            reportRemovable(
                "W203",
                edge.place,
                "the edge \(graph.text(of: edge)) is written twice; one of them is enough"
            )
        }
        guard graph.digraph.waves() != nil else { return }
        for edge in graph.redundantEdges() {
            reportRemovable(
                "W203",
                edge.place,
                "the edge \(graph.text(of: edge)) is implied by a longer way; remove it"
            )
        }
    }

    private mutating func reportRemovable(_ code: StaticString, _ place: Place, _ message: Message) {
        findings.report(code, place, message) { writer in
            writer.key("fix")
            writer.beginArray()
            writer.removal(of: place)
            writer.endArray()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func related(_ place: Place, _ message: Message) {
        beginObject()
        member("path", place)
        member("message", message.bytes[...])
        endObject()
    }
}
