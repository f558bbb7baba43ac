// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import Model
import Store

/// Writes snapshots; prepared when it is first needed.
struct SnapshotWriter {
    private let insert, remove: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        insert = try Statement(connection, "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?)")
        remove = try Statement(connection, "DELETE FROM snapshot WHERE run_key = ? AND seq > ? AND seq < ?")
    }

    func write(_ commit: Commit) throws(StoreError) {
        for row in commit.snapshots {
            var body: [UInt8]?
            var blob: BlobRef?
            switch row.content {
            case .inline(let bytes): body = bytes
            case .blob(let reference): blob = reference
            }
            try insert.execute(row.runKey, row.sequence, body, blob?.hash, blob?.size, row.takenAt, row.sum)
        }
        for stale in commit.staleSnapshots { try remove.execute(stale.runKey, stale.after, stale.before) }
    }
}

/// Reads snapshots; prepared when it is first needed.
struct SnapshotReader {
    private let newest, sequences: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        newest = try Statement(connection, Self.newest)
        sequences = try Statement(connection, Self.sequences)
    }

    static let newest = "SELECT * FROM snapshot WHERE run_key = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
    static let sequences = "SELECT seq FROM snapshot WHERE run_key = ? ORDER BY seq"

    func sequences(ofRun key: Int64) throws(StoreError) -> [Int64] {
        try sequences.rows(key) { $0.int64(0) }
    }

    /// The newest one that is whole: what is damaged can be made again from the log, so it is only passed over.
    func newest(ofRun key: Int64, atMost sequence: Int64) throws(StoreError) -> SnapshotRow? {
        var limit = sequence
        while let found = try newest.first(key, limit, read: { ($0.int64(1), SnapshotRow(row: $0)) }) {
            if let row = found.1 { return row }
            limit = found.0 - 1
        }
        return nil
    }
}

extension SnapshotRow {
    /// `nil` when the row is not what was written.
    init?(row: Row) {
        let content: Content
        if row.isNull(2) {
            content = .blob(BlobRef(hash: row.text(3), size: row.int(4)))
        } else {
            content = .inline(row.bytes(2))
        }
        self.init(runKey: row.int64(0), sequence: row.int64(1), content: content, takenAt: row.time(5))
        guard row.bytes(6) == sum else { return nil }
    }

    /// The first half of a SHA-256 over run, sequence and time (64 bits each, big-endian), then the bytes, or hash and
    /// size of the blob as text.
    fileprivate var sum: [UInt8] {
        var bytes: [UInt8] = []
        for number in [runKey, sequence, takenAt.milliseconds] {
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }
        switch content {
        case .inline(let state): bytes.append(contentsOf: state)
        case .blob(let blob): bytes.append(contentsOf: "\(blob.hash) \(blob.size)".utf8)
        }
        return Array(SHA256.digest(bytes).prefix(16))
    }
}
