// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import Hashing
import JSON

/// Turns a checked draft into the graph that the engine interprets.
struct Lowering {
    let context: ReadingContext

    func graph(of draft: WorkflowDraft, _ body: ResolvedBody, kind: DocumentKind, _ source: JSONValue) -> Graph? {
        var json = draft.head
        json["format_version"] = .int(GraphDecoder.formatVersion)
        json["document"] = .string(kind.rawValue)
        json["source_hash"] = .string("sha256:" + SHA256.hex(source.canonicalBytes()))
        json["registry_hash"] = .string(registryHash)
        let lowered = Optimiser(body).lower()
        json["nodes"] = lowered.nodes
        json["edges"] = lowered.edges
        do {
            return try Graph(json: .object(json))
        } catch {
            context.sink.report(.invalidValue, at: draft.value, "the graph cannot be built: \(error)")
            return nil
        }
    }

    /// Of what the document used, so that a change elsewhere does not change the graph.
    private var registryHash: String {
        let used = context.resolved.sorted { $0.key < $1.key }.map {
            JSONObject.Member(key: $0.key, value: .string($0.value))
        }
        return "sha256:" + SHA256.hex(JSONValue.object(JSONObject(members: used)).canonicalBytes())
    }
}

/// Nodes and edges in stored form.
struct LoweredBody {
    let nodes: JSONValue
    let edges: JSONValue
}

/// Writes the stored form of nodes and edges.
struct Optimiser {
    let body: ResolvedBody

    init(_ body: ResolvedBody) {
        self.body = body
    }

    func lower() -> LoweredBody {
        let waves = body.digraph.waves() ?? []
        let compensations = Set(body.nodes.compactMap { $0.stored["compensate"]?.stringValue })
        let nodes = body.nodes.enumerated().map { index, node -> JSONValue in
            var stored = node.stored
            stored["wave"] = .int(Int64(waves[index]))
            if compensations.contains(node.id) { stored["compensation"] = true }
            if let inner = body.inner[index], var config = stored["config"]?.objectValue {
                let lowered = Optimiser(inner).lower()
                var object: JSONObject = ["nodes": lowered.nodes, "edges": lowered.edges]
                if let output = inner.draft.output { object["output"] = output }
                config["body"] = .object(object)
                stored["config"] = .object(config)
            }
            return .object(stored)
        }
        let fallbacks = body.nodes.indices.map { body.hasFallback($0) }
        let edges = body.edges.map { edge -> JSONValue in
            var object: JSONObject = ["from": .int(Int64(edge.from)), "to": .int(Int64(edge.to))]
            if let when = edge.draft.when { object["when"] = .string(when.source) }
            if let branchCase = edge.draft.branchCase { object["case"] = .string(branchCase.name) }
            if let exit = edge.draft.exit { object["port"] = .string(exit.name) }
            if fallbacks[edge.from], !edge.isConditional { object["fallback"] = true }
            if let source = edge.draft.from.port, let target = edge.draft.to.port {
                object["source_port"] = .string(source)
                object["target_port"] = .string(target)
            }
            return .object(object)
        }
        return LoweredBody(nodes: .array(nodes), edges: .array(edges))
    }
}
