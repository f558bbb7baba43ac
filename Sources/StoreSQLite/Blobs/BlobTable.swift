// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Synchronization

/// The small blobs: one table in a database file of its own, so that they do not swell the log of runs.
///
/// A put joins the queue and then waits for the writer. Whoever gets it writes everything that queued up meanwhile in
/// one transaction; the others find their bytes written when their turn comes. So the flushes shrink to what the disk
/// can do without a thread or a timer.
final class BlobTable: Sendable {
    private let queue = Mutex([Request]())
    private let writer: Mutex<BlobWriter?>
    private let readers: ReaderPool<BlobReader>

    private let now: @Sendable () -> Timestamp

    init(
        _ path: String,
        _ durability: Durability,
        vfs: String?,
        now: @escaping @Sendable () -> Timestamp
    ) throws(StoreError) {
        self.now = now
        let writer = try BlobWriter(path, durability, vfs: vfs)
        readers = try ReaderPool(count: 2) { () throws(StoreError) in try BlobReader(path, vfs: vfs) }
        self.writer = Mutex(writer)
    }

    init(reading path: String, _ mode: Connection.Mode) throws(StoreError) {
        now = wallTime
        readers = try ReaderPool(count: 1) { () throws(StoreError) in try BlobReader(path, mode) }
        writer = Mutex(nil)
    }

    func put(_ digest: [UInt8], _ bytes: [UInt8]) throws(StoreError) {
        let now = now()
        let putAt = try readers.read { (reader) throws(StoreError) in try reader.putAt(digest) }
        if let putAt, putAt + SQLiteBlobStore.freshness >= now { return }
        let request = Request(digest: digest, bytes: bytes, now: now)
        queue.withLock { $0.append(request) }
        let result = writer.withLock { writer in
            request.result.withLock(\.self) ?? write(with: writer, for: request)
        }
        try result.get()
    }

    func get(_ digest: [UInt8]) throws(StoreError) -> [UInt8]? {
        try readers.read { (reader) throws(StoreError) in try reader.get(digest) }
    }

    func structureProblems() throws(StoreError) -> [String] {
        try readers.read { (reader) throws(StoreError) in try reader.structureProblems() }
    }

    /// Blobs above a hash, by hash.
    func blobs(after digest: [UInt8], limit: Int) throws(StoreError) -> [StoredBlob] {
        try readers.read { (reader) throws(StoreError) in try reader.blobs(after: digest, limit: limit) }
    }

    /// Removes blobs in one transaction; gives those that were old enough.
    func remove(
        _ blobs: [(digest: [UInt8], blob: BlobRef)],
        lastPutBefore time: Timestamp
    ) throws(StoreError) -> [BlobRef] {
        try writer.withLock { (writer) throws(StoreError) in
            guard let writer else { throw .closed }
            return try writer.remove(blobs, lastPutBefore: time)
        }
    }

    /// Gives all free room back that is worth it.
    func compact() {
        while writer.withLock({ $0?.releaseRoom() ?? false }) {}
        writer.withLock { $0?.checkpoint() }
    }

    func close() {
        readers.close()
        writer.withLock { $0 = nil }
    }

    private func write(with writer: BlobWriter?, for own: Request) -> Result<Void, StoreError> {
        let requests = queue.withLock { queue in
            // Bounded by the callers that wait, one blob each.
            defer { queue.removeAll(keepingCapacity: true) }
            return queue
        }
        let result = writer.map { $0.write(requests) } ?? .failure(.closed)
        for request in requests { request.result.withLock { $0 = result } }
        return result
    }
}

/// One put on its way.
final class Request: Sendable {
    let digest: [UInt8]
    let bytes: [UInt8]
    let now: Timestamp
    /// Set once its transaction ended.
    let result = Mutex<Result<Void, StoreError>?>(nil)

    init(digest: [UInt8], bytes: [UInt8], now: Timestamp) {
        self.digest = digest
        self.bytes = bytes
        self.now = now
    }
}
