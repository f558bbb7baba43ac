// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Hashing
internal import JSON
public import Model
public import Store
internal import Synchronization

/// Reads runs back from the log. Calls block; any thread but those of the default pool may make them.
public final class RunReader: Sendable {
    private let store: any RunStore
    private let blobs: any BlobStore
    private let graphs = Mutex<[String: RunGraph]>([:])

    /// Reads from these stores.
    public init(store: any RunStore, blobs: any BlobStore) {
        self.store = store
        self.blobs = blobs
    }

    /// The state of a run after its last event.
    ///
    /// - Throws: `notFound`, `corrupted` when the log has a gap or does not decode, `unavailable`.
    public func state(ofRun key: Int64) throws(EngineError) -> RunState {
        var state: RunState?
        try forEachEvent(ofRun: key) { _, at, event, graph in
            if case .runQueued(let origin) = event.body, state == nil {
                state = RunState(origin: origin, graph: graph, at: at)
            } else {
                state?.fold(event, at: at)
            }
        }
        guard let state else { throw EngineError(.notFound, "run \(key) has no events") }
        return state
    }

    /// Calls `body` with number, time and event for each event of the run after `sequence`, in order.
    public func forEachEvent(
        ofRun key: Int64,
        after sequence: Int64 = 0,
        _ body: (Int64, Timestamp, Event, RunGraph) -> Void
    ) throws(EngineError) {
        var graph = try graph(ofRun: key)
        let decoder = EventDecoder(graph: graph) { [self] blob, isLines in try load(blob, isLines: isLines) }
        var compensations = CompensationStack()
        // Events name nodes that earlier ones added.
        var last = graph.mayGrow ? 0 : sequence
        while true {
            let page = try storage { () throws(StoreError) in try store.records(ofRun: key, after: last, limit: 500) }
            guard !page.isEmpty else { return }
            for stored in page {
                let record = stored.record
                guard record.firstSequence <= last + 1 else {
                    throw EngineError(
                        .corrupted,
                        "the log of run \(key) has a gap before event \(record.firstSequence)"
                    )
                }
                let events = try decode(record, decoder)
                for (offset, event) in events.enumerated() where record.firstSequence + Int64(offset) > last {
                    last = record.firstSequence + Int64(offset)
                    if case .compensation(let event) = event.body { compensations.follow(event, &graph) }
                    if let task = event.task, task.number >= 0, !graph.nodes.indices.contains(task.node) {
                        throw EngineError(.corrupted, "event \(last) of run \(key) names an unknown node")
                    }
                    if last > sequence { body(last, record.at, event, graph) }
                }
            }
        }
    }

    /// The graph with that hash, read and checked once.
    public func graph(_ hash: String) throws(EngineError) -> RunGraph {
        if let graph = graphs.withLock({ $0[hash] }) { return graph }
        guard let row = try storage({ () throws(StoreError) in try store.definition(hash) }) else {
            throw EngineError(.corrupted, "the definition \(hash) is missing")
        }
        do {
            return keep(try Graph(canonicalBytes: row.graph))
        } catch {
            throw EngineError(.corrupted, "the definition \(hash) cannot be read: \(error)")
        }
    }

    /// Remembers a graph, and gives the form of it that is remembered.
    func keep(_ graph: Graph) -> RunGraph {
        if let known = graphs.withLock({ $0[graph.hash] }) { return known }
        let made = RunGraph(graph)
        graphs.withLock { graphs in
            if graphs.count >= 256 { graphs.removeAll() }
            graphs[graph.hash] = made
        }
        return made
    }

    /// The value behind a reference.
    public func text(of blob: BlobRef) throws(EngineError) -> [UInt8] {
        try storage { () throws(StoreError) in try blobs.get(blob) }
    }

    private func graph(ofRun key: Int64) throws(EngineError) -> RunGraph {
        guard let row = try storage({ () throws(StoreError) in try store.run(key: key) }) else {
            throw EngineError(.notFound, "there is no run with key \(key)")
        }
        return try graph(row.graphHash)
    }

    func load(_ blob: BlobRef, isLines: Bool = false) throws -> JSONValue {
        let bytes = try blobs.get(blob)
        let limits = JSONLimits(maxBytes: 1 << 30)
        guard isLines else { return try JSONValue(parsing: bytes, limits: limits) }
        let lines = bytes.split(separator: UInt8(ascii: "\n")).filter { line in
            line.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\t") }
        }
        return .array(try lines.map { try JSONValue(parsing: Array($0), limits: limits) })
    }

    private func decode(_ record: LogRecord, _ decoder: EventDecoder) throws(EngineError) -> [Event] {
        do {
            let events = try decoder.events(record.body)
            guard events.count == record.count else {
                throw EventDecodingError(description: "it holds \(events.count) events instead of \(record.count)")
            }
            return events
        } catch {
            throw EngineError(
                .corrupted,
                "the log of run \(record.runKey) cannot be read at event \(record.firstSequence): \(error)"
            )
        }
    }

    private func storage<Value>(_ body: () throws(StoreError) -> Value) throws(EngineError) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw EngineError(store: error)
        }
    }
}

extension EngineError {
    /// The engine's word for a storage failure.
    init(store error: StoreError) {
        switch error.code {
        case .full: self.init(.storageFull, error.message)
        case .locked, .newer, .failed: self.init(.unavailable, error.message)
        case .corrupted, .missing, .conflict: self.init(.corrupted, error.message)
        }
    }
}
