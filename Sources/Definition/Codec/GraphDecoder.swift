// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import JSON
import Model

/// Reads the canonical form of a graph.
enum GraphDecoder {
    static func parts(_ json: JSONValue) throws(GraphCodecError) -> GraphParts {
        let object = try StoredObject(json)
        let version = try object.integer("format_version")
        guard version == GraphEncoder.formatVersion else {
            throw GraphCodecError(message: "format \(version) is not supported, only \(GraphEncoder.formatVersion)")
        }
        let stored = try object.objects("nodes")
        let edges = try self.edges(object, nodeCount: stored.count)
        return GraphParts(
            name: try object.text("name"),
            summary: try object.optional("summary", object.text),
            inputs: try inputs(object),
            outputs: try object.template("outputs"),
            nodes: try nodes(stored, edges),
            edges: edges,
            failurePolicy: try object.choice("on_failure"),
            deadline: try object.optional("deadline_ms", object.duration),
            maxParallel: try object.optional("max_parallel", object.integer)
        )
    }

    private static func inputs(_ object: StoredObject) throws(GraphCodecError) -> [Graph.Input] {
        var inputs: [Graph.Input] = []
        for input in try object.objects("inputs") {
            let schema = try input.value("schema")
            inputs.append(.init(name: try input.text("name"), schema: schema, defaultValue: schema["default"]))
        }
        return inputs
    }

    private static func edges(_ object: StoredObject, nodeCount: Int) throws(GraphCodecError) -> [Graph.Edge] {
        var edges: [Graph.Edge] = []
        for edge in try object.objects("edges") {
            let (from, to) = (try edge.integer("from"), try edge.integer("to"))
            guard (0..<nodeCount).contains(from), (0..<nodeCount).contains(to) else { throw edge.wrong("to") }
            edges.append(
                .init(
                    from: from,
                    to: to,
                    when: try edge.optional("when", edge.expression),
                    branchCase: try edge.optional("case", edge.text),
                    isFallback: try edge.optional("fallback", edge.flag) ?? false
                )
            )
        }
        return edges
    }

    private static func nodes(
        _ stored: [StoredObject],
        _ edges: [Graph.Edge]
    ) throws(GraphCodecError) -> [Graph.Node] {
        let digraph = Digraph(nodeCount: stored.count, edges: edges.map { .init(from: $0.from, to: $0.to) })
        guard let waves = digraph.waves() else { throw GraphCodecError(message: "the edges form a cycle") }
        var nodes: [Graph.Node] = []
        for (index, node) in stored.enumerated() { nodes.append(try self.node(node, index, digraph, waves[index])) }
        return nodes
    }

    private static func node(
        _ node: StoredObject,
        _ index: Int,
        _ digraph: Digraph,
        _ wave: Int
    ) throws(GraphCodecError) -> Graph.Node {
        Graph.Node(
            id: try node.text("id"),
            name: try node.optional("name", node.text),
            kind: try kind(node),
            incoming: Array(digraph.edges(to: index)),
            outgoing: Array(digraph.edges(from: index)),
            join: try join(node),
            when: try node.optional("when", node.expression),
            retry: try retry(node),
            timeout: try node.optional("timeout_ms", node.duration),
            totalTimeout: try node.optional("total_timeout_ms", node.duration),
            continueOnFailure: try node.optional("continue_on_failure", node.flag) ?? false,
            priority: try node.optional("priority", node.integer) ?? 500,
            wave: wave,
            isNonIdempotent: try node.optional("idempotency", node.text) == "none"
        )
    }

    private static func join(_ node: StoredObject) throws(GraphCodecError) -> Graph.Join {
        guard node.has("join") else { return .all }
        switch try node.value("join") {
        case "any": return .any
        case "done": return .done
        default: return .quorum(try node.object("join").integer("quorum"))
        }
    }

    private static func retry(_ node: StoredObject) throws(GraphCodecError) -> RetryPolicy {
        guard node.has("retry") else { return RetryPolicy() }
        let retry = try node.object("retry")
        var classes: [ErrorClass]?
        if retry.has("on") { classes = try retry.texts("on").compactMap { ErrorClass(rawValue: $0) } }
        return RetryPolicy(
            maxAttempts: try retry.optional("max_attempts", retry.integer),
            delay: try retry.optional("delay_ms", retry.duration),
            multiplier: try retry.optional("multiplier", retry.number),
            maxDelay: try retry.optional("max_delay_ms", retry.duration),
            jitter: try retry.optional("jitter", retry.number),
            classes: classes,
            maxElapsed: try retry.optional("max_elapsed_ms", retry.duration)
        )
    }
}
