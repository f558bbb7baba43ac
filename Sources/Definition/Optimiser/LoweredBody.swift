// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import JSON

/// Nodes and edges on their way to the stored form; the passes of the optimiser change it in place.
struct LoweredBody {
    /// An edge by the positions of its ends.
    struct Edge {
        let from: Int
        let to: Int
        var when: CELExpression?
        var branchCase: String?
        var loopExit: String?
        let isFallback: Bool
        /// The ports of source and target that it connects.
        var ports: (source: String, target: String)?

        /// Taken whenever its source completed, or was skipped by a condition.
        var isUnconditional: Bool { when == nil && branchCase == nil && loopExit == nil && !isFallback }
        /// Nothing but an order.
        var isPlain: Bool { isUnconditional && ports == nil }
    }

    /// In stored form, but for waves and bodies.
    var nodes: [JSONObject]
    let types: [NodeType]
    let joins: [Graph.Join]
    var edges: [Edge]
    /// Dependency depths; no pass changes them.
    let waves: [Int]
    /// Positions of nodes that hold an expression without variables.
    let nodesWithConstants: [Int]
    /// Bodies of loops and maps, by the position of the node.
    var inner: [Int: LoweredBody]
    /// What one pass of a body gives.
    var output: JSONValue?
    /// Ids of nodes that only undo others.
    private let compensations: Set<String>

    /// - Parameter isLastUse: Nobody looks at the drafts any more, so that what they hold can be taken over.
    init(_ body: ResolvedBody, isLastUse: Bool = false) {
        nodes = body.nodes.map { isLastUse ? $0.takeStored() : $0.stored }
        types = body.overview.types
        joins = body.overview.joins
        waves = body.waves ?? []
        let fallbacks = body.nodes.indices.map { body.hasFallback($0) }
        edges = body.digraph.edges[..<body.writtenEdges.startIndex].map { edge in
            Edge(from: edge.from, to: edge.to, isFallback: fallbacks[edge.from])
        }
        edges += body.writtenEdges.map { edge in
            let draft = edge.draft
            let ports = draft?.from.port.flatMap { source in draft?.to.port.map { (source: source, target: $0) } }
            return Edge(
                from: edge.from,
                to: edge.to,
                when: draft?.when,
                branchCase: draft?.branchCase?.name,
                loopExit: draft?.exit?.name,
                isFallback: fallbacks[edge.from] && !edge.isConditional,
                ports: ports
            )
        }
        nodesWithConstants = body.overview.reading.filter { index in
            body.nodes[index].uses.contains(where: \.expression.isConstant)
        }
        inner = body.inner.mapValues { LoweredBody($0, isLastUse: isLastUse) }
        output = body.draft.output
        compensations = Set(body.overview.notable.compactMap { body.nodes[$0].undoneBy })
    }

    /// Writes the members `nodes` and `edges`, and `output` if there is one.
    mutating func store(into object: inout JSONObject) {
        object["nodes"] = .array(nodes.indices.map { storedNode($0) })
        object["edges"] = .array(edges.map(\.stored))
        if let output { object["output"] = output }
    }

    /// Takes the node out, so that it is changed in place.
    private mutating func storedNode(_ index: Int) -> JSONValue {
        var stored = JSONObject()
        swap(&stored, &nodes[index])
        stored.append("wave", .int(Int64(waves[index])))
        if !compensations.isEmpty, let id = stored["id"]?.stringValue, compensations.contains(id) {
            stored["compensation"] = true
        }
        if var body = inner[index], var config = stored["config"]?.objectValue {
            var object = JSONObject()
            body.store(into: &object)
            config["body"] = .object(object)
            stored["config"] = .object(config)
        }
        return .object(stored)
    }
}

extension LoweredBody.Edge {
    fileprivate var stored: JSONValue {
        var object = JSONObject(capacity: 2)
        object.append("from", .int(Int64(from)))
        object.append("to", .int(Int64(to)))
        if let when { object.append("when", .string(when.source)) }
        if let branchCase { object.append("case", .string(branchCase)) }
        if let loopExit { object.append("port", .string(loopExit)) }
        if isFallback { object.append("fallback", true) }
        if let ports {
            object.append("source_port", .string(ports.source))
            object.append("target_port", .string(ports.target))
        }
        return .object(object)
    }
}
