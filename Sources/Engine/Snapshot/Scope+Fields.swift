// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

extension RunState.Scope: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("owner", \.owner),
        StateField("number", \.number, default: 0),
        StateField("body", \.body, default: 0),
        StateField(
            "tasks",
            write: { scope, encoder in encoder.write(scope.tasks) },
            read: { scope, json, decoder in scope.tasks = try decoder.tasks(json) }
        ),
        StateField(
            "edges",
            write: { scope, _ in .string(scope.edgeText) },
            read: { scope, json, _ in scope.edges = try edges(json) }
        ),
        StateField("open", \.open, default: 0),
        StateField("failed", \.failed, default: 0),
        StateField("groups", \.groups, default: [:]),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(owner: nil, number: 0, body: 0, tasks: [], edges: [], open: 0)
        try readFields(json, decoder)
        guard decoder.graph.bodies.indices.contains(body) else { throw SnapshotError(json) }
        let shape = decoder.graph.bodies[body]
        guard tasks.count == shape.nodes.count, edges.count == shape.edges.count else { throw SnapshotError(json) }
        for (edge, state) in zip(shape.edges, edges) { tasks[edge.to].count(state, by: 1) }
    }

    /// One digit an edge.
    private var edgeText: String {
        String(decoding: edges.map { UInt8(ascii: "0") + $0.rawValue }, as: UTF8.self)
    }

    private static func edges(_ json: JSONValue) throws -> [RunState.EdgeState] {
        guard let text = json.stringValue else { throw SnapshotError(json) }
        return try text.utf8.map { digit in
            guard let state = RunState.EdgeState(rawValue: digit &- UInt8(ascii: "0")) else {
                throw SnapshotError(json)
            }
            return state
        }
    }
}

extension LoopProgress: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("iterations", \.iterations, default: 0),
        StateField("last", \.last),
        StateField("results", \.results, default: []),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init()
        try readFields(json, decoder)
    }
}

extension MapProgress: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("items", \.items),
        StateField("next", \.next, default: 0),
        StateField("open", \.open, default: 0),
        StateField("ended", \.ended, default: 0),
        StateField("failures", \.failures, default: []),
        StateField("chunks", \.chunks, default: [:]),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(items: ItemList(payload: Payload(inline: []), isLines: false))
        try readFields(json, decoder)
    }
}

extension MapProgress.Chunk: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField(
            "results",
            write: { chunk, _ in .array(chunk.results.map { $0.map { .object($0.json) } ?? .null }) },
            read: { chunk, json, decoder in
                guard let items = json.arrayValue else { throw SnapshotError(json) }
                chunk.results = try items.map { $0.isNull ? nil : try Payload(snapshot: $0, decoder) }
            }
        ),
        StateField("open", \.open, default: 0),
        StateField("sealed", \.sealed),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(count: 0)
        try readFields(json, decoder)
    }
}

extension MapProgress.Failure: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { ["item": .int(Int64(item)), "error": error.json] }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let item = json["item"]?.intValue, let error = TaskError(json: json["error"]) else {
            throw SnapshotError(json)
        }
        self.init(item: Int(item), error: error)
    }
}

extension ItemList: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        ["payload": .object(payload.json), "isLines": .bool(isLines)]
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard case .bool(let isLines)? = json["isLines"],
            let payload = try decoder.events.payload(json["payload"], isLines: isLines)
        else { throw SnapshotError(json) }
        self.init(payload: payload, isLines: isLines)
    }
}
