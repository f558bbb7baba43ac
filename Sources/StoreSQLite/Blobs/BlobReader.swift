// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// One connection that reads `blobs.db`.
final class BlobReader {
    private let connection: Connection
    private let putAt, select, page: Statement

    init(_ path: String, _ mode: Connection.Mode = .read, vfs: String? = nil) throws(StoreError) {
        let connection = try Connection.open(path, mode, vfs: vfs)
        let version = try BlobSchema.schema.check(connection)
        guard version > 0 else { throw .noDatabase(path) }
        // A file that nobody has upgraded yet knows no times.
        let time = version > 1 ? "put_at" : "0"
        putAt = try Statement(connection, "SELECT \(time) FROM blob WHERE hash = ?")
        select = try Statement(connection, "SELECT data FROM blob WHERE hash = ?")
        page = try Statement(
            connection,
            "SELECT lower(hex(hash)), size, \(time) FROM blob WHERE hash > ? ORDER BY hash LIMIT ?"
        )
        self.connection = connection
    }

    func structureProblems() throws(StoreError) -> [String] { try connection.structureProblems() }

    func putAt(_ digest: [UInt8]) throws(StoreError) -> Timestamp? {
        try putAt.first(digest) { $0.time(0) }
    }

    func get(_ digest: [UInt8]) throws(StoreError) -> [UInt8]? {
        try select.first(digest) { $0.bytes(0) }
    }

    func blobs(after digest: [UInt8], limit: Int) throws(StoreError) -> [StoredBlob] {
        try page.rows(digest, limit) { row in
            StoredBlob(blob: BlobRef(hash: row.text(0), size: row.int(1)), putAt: row.time(2))
        }
    }
}

/// The tables of `blobs.db`.
enum BlobSchema {
    static let schema = Schema(migrations: [
        """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE blob(hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
        """,
        // Blobs of older programs were put long ago.
        "ALTER TABLE blob ADD COLUMN put_at INTEGER NOT NULL DEFAULT 0;",
    ])
}
