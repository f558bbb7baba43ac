// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Packs, holds, pins, deletes and clears; prepared when it is first needed.
struct RetentionWriter {
    private let archive, archiveEnd, linkBefore: Statement
    private let hold, release, pin, unpin, isHeld, isPinned: Statement
    private let run, removeRun, tombstone, removeArchives: Statement
    private let clearing, through, endClearing, meta: Statement
    private let clearRecords, clearPlaces: Statement
    /// In the order in which they are cleared.
    private let clearRows: [Statement]

    init(_ connection: borrowing Connection) throws(StoreError) {
        archive = try Statement(connection, "INSERT INTO archive VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        archiveEnd = try Statement(connection, RetentionReader.archiveEnd)
        linkBefore = try Statement(connection, RecordQuestions.placed.linkBefore)
        hold = try Statement(connection, "INSERT OR REPLACE INTO hold VALUES (?, ?, ?, ?)")
        release = try Statement(connection, "DELETE FROM hold WHERE run_key = ?")
        pin = try Statement(connection, "INSERT OR REPLACE INTO pin VALUES (?, ?, ?)")
        unpin = try Statement(connection, "DELETE FROM pin WHERE run_key = ?")
        isHeld = try Statement(connection, "SELECT 1 FROM hold WHERE run_key = ?")
        isPinned = try Statement(connection, "SELECT 1 FROM pin WHERE origin_key = ? LIMIT 1")
        run = try Statement(connection, "SELECT * FROM run WHERE key = ?")
        removeRun = try Statement(connection, "DELETE FROM run WHERE key = ?")
        tombstone = try Statement(connection, "INSERT INTO tombstone VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        removeArchives = try Statement(connection, "DELETE FROM archive WHERE run_key = ?")
        clearing = try Statement(
            connection,
            "INSERT INTO clearing VALUES (?, ?) ON CONFLICT DO UPDATE SET through = max(through, excluded.through)"
        )
        through = try Statement(connection, "SELECT through FROM clearing WHERE run_key = ?")
        endClearing = try Statement(connection, "DELETE FROM clearing WHERE run_key = ?")
        meta = try Statement(
            connection,
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)"
        )
        clearRecords = try Statement(
            connection,
            """
            DELETE FROM record WHERE gseq IN
                (SELECT gseq FROM record_place WHERE run_key = ? AND seq <= ? ORDER BY seq LIMIT ?)
            """
        )
        clearPlaces = try Statement(
            connection,
            """
            DELETE FROM record_place WHERE run_key = ?1 AND seq IN
                (SELECT seq FROM record_place WHERE run_key = ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3)
            """
        )
        var clearRows: [Statement] = []
        for (table, key) in Self.tables {
            clearRows.append(
                try Statement(
                    connection,
                    """
                    DELETE FROM \(table) WHERE run_key = ?1 AND (\(key)) IN
                        (SELECT \(key) FROM \(table) WHERE run_key = ?1 ORDER BY \(key) LIMIT ?2)
                    """
                )
            )
        }
        self.clearRows = clearRows
    }

    /// Everything of a run besides its log, with what makes a row unique within the run.
    private static let tables = [
        (table: "snapshot", key: "seq"), (table: "inbox", key: "message"),
        (table: "signal", key: "arrived_at, target, dedupe_key"), (table: "human_task", key: "id"),
        (table: "timer", key: "number"), (table: "task", key: "task"), (table: "dead_letter", key: "task"),
        (table: "run_prompt", key: "name"),
    ]

    /// Writes inside the open transaction, in which every record has its place.
    ///
    /// - Parameter lastSequence: The global number of the last event, of this transaction too. It is noted before
    ///   records go, because the log may not tell it any more.
    func write(
        _ commit: Commit,
        lastSequence: Int64,
        _ connection: borrowing Connection
    ) throws(StoreError) {
        for row in commit.archives { try add(row) }
        for row in commit.holds {
            guard try run.first(row.runKey, read: { _ in true }) != nil else { throw .runGone(row.runKey) }
            try hold.execute(row.runKey, row.actor, row.reason, row.at)
        }
        for key in commit.releasedHolds { try release.execute(key) }
        for row in commit.pins {
            guard try run.first(row.originKey, read: { _ in true }) != nil else { throw .runGone(row.originKey) }
            try pin.execute(row.runKey, row.originKey, row.sequence)
        }
        for deletion in commit.deletions { try delete(deletion) }
        guard !commit.clearings.isEmpty else { return }
        try meta.execute("last_gseq", lastSequence)
        for row in commit.clearings { try clear(row, connection) }
    }

    private func add(_ row: ArchiveRow) throws(StoreError) {
        let end = try archiveEnd.first(row.runKey) { ChainLink(sequence: $0.int64(0), stored: $0.bytes(1)) } ?? .start
        let found = try linkBefore.first(row.runKey, row.end.sequence + 1) { (ChainLink(row: $0), $0.int64(3)) }
        guard row.firstSequence == end.sequence + 1, row.end.sequence > end.sequence, let found,
            found == (row.end, row.lastGlobalSequence)
        else { throw .archiveUnfit(row) }
        try archive.execute(
            row.runKey,
            row.firstSequence,
            row.end.sequence,
            row.end.stored,
            row.lastGlobalSequence,
            row.blob.hash,
            row.blob.size,
            row.names,
            row.logNames,
            row.lastAt,
            row.packedAt
        )
        try clearing.execute(row.runKey, row.end.sequence)
        try meta.execute("compacted_gseq", row.lastGlobalSequence)
    }

    private func delete(_ deletion: RunDeletion) throws(StoreError) {
        let key = deletion.runKey
        guard let row = try run.first(key, read: RunRow.init(row:)) else { throw .runGone(key) }
        let packed = try archiveEnd.first(key) { $0.int64(0) }
        let last = try linkBefore.first(key, Int64.max) { (end: ChainLink(row: $0).sequence, number: $0.int64(3)) }
        let isHeld = try isHeld.first(key) { _ in true } ?? false
        let isPinned = try isPinned.first(key) { _ in true } ?? false
        guard row.status.isTerminal, !isHeld, !isPinned, (last?.end ?? packed ?? 0) == deletion.lastSequence else {
            throw .runStays(key)
        }
        if let last { try meta.execute("compacted_gseq", last.number) }
        try tombstone.execute(
            key,
            row.id.description,
            row.workflow,
            row.status.rawValue,
            deletion.lastSequence,
            row.createdAt,
            row.endedAt,
            deletion.at
        )
        try removeRun.execute(key)
        try removeArchives.execute(key)
        try unpin.execute(key)
        try clearing.execute(key, Int64.max)
    }

    private func clear(_ row: Clearing, _ connection: borrowing Connection) throws(StoreError) {
        guard let through = try through.first(row.runKey, read: { $0.int64(0) }) else { return }
        try clearRecords.execute(row.runKey, through, row.limit)
        var left = row.limit - connection.changes
        try clearPlaces.execute(row.runKey, through, row.limit)
        if through == .max {
            for statement in clearRows where left > 0 {
                try statement.execute(row.runKey, left)
                left -= connection.changes
            }
        }
        if left > 0 { try endClearing.execute(row.runKey) }
    }
}
