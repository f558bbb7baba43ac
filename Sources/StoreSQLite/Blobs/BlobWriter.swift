// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// The one connection that writes `blobs.db`.
final class BlobWriter {
    private let connection: Connection
    private let begin, insert, remove, commit: Statement
    private var checkpoints: Checkpoints
    private let freeRoom: FreeRoom
    /// Why nothing may be written any more; see ``RunWriter``.
    private var failure: StoreError?

    init(_ path: String, _ durability: Durability, vfs: String? = nil) throws(StoreError) {
        let connection = try Connection.open(path, .write, vfs: vfs)
        let version = try BlobSchema.schema.check(connection)
        if version == 0 { try FreeRoom.prepare(connection, version: 0) }
        try connection.execute("PRAGMA journal_mode=WAL")
        try connection.execute(
            "PRAGMA synchronous=\(durability.synchronous); PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=-1"
        )
        try BlobSchema.schema.migrate(connection, from: version)
        try FreeRoom.prepare(connection, version: BlobSchema.schema.newest)
        freeRoom = try FreeRoom(connection)
        checkpoints = Checkpoints(connection, limit: 4000)
        begin = try Statement(connection, "BEGIN IMMEDIATE")
        insert = try Statement(
            connection,
            """
            INSERT INTO blob VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT DO UPDATE SET put_at = ?4 WHERE put_at < ?4
            """
        )
        remove = try Statement(connection, "DELETE FROM blob WHERE hash = ? AND put_at < ?")
        commit = try Statement(connection, "COMMIT")
        self.connection = connection
    }

    func write(_ requests: [Request]) -> Result<Void, StoreError> {
        Result { () throws(StoreError) in
            try transaction { () throws(StoreError) in
                for request in requests {
                    try insert.execute(request.digest, request.bytes.count, request.bytes, request.now)
                }
            }
        }
    }

    func remove(
        _ blobs: [(digest: [UInt8], blob: BlobRef)],
        lastPutBefore time: Timestamp
    ) throws(StoreError) -> [BlobRef] {
        var removed: [BlobRef] = []
        try transaction { () throws(StoreError) in
            for (digest, blob) in blobs {
                try remove.execute(digest, time)
                if connection.changes == 1 { removed.append(blob) }
            }
        }
        _ = releaseRoom()
        return removed
    }

    private func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        do throws(StoreError) {
            if let failure { throw failure }
            try begin.execute()
            try body()
            try commit.execute()
        } catch {
            connection.rollBack()
            if error.code == .failed { failure = error }
            throw error
        }
        afterwards { () throws(StoreError) in try checkpoints.run(connection, atLeast: checkpoints.limit) }
    }

    /// Gives some free room back; see ``FreeRoom``.
    ///
    /// - Returns: Whether there is more.
    func releaseRoom() -> Bool {
        guard failure == nil else { return false }
        var isMore = false
        afterwards { () throws(StoreError) in isMore = try freeRoom.release(connection) }
        return isMore
    }

    /// Moves what the log file holds into the database file.
    func checkpoint() {
        afterwards { () throws(StoreError) in try checkpoints.run(connection, atLeast: 1) }
    }

    /// What takes nothing back that was acknowledged: a failure stops the next transaction.
    private func afterwards(_ body: () throws(StoreError) -> Void) {
        do throws(StoreError) {
            try body()
        } catch {
            if error.code != .full { failure = error }
        }
    }
}
