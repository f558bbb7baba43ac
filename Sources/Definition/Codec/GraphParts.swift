// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import Hashing
import JSON
import Model

/// Everything that a graph is made of, before it is sealed.
struct GraphParts {
    let name: String
    let summary: String?
    let inputs: [Graph.Input]
    let outputs: ValueTemplate
    let nodes: [Graph.Node]
    let edges: [Graph.Edge]
    let failurePolicy: FailurePolicy
    let deadline: Duration?
    let maxParallel: Int?
}

extension Graph {
    /// Seals the parts: the hash is that of their canonical form.
    convenience init(sealing parts: GraphParts) {
        let json = GraphEncoder.json(parts)
        self.init(parts, json: json, canonicalBytes: json.canonicalBytes())
    }

    private convenience init(_ parts: GraphParts, json: JSONValue, canonicalBytes: [UInt8]) {
        self.init(
            hash: "sha256:" + SHA256.hex(canonicalBytes),
            name: parts.name,
            summary: parts.summary,
            inputs: parts.inputs,
            outputs: parts.outputs,
            nodes: parts.nodes,
            edges: parts.edges,
            failurePolicy: parts.failurePolicy,
            deadline: parts.deadline,
            maxParallel: parts.maxParallel,
            json: json
        )
    }

    /// Reads a stored graph: the canonical bytes of json. The result has the same hash as the graph that was stored.
    ///
    /// - Throws: GraphCodecError for bytes that are no graph, or one of a newer format.
    public convenience init(canonicalBytes: [UInt8]) throws(GraphCodecError) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: canonicalBytes)
        } catch {
            throw GraphCodecError(message: "not JSON: \(error)")
        }
        let parts = try GraphDecoder.parts(json)
        guard GraphEncoder.json(parts).canonicalBytes() == canonicalBytes else {
            throw GraphCodecError(message: "not in canonical form")
        }
        self.init(parts, json: json, canonicalBytes: canonicalBytes)
    }
}
