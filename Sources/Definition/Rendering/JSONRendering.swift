// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Nodes and edges by id, for programs that draw.
enum JSONRendering {
    static func json(of graph: Graph) -> JSONValue {
        var object: JSONObject = ["name": .string(graph.name), "hash": .string(graph.hash)]
        if !graph.phases.isEmpty {
            object["phases"] = .array(
                graph.phases.map { ["id": .string($0.id), "title": .string($0.title ?? $0.id)] }
            )
        }
        for member in json(of: graph.body).members { object[member.key] = member.value }
        return .object(object)
    }

    private static func json(of body: Graph.Body) -> JSONObject {
        let edges = body.edges.map { edge -> JSONValue in
            var object: JSONObject = [
                "from": .string(body.nodes[edge.from].id), "to": .string(body.nodes[edge.to].id),
            ]
            object["case"] = edge.branchCase.map { .string($0) }
            object["port"] = edge.loopExit.map { .string($0.rawValue) }
            object["when"] = edge.when.map { .string($0.source) }
            if edge.isFallback { object["fallback"] = true }
            if let binding = edge.binding {
                object["source_port"] = .string(binding.source)
                object["target_port"] = .string(binding.target)
            }
            return .object(object)
        }
        return ["nodes": .array(body.nodes.map(json)), "edges": .array(edges)]
    }

    private static func json(of node: Graph.Node) -> JSONValue {
        var object: JSONObject = [
            "id": .string(node.id), "kind": .string(node.kind.name), "wave": .int(Int64(node.wave)),
            "join": .string(node.join.text),
        ]
        object["name"] = node.name.map { .string($0) }
        object["phase"] = node.phase.map { .string($0) }
        object["group"] = node.group.map { .string($0) }
        if node.incoming.isEmpty { object["entry"] = true }
        if node.outgoing.isEmpty { object["terminal"] = true }
        if node.kind.isAbsorbed { object["absorbed"] = true }
        if !node.ports.isEmpty { object["ports"] = .array(node.ports.map { .string($0.name) }) }
        if !node.outputs.isEmpty { object["outputs"] = .array(node.outputs.keys.map(JSONValue.string)) }
        if let inner = node.innerBody { object["body"] = .object(json(of: inner)) }
        return .object(object)
    }
}
