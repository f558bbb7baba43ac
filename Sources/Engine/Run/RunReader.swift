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
    let store: any RunStore
    let blobs: any BlobStore
    private let graphs = Mutex<[String: RunGraph]>([:])

    /// Reads from these stores.
    public init(store: any RunStore, blobs: any BlobStore) {
        self.store = store
        self.blobs = blobs
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

    /// What an attempt left behind; `nil` when it is gone, because such texts are not kept for ever.
    public func log(_ blob: BlobRef) throws(EngineError) -> [UInt8]? {
        do throws(StoreError) {
            return try blobs.get(blob)
        } catch {
            guard error.code == .missing else { throw EngineError(store: error) }
            return nil
        }
    }

    /// The graph that the run started with.
    ///
    /// - Throws: `notFound`, `corrupted`, `unavailable`.
    public func graph(ofRun key: Int64) throws(EngineError) -> RunGraph {
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

    /// A value as events have it; `nil` when that is none.
    func payload(_ json: JSONValue) throws -> Payload? {
        if let value = json["value"] { return Payload(inline: value) }
        guard let blob = BlobRef(json: json["blob"]) else { return nil }
        return Payload(value: try load(blob), storedAs: blob)
    }

    /// The items that a blob of JSON lines holds.
    func items(in blob: BlobRef) -> Result<ItemsRead, TaskError> {
        do {
            return .success(ItemsRead(payload: Payload(value: try load(blob, isLines: true), storedAs: blob)))
        } catch {
            let message = "the items in sha256:\(blob.hash) cannot be read: \(error)"
            return .failure(TaskError(code: "items.unreadable", errorClass: .permanent, message: message))
        }
    }

    /// The key of a run.
    func key(of run: RunID) throws(EngineError) -> Int64 {
        guard let row = try storage({ () throws(StoreError) in try store.run(run) }) else {
            throw EngineError(.notFound, "there is no run \(run)")
        }
        return row.key
    }

    func storage<Value>(_ body: () throws(StoreError) -> Value) throws(EngineError) -> Value {
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
