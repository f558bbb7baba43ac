// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
internal import JSON
internal import Model

/// Writes the state of a run as a snapshot: JSON with all that the fold has made, in an order that is always the same.
///
/// Large values stand there as references, as in events. Stretches of tasks that all ended are parts: blobs of their
/// own, named as `{"part": {"hash", "size"}}`, so that the next snapshot shares those that did not change.
struct SnapshotEncoder {
    /// Bytes that must be durable before the snapshot is, by what names them.
    private(set) var parts: [BlobRef: [UInt8]] = [:]
    /// Bytes of the parts.
    private(set) var partBytes = 0
    /// The shape of what is written.
    let graph: RunGraph

    /// How many tasks a stretch has.
    static let stretch = 1024

    private init(graph: RunGraph) {
        self.graph = graph
    }

    /// The snapshot, and the parts that it names.
    static func encode(_ state: RunState) -> EncodedSnapshot {
        var encoder = SnapshotEncoder(graph: state.graph)
        let content = state.writeFields(to: &encoder)
        let json: JSONValue = ["format": .string(SnapshotFormat.current), "state": content]
        return EncodedSnapshot(bytes: json.bytes(), parts: encoder.parts, partBytes: encoder.partBytes)
    }

    /// Tasks as a list of `{…}`, `[n, {…}]` for n alike, and `{"part": …}` for stretches that ended.
    mutating func write(_ tasks: [RunState.TaskState]) -> JSONValue {
        var items: [JSONValue] = []
        for start in stride(from: 0, to: tasks.count, by: Self.stretch) {
            let stretch = tasks[start..<min(start + Self.stretch, tasks.count)]
            let written = write(stretch)
            if stretch.count == Self.stretch, stretch.allSatisfy(\.status.isTerminal) {
                let bytes = JSONValue.array(written).bytes()
                if bytes.count > Payload.inlineLimit {
                    items.append(part(bytes))
                    continue
                }
            }
            items += written
        }
        return .array(items)
    }

    private mutating func write(_ tasks: ArraySlice<RunState.TaskState>) -> [JSONValue] {
        var items: [JSONValue] = []
        var start = tasks.startIndex
        while start < tasks.endIndex {
            let first = tasks[start].withoutEdges
            let end = tasks[start...].firstIndex { $0.withoutEdges != first } ?? tasks.endIndex
            let written = first.writeFields(to: &self)
            items.append(end - start == 1 ? written : [.int(Int64(end - start)), written])
            start = end
        }
        return items
    }

    private mutating func part(_ bytes: [UInt8]) -> JSONValue {
        let blob = BlobRef(ofBytes: bytes)
        if parts.updateValue(bytes, forKey: blob) == nil { partBytes += bytes.count }
        return ["part": blob.json]
    }
}

/// A state as a snapshot holds it.
struct EncodedSnapshot {
    let bytes: [UInt8]
    /// What has to be durable before it, by what names it.
    let parts: [BlobRef: [UInt8]]
    /// Bytes of all parts.
    let partBytes: Int

    /// Bytes of the whole.
    var size: Int { bytes.count + partBytes }
}

/// What a snapshot was written in.
enum SnapshotFormat {
    /// Grows when the fold gives another meaning to what is there already.
    private static let version = 1

    /// The version, and a digest of the names of all properties: a program that has others does not read the snapshot,
    /// it folds the log.
    static let current: String = {
        var names: [String] = []
        func add<Owner: SnapshotFields>(_ type: Owner.Type) { names += type.fields.map(\.property) + [";"] }
        add(RunState.self)
        add(RunState.Scope.self)
        add(RunState.TaskState.self)
        add(RunState.Pause.self)
        add(LoopProgress.self)
        add(MapProgress.self)
        add(MapProgress.Chunk.self)
        add(ParentRun.self)
        add(AwaitedSignal.self)
        add(SignalBox.self)
        add(SignalBox.Early.self)
        add(RunSignal.self)
        add(PatchLog.self)
        add(PatchRecord.self)
        add(CompensationStack.self)
        add(Compensation.self)
        add(Rollback.self)
        add(GroupProgress.self)
        add(PhaseProgress.self)
        add(HeldEdges.self)
        add(HumanTask.self)
        add(HumanClaim.self)
        add(FailedAttempt.self)
        return "\(version)-" + SHA256.hex(Array(names.joined(separator: ",").utf8)).prefix(16)
    }()
}
