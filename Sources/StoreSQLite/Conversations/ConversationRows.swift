// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// The tables of sessions and threads, and what SQLite is asked and told about them.
enum ConversationRows {
    /// Tells whether a file has them.
    static let table = "session"

    /// A turn has no number until its task has ended; there is one such for each task.
    static let step = """
        CREATE TABLE session(
            id TEXT PRIMARY KEY, tenant TEXT NOT NULL, owner TEXT, project TEXT, agents TEXT NOT NULL,
            author TEXT NOT NULL, started_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER
        ) STRICT;
        CREATE INDEX session_end ON session(ifnull(ended_at, expires_at));

        CREATE TABLE thread_turn(
            key INTEGER PRIMARY KEY, session TEXT NOT NULL, agent TEXT NOT NULL, number INTEGER, task TEXT NOT NULL,
            fence INTEGER NOT NULL, run TEXT NOT NULL, node TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL,
            at INTEGER NOT NULL, UNIQUE(session, agent, number)
        ) STRICT;
        CREATE UNIQUE INDEX thread_turn_open ON thread_turn(task) WHERE number IS NULL;

        CREATE TABLE thread_summary(
            session TEXT NOT NULL, agent TEXT NOT NULL, last INTEGER NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY(session, agent, last)
        ) STRICT, WITHOUT ROWID;

        """

    // MARK: Writing

    static func write(_ change: ConversationChange, _ connection: borrowing Connection) throws(StoreError) {
        for row in change.sessions {
            try Statement(connection, "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").execute(
                row.id.description,
                row.ownership.tenant,
                row.ownership.owner,
                row.ownership.project,
                TextList.text(row.agents),
                row.author,
                row.startedAt,
                row.expiresAt,
                row.endedAt
            )
        }
        for row in change.turns { try write(row, connection) }
        for row in change.summaries {
            try Statement(
                connection,
                "INSERT OR IGNORE INTO thread_summary SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS(SELECT 1 FROM session WHERE id = ?1)"
            ).execute(row.thread.session.description, row.thread.agent, row.last, row.text, row.at)
        }
        for id in change.removedSessions {
            for table in ["thread_turn", "thread_summary"] {
                try Statement(connection, "DELETE FROM \(table) WHERE session = ?").execute(id.description)
            }
            try Statement(connection, "DELETE FROM session WHERE id = ?").execute(id.description)
        }
    }

    private static func write(_ row: ThreadTurnRow, _ connection: borrowing Connection) throws(StoreError) {
        try Statement(connection, "DELETE FROM thread_turn WHERE task = ? AND number IS NULL AND fence <= ?").execute(
            row.task,
            row.fence
        )
        // What is left of the task is of a later attempt.
        try Statement(
            connection,
            """
            INSERT OR IGNORE INTO thread_turn(session, agent, task, fence, run, node, question, answer, at)
                SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS(SELECT 1 FROM session WHERE id = ?1)
            """
        ).execute(
            row.thread.session.description,
            row.thread.agent,
            row.task,
            row.fence,
            row.run.description,
            row.node,
            row.question,
            row.answer,
            row.at
        )
    }

    /// Gives the turns of tasks that ended their numbers.
    static func keep(_ tasks: [String], _ connection: borrowing Connection) throws(StoreError) {
        guard !tasks.isEmpty else { return }
        let statement = try Statement(
            connection,
            """
            UPDATE thread_turn AS turn SET number = 1 + (SELECT ifnull(max(other.number), 0) FROM thread_turn AS other
                WHERE other.session = turn.session AND other.agent = turn.agent) WHERE task = ? AND number IS NULL
            """
        )
        for task in tasks { try statement.execute(task) }
    }

    // MARK: Reading

    static func session(_ id: SessionID, _ connection: borrowing Connection) throws(StoreError) -> SessionRow? {
        try Statement(connection, "SELECT * FROM session WHERE id = ?").first(id.description, read: session)
    }

    static func sessions(
        _ visibility: Visibility,
        before last: SessionID?,
        limit: Int,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [SessionRow] {
        let statement = try Statement(
            connection,
            """
            SELECT * FROM session WHERE tenant = ?1 AND (?2 IS NULL OR id < ?2) AND (?3 IS NULL OR owner IS NULL
                OR owner = ?3 OR project IN (SELECT value FROM json_each(?4))) ORDER BY id DESC LIMIT ?5
            """
        )
        return try statement.rows(
            visibility.tenant,
            last?.description,
            visibility.viewer,
            TextList.text(visibility.projects),
            limit,
            read: session
        )
    }

    static func sessions(
        endedBefore time: Timestamp,
        limit: Int,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [SessionRow] {
        let sql = "SELECT * FROM session WHERE ifnull(ended_at, expires_at) < ? ORDER BY expires_at, id LIMIT ?"
        return try Statement(connection, sql).rows(time, limit, read: session)
    }

    static func threads(of id: SessionID, _ connection: borrowing Connection) throws(StoreError) -> [ThreadFigures] {
        let sql = """
            SELECT agent, count(*), max(at) FROM thread_turn WHERE session = ? AND number > 0 GROUP BY agent
                ORDER BY agent
            """
        return try Statement(connection, sql).rows(id.description) { row in
            ThreadFigures(agent: row.text(0), turns: row.int(1), lastAt: row.time(2))
        }
    }

    static func turns(
        of thread: ThreadKey,
        after number: Int,
        limit: Int,
        _ connection: borrowing Connection
    ) throws(StoreError) -> [ThreadTurnRow] {
        let sql = """
            SELECT number, task, fence, run, node, question, answer, at FROM thread_turn
                WHERE session = ? AND agent = ? AND number > ? ORDER BY number LIMIT ?
            """
        return try Statement(connection, sql).rows(thread.session.description, thread.agent, number, limit) {
            (row) throws(StoreError) in
            var turn = ThreadTurnRow(
                thread: thread,
                task: row.text(1),
                fence: row.int64(2),
                run: try row.id(3),
                node: row.text(4),
                question: row.text(5),
                answer: row.text(6),
                at: row.time(7)
            )
            turn.number = row.int(0)
            return turn
        }
    }

    static func summary(
        of thread: ThreadKey,
        _ connection: borrowing Connection
    ) throws(StoreError) -> ThreadSummaryRow? {
        let sql = "SELECT last, text, at FROM thread_summary WHERE session = ? AND agent = ? ORDER BY last DESC LIMIT 1"
        return try Statement(connection, sql).first(thread.session.description, thread.agent) { row in
            ThreadSummaryRow(thread: thread, last: row.int(0), text: row.text(1), at: row.time(2))
        }
    }

    private static func session(_ row: Row) throws(StoreError) -> SessionRow {
        SessionRow(
            id: try row.id(0),
            ownership: Ownership(tenant: row.text(1), owner: row.optionalText(2), project: row.optionalText(3)),
            agents: try TextList.read(row.text(4)),
            author: row.text(5),
            startedAt: row.time(6),
            expiresAt: row.time(7),
            endedAt: row.optionalTime(8)
        )
    }
}
