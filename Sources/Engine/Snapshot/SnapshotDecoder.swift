// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

/// Reads what ``SnapshotEncoder`` wrote.
struct SnapshotDecoder {
    /// The graph that the run had; another one is refused. Rollbacks add to it.
    var graph: RunGraph
    /// Reads values as events have them.
    let events: EventDecoder
    /// Fetches a part.
    let part: (BlobRef) throws -> [UInt8]

    private static let limits = JSONLimits(maxBytes: 1 << 30)

    /// - Throws: Whatever is wrong; the snapshot is of no use then.
    func state(_ bytes: [UInt8]) throws -> RunState {
        let json = try JSONValue(parsing: bytes, limits: Self.limits)
        guard json["format"]?.stringValue == SnapshotFormat.current, let content = json["state"] else {
            throw SnapshotError("written in format \(json["format"]?.text ?? "none")")
        }
        var decoder = self
        let patches = try content["patches"].map { try PatchLog(snapshot: $0, self) } ?? PatchLog()
        let compensations = try content["compensations"].map { try CompensationStack(snapshot: $0, self) }
        decoder.graph = graph.rebuilt(try patches.steps(events.definition), compensations ?? CompensationStack())
        let origin = Event.RunOrigin(
            id: RunID(high: 0, low: 0),
            workflow: "",
            graphHash: graph.hash,
            inputs: Payload(inline: .null)
        )
        var state = RunState(origin: origin, graph: decoder.graph, at: Timestamp(milliseconds: 0))
        try state.readFields(content, decoder)
        return state
    }

    /// What an object has under that name.
    func value<Value: SnapshotValue>(_ json: JSONValue, _ name: String) throws -> Value {
        guard let value = json[name] else { throw SnapshotError(json) }
        return try Value(snapshot: value, self)
    }

    /// Reads a list of tasks.
    func tasks(_ json: JSONValue) throws -> [RunState.TaskState] {
        guard let items = json.arrayValue else { throw SnapshotError(json) }
        var tasks: [RunState.TaskState] = []
        for item in items {
            if let list = item.arrayValue {
                guard list.count == 2, let count = list[0].intValue,
                    (1...Int64(SnapshotEncoder.stretch)).contains(count)
                else { throw SnapshotError(item) }
                tasks += Array(repeating: try task(list[1]), count: Int(count))
            } else if let reference = item["part"] {
                guard let blob = BlobRef(json: reference) else { throw SnapshotError(reference) }
                tasks += try self.tasks(try JSONValue(parsing: try part(blob), limits: Self.limits))
            } else {
                tasks.append(try task(item))
            }
        }
        return tasks
    }

    private func task(_ json: JSONValue) throws -> RunState.TaskState {
        var task = RunState.TaskState()
        try task.readFields(json, self)
        return task
    }
}
