// Baton
// SPDX-License-Identifier: Apache-2.0

import Store

/// What the writer says to SQLite, prepared once.
struct WriteStatements {
    let begin, commit: Statement
    let record, archiveEnd, definition: Statement
    let run, sameStatus: Statement
    let task, closeTask: Statement
    let timer, removeTimer, lastTimer: Statement
    let humanTask: Statement
    let schedule, removeSchedule: Statement
    let pause, liftPause: Statement
    let register, unregister: Statement
    let message, removeMessages, cursor: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        // IMMEDIATE: a transaction that began as a reader may find the way to writing shut.
        begin = try Statement(connection, "BEGIN IMMEDIATE")
        commit = try Statement(connection, "COMMIT")
        record = try Statement(connection, "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)")
        archiveEnd = try Statement(connection, RetentionReader.archiveEnd)
        definition = try Statement(
            connection,
            "INSERT INTO definition VALUES (?, ?, ?, ?, ?) ON CONFLICT(hash) DO NOTHING"
        )
        run = try Statement(connection, Self.upsertRun)
        sameStatus = try Statement(connection, Self.updateRun)
        task = try Statement(connection, "INSERT OR REPLACE INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        closeTask = try Statement(connection, "DELETE FROM task WHERE run_key = ? AND task = ?")
        timer = try Statement(connection, "INSERT INTO timer VALUES (?, ?, ?, ?, ?)")
        removeTimer = try Statement(connection, "DELETE FROM timer WHERE fire_at = ? AND number = ?")
        lastTimer = try Statement(connection, "INSERT OR REPLACE INTO meta VALUES ('last_timer', ?)")
        humanTask = try Statement(connection, HumanTaskSchema.upsert)
        schedule = try Statement(connection, Self.upsertSchedule)
        removeSchedule = try Statement(connection, "DELETE FROM schedule WHERE id = ?")
        pause = try Statement(connection, "INSERT OR REPLACE INTO pause VALUES (?, ?, ?, ?, ?)")
        liftPause = try Statement(connection, "DELETE FROM pause WHERE kind = ? AND name = ?")
        register = try Statement(connection, "INSERT OR REPLACE INTO registration VALUES (?, ?, ?, ?)")
        unregister = try Statement(
            connection,
            "DELETE FROM registration WHERE kind = ? AND tenant = ? AND name = ?"
        )
        message = try Statement(connection, "INSERT INTO outbox VALUES (?, ?, ?, ?)")
        removeMessages = try Statement(connection, Self.removePassedMessages)
        cursor = try Statement(connection, "INSERT OR REPLACE INTO cursor VALUES (?, ?)")
    }

    private static let runColumns = """
        SET workflow = ?3, graph_hash = ?4, reason = ?6, last_seq = ?7, ended_tasks = ?8, all_tasks = ?9, error = ?10,
            created_at = ?11, started_at = ?12, ended_at = ?13, deadline = ?14,
            outcome = ?15
        """

    /// The usual change of a run. It sets neither id nor status, so that no index is touched.
    private static let updateRun = "UPDATE run \(runColumns) WHERE key = ?1 AND id = ?2 AND status = ?5"

    /// Whose a run is never changes.
    private static let upsertRun = """
        INSERT INTO run VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
        ON CONFLICT(key) DO UPDATE \(runColumns), status = ?5 WHERE id = ?2
        """

    private static let upsertSchedule = """
        INSERT INTO schedule VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT(id) DO UPDATE SET name = ?2, definition = ?3, state = ?4, next_fire_at = ?5, created_at = ?6,
            tenant = ?7, owner = ?8, project = ?9
        """

    /// The newest message stays, passed or not: its number is where the next one goes on.
    private static let removePassedMessages = """
        DELETE FROM outbox WHERE number <= (SELECT min(position) FROM cursor)
            AND number < (SELECT max(number) FROM outbox)
        """
}
