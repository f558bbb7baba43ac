// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Asks about runs that were packed, held, pinned or deleted; prepared when it is first needed.
struct RetentionReader {
    private let ended, archivesOfRun, archives, archiveEnd, segments, segmentsBackwards: Statement
    private let clearable, through: Statement
    private let hold, allHolds, pinsOnRun, pinsOfRun, pinned: Statement
    private let tombstone, tombstones, lastKey, compacted, countGone: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        ended = try Statement(connection, Self.ended)
        archivesOfRun = try Statement(connection, "SELECT * FROM archive WHERE run_key = ? ORDER BY first_seq")
        archives = try Statement(
            connection,
            "SELECT * FROM archive WHERE (run_key, first_seq) > (?, ?) ORDER BY run_key, first_seq LIMIT ?"
        )
        archiveEnd = try Statement(connection, Self.archiveEnd)
        segments = try Statement(connection, Self.segments)
        segmentsBackwards = try Statement(connection, Self.segmentsBackwards)
        clearable = try Statement(connection, "SELECT run_key FROM clearing ORDER BY run_key LIMIT ?")
        through = try Statement(connection, "SELECT through FROM clearing WHERE run_key = ?")
        hold = try Statement(connection, "SELECT * FROM hold WHERE run_key = ?")
        allHolds = try Statement(connection, "SELECT * FROM hold ORDER BY run_key")
        pinsOnRun = try Statement(connection, "SELECT * FROM pin WHERE origin_key = ? ORDER BY run_key")
        pinsOfRun = try Statement(connection, "SELECT * FROM pin WHERE run_key = ? ORDER BY origin_key")
        pinned = try Statement(connection, "SELECT DISTINCT origin_key FROM pin ORDER BY origin_key")
        tombstone = try Statement(
            connection,
            "SELECT * FROM tombstone WHERE id = ? ORDER BY run_key DESC LIMIT 1"
        )
        tombstones = try Statement(
            connection,
            "SELECT * FROM tombstone WHERE run_key < ? ORDER BY run_key DESC LIMIT ?"
        )
        lastKey = try Statement(connection, "SELECT max(run_key) FROM tombstone")
        compacted = try Statement(connection, "SELECT value FROM meta WHERE key = 'compacted_gseq'")
        countGone = try Statement(connection, Self.countGone)
    }

    static let ended = """
        SELECT * FROM run WHERE ended_at IS NOT NULL AND ended_at < ?1 AND (ended_at, key) > (?2, ?3)
            ORDER BY ended_at, key LIMIT ?4
        """

    static let archiveEnd = """
        SELECT last_seq, chain FROM archive WHERE run_key = ? ORDER BY first_seq DESC LIMIT 1
        """

    /// What is packed from event ?2 on, beginning with what holds it.
    static let segments = """
        SELECT first_seq, last_seq, chain, blob, size FROM archive WHERE run_key = ?1 AND first_seq >=
            ifnull((SELECT max(first_seq) FROM archive WHERE run_key = ?1 AND first_seq <= ?2), 0)
            AND first_seq <= ?3 AND last_seq >= ?2 ORDER BY first_seq
        """

    static let segmentsBackwards = """
        SELECT first_seq, last_seq, chain, blob, size FROM archive WHERE run_key = ? AND first_seq < ?
            ORDER BY first_seq DESC
        """

    /// Events that are packed, or of deleted runs.
    private static let countGone = """
        SELECT (SELECT ifnull(sum(last_seq - first_seq + 1), 0) FROM archive)
            + (SELECT ifnull(sum(events), 0) FROM tombstone)
        """

    func runs(endedBefore time: Timestamp, after last: RunRow?, limit: Int) throws(StoreError) -> [RunRow] {
        let position = last.flatMap { run in run.endedAt.map { (at: $0.milliseconds, key: run.key) } }
        return try ended.rows(
            time,
            position?.at ?? Int64.min,
            position?.key ?? Int64.min,
            limit,
            read: RunRow.init(row:)
        )
    }

    func archives(ofRun key: Int64) throws(StoreError) -> [ArchiveRow] {
        try archivesOfRun.rows(key, read: ArchiveRow.init(row:))
    }

    func archives(after last: ArchiveRow?, limit: Int) throws(StoreError) -> [ArchiveRow] {
        try archives.rows(last?.runKey ?? Int64.min, last?.firstSequence ?? 0, limit, read: ArchiveRow.init(row:))
    }

    /// The end of what is packed of a run.
    func archiveEnd(ofRun key: Int64) throws(StoreError) -> ChainLink? {
        try archiveEnd.first(key) { ChainLink(sequence: $0.int64(0), stored: $0.bytes(1)) }
    }

    /// Where the packed events of a range lie.
    func segments(ofRun key: Int64, in range: ClosedRange<Int64>) throws(StoreError) -> [PackedSegment] {
        try segments.rows(key, range.lowerBound, range.upperBound) { PackedSegment(runKey: key, row: $0) }
    }

    /// Where the packed events before one lie, the last ones first.
    func segments(ofRun key: Int64, backwardsFrom sequence: Int64) throws(StoreError) -> [PackedSegment] {
        try segmentsBackwards.rows(key, sequence) { PackedSegment(runKey: key, row: $0) }
    }

    func clearable(limit: Int) throws(StoreError) -> [Int64] {
        try clearable.rows(limit) { $0.int64(0) }
    }

    /// Up to which event the records of a run go.
    func cleared(ofRun key: Int64) throws(StoreError) -> Int64? {
        try through.first(key) { $0.int64(0) }
    }

    func hold(ofRun key: Int64) throws(StoreError) -> HoldRow? {
        try hold.first(key, read: HoldRow.init(row:))
    }

    func holds() throws(StoreError) -> [HoldRow] {
        try allHolds.rows(read: HoldRow.init(row:))
    }

    func pins(onRun key: Int64) throws(StoreError) -> [PinRow] {
        try pinsOnRun.rows(key, read: PinRow.init(row:))
    }

    func pinnedRuns() throws(StoreError) -> [Int64] {
        try pinned.rows { $0.int64(0) }
    }

    func pins(ofRun key: Int64) throws(StoreError) -> [PinRow] {
        try pinsOfRun.rows(key, read: PinRow.init(row:))
    }

    func tombstone(_ id: RunID) throws(StoreError) -> TombstoneRow? {
        try tombstone.first(id.description, read: TombstoneRow.init(row:))
    }

    func tombstones(before key: Int64?, limit: Int) throws(StoreError) -> [TombstoneRow] {
        try tombstones.rows(key ?? Int64.max, limit, read: TombstoneRow.init(row:))
    }

    func lastRunKey() throws(StoreError) -> Int64 {
        try lastKey.first { $0.int64(0) } ?? 0
    }

    func compactedSequence() throws(StoreError) -> Int64 {
        try compacted.first { $0.int64(0) } ?? 0
    }

    func eventsGone() throws(StoreError) -> Int64 {
        try countGone.first { $0.int64(0) } ?? 0
    }
}

/// Where packed records lie.
struct PackedSegment {
    let runKey: Int64
    let firstSequence: Int64
    let end: ChainLink
    let blob: BlobRef

    init(runKey: Int64, row: Row) {
        self.runKey = runKey
        firstSequence = row.int64(0)
        end = ChainLink(sequence: row.int64(1), stored: row.bytes(2))
        blob = BlobRef(hash: row.text(3), size: row.int(4))
    }
}

extension ArchiveRow {
    init(row: Row) {
        self.init(
            runKey: row.int64(0),
            firstSequence: row.int64(1),
            end: ChainLink(sequence: row.int64(2), stored: row.bytes(3)),
            lastGlobalSequence: row.int64(4),
            blob: BlobRef(hash: row.text(5), size: row.int(6)),
            names: row.bytes(7),
            logNames: row.bytes(8),
            lastAt: row.time(9),
            packedAt: row.time(10)
        )
    }
}

extension HoldRow {
    init(row: Row) {
        self.init(runKey: row.int64(0), actor: row.text(1), reason: row.optionalText(2), at: row.time(3))
    }
}

extension PinRow {
    init(row: Row) {
        self.init(runKey: row.int64(0), originKey: row.int64(1), sequence: row.int64(2))
    }
}

extension TombstoneRow {
    init(row: Row) throws(StoreError) {
        self.init(
            runKey: row.int64(0),
            id: try row.id(1),
            workflow: row.text(2),
            status: try row.name(3),
            events: row.int64(4),
            createdAt: row.time(5),
            endedAt: row.optionalTime(6),
            deletedAt: row.time(7)
        )
    }
}
