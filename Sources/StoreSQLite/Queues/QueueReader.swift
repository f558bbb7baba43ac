// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
public import Store

/// Reads queues and dead letters; prepared when it is first needed.
struct QueueReader {
    private let figures, dead, tasks: Statement
    private let letters, letter, keys, countOld: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        figures = try Statement(
            connection,
            """
            SELECT task.queue, task.status, count(*), min(task.since) FROM task JOIN run ON run.key = task.run_key
                WHERE task.queue IS NOT NULL AND (?1 IS NULL OR +run.tenant = ?1) GROUP BY task.queue, task.status
            """
        )
        dead = try Statement(
            connection,
            "SELECT queue, count(*) FROM dead_letter WHERE ?1 IS NULL OR tenant = ?1 GROUP BY queue"
        )
        tasks = try Statement(connection, Self.tasks)
        letters = try Statement(connection, Self.letters)
        letter = try Statement(connection, "SELECT * FROM dead_letter WHERE run_key = ? AND task = ?")
        keys = try Statement(connection, "SELECT run_key, task, queue FROM dead_letter")
        countOld = try Statement(
            connection,
            "SELECT count(*) FROM (SELECT 1 FROM dead_letter WHERE at < ? LIMIT ?)"
        )
    }

    /// Open tasks are few, so that they are looked through in their order.
    private static let tasks = """
        SELECT task.*, run.id, run.workflow FROM task JOIN run ON run.key = task.run_key
            WHERE (task.run_key, task.task) > (?1, ?2) AND task.queue = ?3
            AND instr(?4, ',' || task.status || ',') > 0 AND (?5 IS NULL OR +run.tenant = ?5)
            ORDER BY task.run_key, task.task LIMIT ?6
        """

    static let letters = """
        SELECT * FROM dead_letter WHERE (run_id, task) > (?1, ?2) AND (?3 IS NULL OR queue = ?3)
            AND (?4 IS NULL OR tenant = ?4) ORDER BY run_id, task LIMIT ?5
        """

    func queues(ofTenant tenant: String?) throws(StoreError) -> [QueueFigures] {
        var found: [String: QueueFigures] = [:]
        let rows = try figures.rows(tenant) { row throws(StoreError) in
            (row.text(0), try row.name(1) as TaskStatus, row.int(2), row.optionalTime(3))
        }
        for (queue, status, count, since) in rows {
            found[queue, default: QueueFigures(queue: queue)].tasks[status] = count
            if status == .ready { found[queue]?.oldestReady = since }
        }
        for (queue, count) in try dead.rows(tenant, read: { ($0.text(0), $0.int(1)) }) {
            found[queue, default: QueueFigures(queue: queue)].deadLetters = count
        }
        return found.values.sorted { $0.queue.utf8.lexicographicallyPrecedes($1.queue.utf8) }
    }

    func tasks(_ filter: QueueTaskFilter) throws(StoreError) -> [QueueTaskRow] {
        let statuses = "," + filter.statuses.map { $0.rawValue + "," }.joined()
        return try tasks.rows(
            filter.after?.runKey ?? .min,
            filter.after?.task ?? 0,
            filter.queue,
            statuses,
            filter.tenant,
            filter.limit
        ) { row throws(StoreError) in
            QueueTaskRow(task: try TaskRow(row: row), run: try row.id(11), workflow: row.text(12))
        }
    }

    func deadLetters(_ filter: DeadLetterFilter) throws(StoreError) -> [DeadLetterRow] {
        try letters.rows(
            filter.after?.run.description ?? "",
            filter.after?.task ?? 0,
            filter.queue,
            filter.tenant,
            filter.limit,
            read: DeadLetterRow.init(row:)
        )
    }

    func deadLetter(of key: TaskKey) throws(StoreError) -> DeadLetterRow? {
        try letter.first(key.runKey, key.task, read: DeadLetterRow.init(row:))
    }

    func deadLetterQueues() throws(StoreError) -> [TaskKey: String] {
        let rows = try keys.rows { (TaskKey(runKey: $0.int64(0), task: $0.int(1)), $0.text(2)) }
        return Dictionary(rows) { first, _ in first }
    }

    func count(_ expiry: Expiry) throws(StoreError) -> Int {
        try countOld.first(expiry.before, expiry.limit) { $0.int(0) } ?? 0
    }
}

extension DeadLetterRow {
    init(row: Row) throws(StoreError) {
        self.init(
            key: TaskKey(runKey: row.int64(0), task: row.int(1)),
            run: try row.id(2),
            tenant: row.text(3),
            queue: row.text(4),
            group: try row.name(5),
            workflow: row.text(6),
            node: row.text(7),
            attempts: row.int(8),
            failure: row.text(9),
            reason: row.text(10),
            at: row.time(11)
        )
    }
}

/// A file that an older program wrote and nobody has upgraded yet reads as one without queues.
extension SQLiteRunStore {
    /// Figures of every queue that has an open task or a dead letter, by the bytes of its name.
    public func queues(ofTenant tenant: String?) throws(StoreError) -> [QueueFigures] {
        try queued { (rows) throws(StoreError) in try rows.queues(ofTenant: tenant) } ?? []
    }

    /// Open tasks of a queue.
    public func queueTasks(_ filter: QueueTaskFilter) throws(StoreError) -> [QueueTaskRow] {
        try queued { (rows) throws(StoreError) in try rows.tasks(filter) } ?? []
    }

    /// Dead letters.
    public func deadLetters(_ filter: DeadLetterFilter) throws(StoreError) -> [DeadLetterRow] {
        try queued { (rows) throws(StoreError) in try rows.deadLetters(filter) } ?? []
    }

    /// The dead letter of a task.
    public func deadLetter(of key: TaskKey) throws(StoreError) -> DeadLetterRow? {
        try queued { (rows) throws(StoreError) in try rows.deadLetter(of: key) } ?? nil
    }

    /// The queues of tasks that have a dead letter.
    public func deadLetterQueues() throws(StoreError) -> [TaskKey: String] {
        try queued { (rows) throws(StoreError) in try rows.deadLetterQueues() } ?? [:]
    }

    private func queued<Value: Sendable>(
        _ body: @Sendable (QueueReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in try reader.queues().map(body) }
    }
}
