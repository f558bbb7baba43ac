// Baton
// SPDX-License-Identifier: Apache-2.0

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

    init(_ path: String, _ durability: Durability) throws(StoreError) {
        let writer = try BlobWriter(path, durability)
        readers = try ReaderPool(count: 2) { () throws(StoreError) in try BlobReader(path) }
        self.writer = Mutex(writer)
    }

    init(reading path: String) throws(StoreError) {
        readers = try ReaderPool(count: 1) { () throws(StoreError) in try BlobReader(path) }
        writer = Mutex(nil)
    }

    func put(_ digest: [UInt8], _ bytes: [UInt8]) throws(StoreError) {
        guard try !readers.read({ (reader) throws(StoreError) in try reader.has(digest) }) else { return }
        let request = Request(digest: digest, bytes: bytes)
        queue.withLock { $0.append(request) }
        let result = writer.withLock { writer in
            request.result.withLock(\.self) ?? write(with: writer, for: request)
        }
        try result.get()
    }

    func get(_ digest: [UInt8]) throws(StoreError) -> [UInt8]? {
        try readers.read { (reader) throws(StoreError) in try reader.get(digest) }
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
    /// Set once its transaction ended.
    let result = Mutex<Result<Void, StoreError>?>(nil)

    init(digest: [UInt8], bytes: [UInt8]) {
        self.digest = digest
        self.bytes = bytes
    }
}

/// The one connection that writes `blobs.db`.
final class BlobWriter {
    private let connection: Connection
    private let begin, insert, commit: Statement
    private var checkpoints: Checkpoints
    /// Why nothing may be written any more; see ``RunWriter``.
    private var failure: StoreError?

    init(_ path: String, _ durability: Durability) throws(StoreError) {
        let connection = try Connection.open(path, .write)
        let version = try BlobSchema.schema.check(connection)
        try connection.execute("PRAGMA journal_mode=WAL")
        try connection.execute(
            "PRAGMA synchronous=\(durability.synchronous); PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=-1"
        )
        try BlobSchema.schema.migrate(connection, from: version)
        checkpoints = Checkpoints(connection, limit: 4000)
        begin = try Statement(connection, "BEGIN IMMEDIATE")
        insert = try Statement(connection, "INSERT INTO blob VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        commit = try Statement(connection, "COMMIT")
        self.connection = connection
    }

    func write(_ requests: [Request]) -> Result<Void, StoreError> {
        do throws(StoreError) {
            if let failure { throw failure }
            try begin.execute()
            for request in requests { try insert.execute(request.digest, request.bytes.count, request.bytes) }
            try commit.execute()
        } catch {
            connection.rollBack()
            if error.code == .failed { failure = error }
            return .failure(error)
        }
        do throws(StoreError) {
            try checkpoints.run(connection, atLeast: checkpoints.limit)
        } catch {
            if error.code != .full { failure = error }
        }
        return .success(())
    }
}

/// One connection that reads `blobs.db`.
final class BlobReader {
    private let connection: Connection
    private let exists, select: Statement

    init(_ path: String) throws(StoreError) {
        let connection = try Connection.open(path, .read)
        guard try BlobSchema.schema.check(connection) > 0 else { throw .noDatabase(path) }
        exists = try Statement(connection, "SELECT 1 FROM blob WHERE hash = ?")
        select = try Statement(connection, "SELECT data FROM blob WHERE hash = ?")
        self.connection = connection
    }

    func has(_ digest: [UInt8]) throws(StoreError) -> Bool {
        try exists.first(digest) { _ in true } ?? false
    }

    func get(_ digest: [UInt8]) throws(StoreError) -> [UInt8]? {
        try select.first(digest) { $0.bytes(0) }
    }
}

/// The tables of `blobs.db`.
enum BlobSchema {
    static let schema = Schema(migrations: [
        """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE blob(hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
        """
    ])
}
