// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// What a snapshot holds (settled: a snapshot is a cache, so it must be the whole state or nothing).
@Suite struct SnapshotCodingTests {
    @Test func `every stored property of a state has its field`() throws {
        let graph = RunGraph(try compile("workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]"))
        let origin = Event.RunOrigin(
            id: RunID(high: 1, low: 2),
            workflow: "w",
            graphHash: graph.hash,
            inputs: Payload(inline: .null)
        )
        let state = RunState(origin: origin, graph: graph, at: Timestamp(milliseconds: 0))
        let items = ItemList(payload: Payload(inline: []), isLines: false)
        expectAllCoded(state)
        expectAllCoded(state.root)
        expectAllCoded(state.root.tasks[0])
        expectAllCoded(RunState.Pause(by: "", at: state.createdAt))
        expectAllCoded(LoopProgress())
        expectAllCoded(MapProgress(items: items))
        expectAllCoded(MapProgress.Chunk(count: 1))
        let signal = RunSignal(dedupeKey: "", type: "", key: "", payload: Payload(inline: .null))
        expectAllCoded(signal)
        expectAllCoded(SignalBox.Early(signal: signal, at: state.createdAt))
        expectAllCoded(SignalBox())
        expectAllCoded(AwaitedSignal(type: "", key: ""))
        expectAllCoded(ParentRun(run: state.id, task: .run, depth: 1))
        expectAllCoded(PhaseProgress(total: 1))
        expectAllCoded(GroupProgress())
        expectAllCoded(HeldEdges(task: .run, dead: [], otherwise: .dead))
        expectAllCoded(CompensationStack())
        expectAllCoded(PatchLog())
        let patch = PatchDetails(number: 1, author: "", summary: "", operations: Payload(inline: []), base: 0, key: "")
        expectAllCoded(PatchRecord(patch, nil, .proposed, at: state.createdAt))
        let plan = Compensation.Plan(subject: .phase("p", call: 0), calls: [], error: nil)
        expectAllCoded(Compensation(plan: plan, sequence: 1, round: 1, fence: 0, isLate: false))
        expectAllCoded(Rollback(target: .run, steps: []))
        expectAllCoded(
            FailedAttempt(number: 1, at: state.createdAt, errorClass: .transient, code: "", message: "")
        )
        expectAllCoded(HumanClaim(by: "", until: state.createdAt))
        // These are written by hand, or as in events.
        #expect(properties(of: MapProgress.Failure(item: 0, error: missing)) == ["item", "error"])
        #expect(
            properties(of: Derivation(kind: .fork, origin: state.id, sequence: 1))
                == ["kind", "origin", "sequence", "node", "startedAt"]
        )
        #expect(properties(of: items) == ["payload", "isLines"])
        #expect(properties(of: missing) == ["code", "errorClass", "message", "details", "retryAfter"])
        #expect(properties(of: Payload(inline: .null)) == ["value", "blob"])
    }

    private let missing = TaskError(code: "missing", errorClass: .permanent, message: "")

    private func properties(of value: Any) -> [String] { Mirror(reflecting: value).children.compactMap(\.label) }

    private func expectAllCoded<Value: SnapshotFields>(_ value: Value) {
        let coded = Value.fields.map(\.property) + Value.derivedProperties
        var all = properties(of: value)
        if value is RunState.TaskState {
            all = all.filter { $0 != "rest" } + properties(of: RunState.TaskState.Rare())
        }
        #expect(
            Set(coded) == Set(all) && coded.count == all.count,
            "\(Value.self): a property has no field in `fields`, so snapshots would lose it"
        )
    }

    @Test func `requests to people are in a snapshot as they are`() throws {
        let yaml = "workflow: w\nnodes: [{id: a, type: human, config: {message: m, deadline: 1h}}]"
        let run = try RunDriver(yaml)
        let task = try #require(run.task("a").humanTask)
        #expect(Set(HumanTask.fields.map(\.property)) == Set(properties(of: task)))
    }

    @Test func `what cannot be read is refused, not guessed`() throws {
        var run = try RunDriver("workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]")
        try run.complete("a", ["text": "x"])
        let bytes = SnapshotEncoder.encode(run.state).bytes
        let text = String(decoding: bytes, as: UTF8.self)
        for (part, other) in [
            ("\"format\":\"1", "\"format\":\"0"), ("\"status\":\"completed\"", "\"status\":\"done\""),
            ("\"attempts\":1", "\"tries\":1"), ("\"attempts\":1", "\"attempts\":\"1\""),
            ("\"counts\":[", "\"counts\":[null,"),
            ("sha256:", "sha256:0"), ("\"open\":", "\"closed\":"),
        ] {
            let changed = text.replacing(part, with: other)
            guard changed != text else { continue }
            #expect(throws: (any Error).self, "\(other)") { try decode(Array(changed.utf8), run.state.graph) }
        }
        for count in [0, bytes.count / 2, bytes.count - 1] {
            #expect(throws: (any Error).self) { try decode(Array(bytes.prefix(count)), run.state.graph) }
        }
    }

    @Test func `tasks alike are written once, and stretches that ended are parts of their own`() throws {
        let nodes = (0..<3000).map { "  - {id: n\($0), type: tool, config: {tool: noop}}\n" }
        var run = try RunDriver("workflow: wide\nnodes:\n" + nodes.joined())
        #expect(SnapshotEncoder.encode(run.state).bytes.count < 1500)
        run.skipsLaws = true
        for node in 0..<1100 { try run.complete("n\(node)", .int(Int64(node))) }
        let first = SnapshotEncoder.encode(run.state)
        #expect(first.parts.count == 1)
        try run.complete("n1100", 1)
        let second = SnapshotEncoder.encode(run.state)
        #expect(first.parts == second.parts)
        let decoded = try decode(second.bytes, run.state.graph, parts: second.parts)
        #expect(decoded == run.state)
        #expect(throws: (any Error).self) { try decode(second.bytes, run.state.graph) }
    }
}

/// Reads a snapshot; `blobs` are large values by reference.
func decode(
    _ bytes: [UInt8],
    _ graph: RunGraph,
    blobs: [BlobRef: JSONValue] = [:],
    parts: [BlobRef: [UInt8]] = [:],
    definition: @escaping (String) throws -> Graph = { throw SnapshotError("\($0) is missing") }
) throws -> RunState {
    let events = EventDecoder(graph: graph, definition: definition) { blob, _ in
        guard let value = blobs[blob] else { throw SnapshotError("\(blob.hash) is missing") }
        return value
    }
    let decoder = SnapshotDecoder(graph: graph, events: events) { blob in
        guard let bytes = parts[blob] else { throw SnapshotError("\(blob.hash) is missing") }
        return bytes
    }
    return try decoder.state(bytes)
}

/// Everything in a value as text, whatever properties its type has; graphs by hash.
func everything(in value: Any) -> String {
    if let graph = value as? RunGraph { return graph.hash }
    if let text = value as? String { return text }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .dictionary, .set:
        return "[" + mirror.children.map { everything(in: $0.value) }.sorted().joined(separator: ",") + "]"
    case nil where mirror.children.isEmpty: return "\(value)"
    case .enum where mirror.children.isEmpty: return "\(value)"
    default:
        let children = mirror.children.map { "\($0.label ?? ""):\(everything(in: $0.value))" }
        return "{" + children.joined(separator: ",") + "}"
    }
}
