// Baton
// SPDX-License-Identifier: Apache-2.0

import Store

/// What a reader asks SQLite, prepared once.
struct ReadStatements {
    let begin, end: Statement
    let lastSequence, records: Statement
    let recordsInRange, recordsBackwards, linkBefore: Statement
    let tailInRange, tailBackwards, tailLinkBefore: Statement
    let runByID, runByKey, lastRunKey, runs, openRuns: Statement
    let allOpenRuns, recentRuns, awaitedSignals: Statement
    let tasks, tasksOfRun: Statement
    let timers, timersOfRun, lastTimer: Statement
    let humanTask, humanTasks, pendingHumanTasks, humanTasksOfRun: Statement
    let definition, outbox, cursor: Statement
    let quickCheck: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        begin = try Statement(connection, "BEGIN")
        end = try Statement(connection, "COMMIT")
        lastSequence = try Statement(connection, RunReader.lastSequence)
        records = try Statement(connection, Self.records)
        let ofRun: RecordQuestions = try connection.hasTable(RecordPlaces.table) ? .placed : .indexed
        recordsInRange = try Statement(connection, ofRun.inRange)
        recordsBackwards = try Statement(connection, ofRun.backwards)
        linkBefore = try Statement(connection, ofRun.linkBefore)
        tailInRange = try Statement(connection, ofRun.tailInRange)
        tailBackwards = try Statement(connection, ofRun.tailBackwards)
        tailLinkBefore = try Statement(connection, ofRun.tailLinkBefore)
        runByID = try Statement(connection, "SELECT * FROM run WHERE id = ?")
        runByKey = try Statement(connection, "SELECT * FROM run WHERE key = ?")
        lastRunKey = try Statement(connection, "SELECT max(key) FROM run")
        runs = try Statement(
            connection,
            """
            SELECT * FROM run WHERE instr(?4, ',' || status || ',') > 0 \(Self.runPage)
            """
        )
        openRuns = try Statement(
            connection,
            """
            SELECT * FROM run WHERE \(RunSchema.openCondition) AND instr(?4, ',' || status || ',') > 0 \(Self.runPage)
            """
        )
        allOpenRuns = try Statement(
            connection,
            "SELECT key, id, status, graph_hash, reason FROM run WHERE \(RunSchema.openCondition) ORDER BY key"
        )
        recentRuns = try Statement(
            connection,
            "SELECT gseq, run_key, at FROM record WHERE gseq < ? ORDER BY gseq DESC LIMIT ?"
        )
        awaitedSignals = try Statement(connection, "SELECT * FROM task WHERE status = 'waiting'")
        tasks = try Statement(connection, "SELECT * FROM task ORDER BY run_key, task")
        tasksOfRun = try Statement(connection, "SELECT * FROM task WHERE run_key = ? ORDER BY task")
        timers = try Statement(connection, "SELECT * FROM timer ORDER BY fire_at, number")
        timersOfRun = try Statement(connection, "SELECT * FROM timer WHERE run_key = ? ORDER BY fire_at, number")
        lastTimer = try Statement(connection, RunReader.lastTimer)
        humanTask = try Statement(connection, "SELECT * FROM human_task WHERE id = ?")
        humanTasks = try Statement(connection, HumanTaskSchema.all)
        pendingHumanTasks = try Statement(connection, HumanTaskSchema.pending)
        humanTasksOfRun = try Statement(connection, HumanTaskSchema.ofRun)
        definition = try Statement(connection, "SELECT * FROM definition WHERE hash = ?")
        outbox = try Statement(connection, "SELECT * FROM outbox WHERE number > ? ORDER BY number LIMIT ?")
        cursor = try Statement(connection, "SELECT position FROM cursor WHERE consumer = ?")
        quickCheck = try Statement(connection, "PRAGMA quick_check(1)")
    }

    private static let runPage = """
        AND (?1 IS NULL OR workflow = ?1) AND created_at >= ?5 AND key < ?2 ORDER BY key DESC LIMIT ?3
        """

    /// Begins with the record that holds event ?1, if a part of it comes after.
    static let records = """
        SELECT * FROM record WHERE gseq >= ifnull((SELECT max(gseq) FROM record WHERE gseq <= ?1), 0)
            AND gseq + count - 1 > ?1 ORDER BY gseq LIMIT ?2
        """
}

/// Questions that the writer asks too.
extension RunReader {
    /// The newest records may be gone; before they go their number is noted.
    static let lastSequence = """
        SELECT max(
            ifnull((SELECT gseq + count - 1 FROM record ORDER BY gseq DESC LIMIT 1), 0),
            ifnull((SELECT value FROM meta WHERE key = 'last_gseq'), 0)
        )
        """
    static let lastTimer = "SELECT value FROM meta WHERE key = 'last_timer'"
}
