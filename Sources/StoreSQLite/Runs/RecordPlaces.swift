// Baton
// SPDX-License-Identifier: Apache-2.0

import Store

/// Where the records of each run lie in the log: an index that may be behind the log by a few records, the tail.
///
/// An index that SQLite keeps by itself would put a second page into every commit, beside that of the log. This one is
/// written once for many records, in the transaction that makes the tail long enough; who reads looks through the tail too.
enum RecordPlaces {
    /// The index, and the end of the log that it knows.
    static let step = """
        CREATE TABLE record_place(
            run_key INTEGER NOT NULL, seq INTEGER NOT NULL, gseq INTEGER NOT NULL, PRIMARY KEY(run_key, seq)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO record_place SELECT run_key, seq, gseq FROM record ORDER BY run_key, seq;
        DROP INDEX record_run;
        INSERT OR REPLACE INTO meta SELECT 'placed', ifnull(max(gseq), 0) FROM record;

        """

    static let table = "record_place"

    static let end = "(SELECT value FROM meta WHERE key = 'placed')"

    /// Records without a place, and places that lead elsewhere.
    static let misplaced = """
        SELECT abs((SELECT count(*) FROM record WHERE gseq <= \(end)) - (SELECT count(*) FROM record_place))
            + (SELECT count(*) FROM record_place AS place LEFT JOIN record ON record.gseq = place.gseq
                WHERE record.run_key IS NOT place.run_key OR record.seq IS NOT place.seq)
        """
}

/// What is asked about the records of one run, ?1, in the order of its events.
struct RecordQuestions {
    /// Questions to a file with places.
    static let placed = Self(places: RecordPlaces.table, end: RecordPlaces.end)

    /// Questions to a file of an older format, in which every record is in an index of SQLite's. They stay true when the file
    /// is upgraded meanwhile.
    static let indexed = Self(places: "(SELECT run_key, seq, gseq FROM record)", end: "\(Int64.max)")

    /// Records from ?2 to ?3, ?4 of them at most; the first may begin before. Of those with a place, and of the tail behind
    /// them.
    let inRange, tailInRange: String
    /// Records from ?3 back to ?2, both left out, ?4 of them at most.
    let backwards, tailBackwards: String
    /// The last record before event ?2: its link, and the global number of its last event.
    let linkBefore, tailLinkBefore: String

    private init(places: String, end: String) {
        // A place may lead nowhere, or to another run, when the file is damaged.
        let placed = """
            FROM \(places) AS place CROSS JOIN record ON record.gseq = place.gseq AND record.run_key = place.run_key
                WHERE place.run_key = ?1
            """
        // In the tail the order of a run is that of the log.
        let tail = "FROM record WHERE gseq > \(end) AND run_key = ?1"
        let link = "record.seq, count, chain, record.gseq + count - 1"
        inRange = """
            SELECT record.* \(placed)
                AND place.seq >= ifnull((SELECT max(seq) FROM \(places) WHERE run_key = ?1 AND seq <= ?2), 0)
                AND place.seq <= ?3 AND record.seq + count - 1 >= ?2 ORDER BY place.seq LIMIT ?4
            """
        tailInRange = "SELECT * \(tail) AND seq + count - 1 >= ?2 AND seq <= ?3 ORDER BY gseq LIMIT ?4"
        backwards = """
            SELECT record.* \(placed) AND place.seq > ?2 AND place.seq < ?3 ORDER BY place.seq DESC LIMIT ?4
            """
        tailBackwards = "SELECT * \(tail) AND seq > ?2 AND seq < ?3 ORDER BY gseq DESC LIMIT ?4"
        linkBefore = "SELECT \(link) \(placed) AND place.seq < ?2 ORDER BY place.seq DESC LIMIT 1"
        tailLinkBefore = "SELECT \(link) \(tail) AND seq < ?2 ORDER BY gseq DESC LIMIT 1"
    }
}

/// Writes the places, and knows how long the tail is.
struct PlaceWriter {
    /// The longest tail after a commit.
    private static let longest = 32
    private let place, moveEnd, linkBefore: Statement
    /// The records of the tail that are committed.
    private var tail: Int
    /// The largest key that a run of the file has; who has a larger one has no records yet.
    private var lastRunKey: Int64

    init(_ connection: borrowing Connection) throws(StoreError) {
        place = try Statement(
            connection,
            "INSERT INTO record_place SELECT run_key, seq, gseq FROM record WHERE gseq > \(RecordPlaces.end)"
        )
        moveEnd = try Statement(
            connection,
            "UPDATE meta SET value = max(value, (SELECT ifnull(max(gseq), 0) FROM record)) WHERE key = 'placed'"
        )
        linkBefore = try Statement(connection, RecordQuestions.placed.linkBefore)
        tail = Int(try connection.integer("SELECT count(*) FROM record WHERE gseq > \(RecordPlaces.end)") ?? 0)
        lastRunKey =
            try connection.integer(
                """
                SELECT max(key) FROM (SELECT max(key) AS key FROM run UNION ALL SELECT max(run_key) FROM record_place
                    UNION ALL SELECT max(run_key) FROM archive
                    UNION ALL SELECT run_key FROM record WHERE gseq > \(RecordPlaces.end))
                """
            ) ?? 0
    }

    /// Whether places are to be written with a commit of that many records.
    func isDue(with count: Int) -> Bool { count > 0 && tail + count >= Self.longest }

    /// Gives every record its place, inside the open transaction.
    func placeAll() throws(StoreError) {
        try place.execute()
        try moveEnd.execute()
    }

    /// The last link of a run. Its records must have their places.
    func lastLink(ofRun key: Int64) throws(StoreError) -> ChainLink? {
        try linkBefore.first(key, Int64.max, read: ChainLink.init(row:))
    }

    /// Whether a run may have records.
    func mayHaveRecords(_ key: Int64) -> Bool { key <= lastRunKey }

    /// Takes note of what is committed.
    mutating func committed(_ records: [LogRecord], allPlaced: Bool) {
        tail = allPlaced ? 0 : tail + records.count
        for record in records { lastRunKey = max(lastRunKey, record.runKey) }
    }
}
