// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import Hashing
import JSON
import Model

/// Everything that a graph is made of.
struct GraphParts {
    let documentKind: DocumentKind
    let name: String
    let summary: String?
    let inputs: [Graph.Input]
    let outputs: ValueTemplate
    let body: Graph.Body
    let phases: [Graph.Phase]
    let failurePolicy: FailurePolicy
    let deadline: Duration?
    let limits: Graph.Limits
    let concurrency: Graph.RunConcurrency?
    let budget: Graph.Budget?
    let isWaveBarrier: Bool
    let compensatesInParallel: Bool
    let patchReview: PatchReview?
}

extension Graph {
    /// Reads the canonical form of a graph and seals it: the hash is that of its canonical bytes.
    ///
    /// - Parameter parsed: Expressions of the graph that need not be parsed again.
    convenience init(json: JSONValue, parsed: ParsedExpressions? = nil) throws(GraphCodecError) {
        try self.init(json: json, canonicalBytes: json.canonicalBytes(), parsed)
    }

    private convenience init(
        json: JSONValue,
        canonicalBytes: [UInt8],
        _ parsed: ParsedExpressions?
    ) throws(GraphCodecError) {
        let parts = try GraphDecoder.parts(json, parsed)
        self.init(parts, json: json, hash: "sha256:" + SHA256.hex(canonicalBytes))
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
        guard json.canonicalBytes() == canonicalBytes else { throw GraphCodecError(message: "not in canonical form") }
        try self.init(json: json, canonicalBytes: canonicalBytes, nil)
    }
}

/// Reads the canonical form of a graph. Edges name nodes by position; what has its usual value is left out.
enum GraphDecoder {
    /// Rises with every change that older versions cannot read.
    static let formatVersion: Int64 = 2

    /// What follows from the place of a node in its graph.
    struct NodePlace {
        let incoming: [Int]
        let outgoing: [Int]
        let wave: Int
        let positions: [String: Int]
    }

    static func parts(_ json: JSONValue, _ parsed: ParsedExpressions?) throws(GraphCodecError) -> GraphParts {
        let object = try StoredObject(json, parsed: parsed)
        let version = try object.integer("format_version")
        guard version == formatVersion else {
            throw GraphCodecError(message: "format \(version) is not supported, only \(formatVersion)")
        }
        let compensation = try object.optionalObject("compensation")
        return GraphParts(
            documentKind: try object.choice("document"),
            name: try object.text("name"),
            summary: try object.optionalText("summary"),
            inputs: try inputs(object),
            outputs: try object.template("outputs"),
            body: try body(object, hasOutput: false),
            phases: try phases(object),
            failurePolicy: try object.choice("on_failure"),
            deadline: try object.optionalDuration("deadline_ms"),
            limits: try limits(object),
            concurrency: try runConcurrency(object),
            budget: try budget(object),
            isWaveBarrier: try object.optionalText("wave_mode") == "barrier",
            compensatesInParallel: try compensation.map { value throws(GraphCodecError) in try value.flag("parallel") }
                ?? false,
            patchReview: try patchReview(object)
        )
    }

    static func body(_ object: StoredObject, hasOutput: Bool) throws(GraphCodecError) -> Graph.Body {
        let stored = try object.objectList("nodes")
        let edges = try self.edges(object, nodeCount: stored.count)
        let digraph = Digraph(nodeCount: stored.count, edges: edges.map { .init(from: $0.from, to: $0.to) })
        guard let waves = digraph.waves() else { throw GraphCodecError(message: "the edges form a cycle") }
        var positions: [String: Int] = [:]
        positions.reserveCapacity(stored.count)
        for index in 0..<stored.count { positions[try stored.object(index).text("id")] = index }
        var nodes: [Graph.Node] = []
        nodes.reserveCapacity(stored.count)
        for index in 0..<stored.count {
            let place = NodePlace(
                incoming: Array(digraph.edges(to: index)),
                outgoing: Array(digraph.edges(from: index)),
                wave: waves[index],
                positions: positions
            )
            nodes.append(try Graph.Node(stored.object(index), at: place))
        }
        let output = hasOutput ? try object.optionalTemplate("output") : nil
        return Graph.Body(nodes: nodes, edges: edges, output: output, positions: positions)
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
        let stored = try object.objectList("edges")
        var edges: [Graph.Edge] = []
        edges.reserveCapacity(stored.count)
        for index in 0..<stored.count {
            let edge = try stored.object(index)
            let (from, to) = (try edge.integer("from"), try edge.integer("to"))
            guard (0..<nodeCount).contains(from), (0..<nodeCount).contains(to) else { throw edge.wrong("to") }
            // Most edges say no more.
            if edge.count == 2 {
                edges.append(.init(from: from, to: to))
                continue
            }
            var binding: Graph.Edge.Binding?
            if edge.has("source_port") {
                binding = .init(source: try edge.text("source_port"), target: try edge.text("target_port"))
            }
            edges.append(
                .init(
                    from: from,
                    to: to,
                    when: try edge.optionalExpression("when"),
                    branchCase: try edge.optionalText("case"),
                    loopExit: try edge.optionalChoice("port"),
                    isFallback: try edge.optionalFlag("fallback") ?? false,
                    binding: binding
                )
            )
        }
        return edges
    }

    private static func phases(_ object: StoredObject) throws(GraphCodecError) -> [Graph.Phase] {
        guard object.has("phases") else { return [] }
        var phases: [Graph.Phase] = []
        for phase in try object.objects("phases") {
            phases.append(
                Graph.Phase(
                    id: try phase.text("id"),
                    title: try phase.optionalText("title"),
                    rollback: phase.has("rollback") ? try calls(phase.objects("rollback")) : [],
                    continueOnFailure: try phase.optionalFlag("continue_on_failure") ?? false,
                    timeout: try phase.optionalDuration("timeout_ms")
                )
            )
        }
        return phases
    }
}
