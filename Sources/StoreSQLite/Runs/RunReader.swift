// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// One connection that reads `baton.db`, and its prepared statements. Used from one thread at a time.
///
/// Each call is a snapshot of its own, taken when it begins: it sees every commit acknowledged before.
final class RunReader {
    private let connection: Connection
    private let statements: ReadStatements
    private var catalogReader: CatalogReader?
    private var snapshotReader: SnapshotReader?
    private var keyedReader: KeyedReader?
    private var scheduleReader: ScheduleReader?
    private var budgetReader: BudgetReader?

    init(_ path: String, _ mode: Connection.Mode = .read, vfs: String? = nil) throws(StoreError) {
        let connection = try Connection.open(path, mode, vfs: vfs)
        guard try RunSchema.schema.check(connection) > 0 else { throw .noDatabase(path) }
        statements = try ReadStatements(connection)
        self.connection = connection
    }

    func structureProblems() throws(StoreError) -> [String] { try connection.structureProblems() }

    func format() throws(StoreError) -> Int64 { try RunSchema.schema.check(connection) }

    /// What reads the catalogue; `nil` while the file has a format without one.
    func catalog() throws(StoreError) -> CatalogReader? {
        if let catalogReader { return catalogReader }
        guard try connection.hasTable(CatalogSchema.table) else { return nil }
        catalogReader = try CatalogReader(connection)
        return catalogReader
    }

    /// What reads snapshots; `nil` while the file has a format without them.
    func snapshots() throws(StoreError) -> SnapshotReader? {
        if let snapshotReader { return snapshotReader }
        guard try connection.hasTable(SnapshotSchema.table) else { return nil }
        snapshotReader = try SnapshotReader(connection)
        return snapshotReader
    }

    /// What reads answers, inboxes, signals and the cache; `nil` while the file has a format without them.
    func keyed() throws(StoreError) -> KeyedReader? {
        if let keyedReader { return keyedReader }
        guard try connection.hasTable(KeyedSchema.table) else { return nil }
        keyedReader = try KeyedReader(connection)
        return keyedReader
    }

    func blobNames(after position: BlobNamePage.Position?) throws(StoreError) -> BlobNamePage {
        try BlobNameTables.page(after: position, connection)
    }

    /// What reads schedules; `nil` while the file has a format without them.
    func schedules() throws(StoreError) -> ScheduleReader? {
        if let scheduleReader { return scheduleReader }
        guard try connection.hasTable(ScheduleSchema.table) else { return nil }
        scheduleReader = try ScheduleReader(connection)
        return scheduleReader
    }

    /// What reads money and rates; `nil` while the file has a format without them.
    func budget() throws(StoreError) -> BudgetReader? {
        if let budgetReader { return budgetReader }
        guard try connection.hasTable(BudgetSchema.table) else { return nil }
        budgetReader = try BudgetReader(connection)
        return budgetReader
    }

    func lastSequence() throws(StoreError) -> Int64 {
        try statements.lastSequence.first { $0.int64(0) } ?? 0
    }

    func run(_ id: RunID) throws(StoreError) -> RunRow? {
        try statements.runByID.first(id.description, read: RunRow.init(row:))
    }

    func run(key: Int64) throws(StoreError) -> RunRow? {
        try statements.runByKey.first(key, read: RunRow.init(row:))
    }

    func lastRunKey() throws(StoreError) -> Int64 {
        try statements.lastRunKey.first { $0.int64(0) } ?? 0
    }

    func runs(_ filter: RunFilter) throws(StoreError) -> [RunRow] {
        let isOpen = !filter.statuses.isEmpty && !filter.statuses.contains { $0.isTerminal }
        let statuses = RunStatus.allCases.filter { !isOpen || !$0.isTerminal }
        let names = statuses.map { status in
            filter.statuses.isEmpty || filter.statuses.contains(status) ? status.rawValue : nil
        }
        let before = filter.before ?? Int64.max
        if isOpen {
            return try statements.openRuns.rows(
                filter.workflow,
                before,
                filter.limit,
                names[0],
                names[1],
                names[2],
                names[3],
                names[4],
                read: RunRow.init(row:)
            )
        }
        return try statements.runs.rows(
            filter.workflow,
            before,
            filter.limit,
            names[0],
            names[1],
            names[2],
            names[3],
            names[4],
            names[5],
            names[6],
            names[7],
            names[8],
            names[9],
            read: RunRow.init(row:)
        )
    }

    func openRuns() throws(StoreError) -> [OpenRunRow] {
        try statements.allOpenRuns.rows { row throws(StoreError) in
            OpenRunRow(key: row.int64(0), id: try row.id(1), status: try row.name(2), graphHash: row.text(3))
        }
    }

    func recentRuns(within span: Duration) throws(StoreError) -> Set<Int64> {
        var found: Set<Int64> = []
        var (next, last) = (Int64.max, Timestamp?.none)
        while true {
            let page = try statements.recentRuns.rows(next, 1000) { ($0.int64(0), $0.int64(1), $0.time(2)) }
            guard let end = page.last else { return found }
            for (_, run, at) in page {
                last = last ?? at
                if let last, last - at > span { return found }
                found.insert(run)
            }
            next = end.0
        }
    }

    func awaitedSignals() throws(StoreError) -> [AwaitedSignalRow] {
        try statements.awaitedSignals.rows(read: TaskRow.init(row:)).compactMap { task in
            task.awaitedSignal.map { AwaitedSignalRow(runKey: task.key.runKey, type: $0) }
        }
    }

    func openTasks(ofRun key: Int64?) throws(StoreError) -> [TaskRow] {
        guard let key else { return try statements.tasks.rows(read: TaskRow.init(row:)) }
        return try statements.tasksOfRun.rows(key, read: TaskRow.init(row:))
    }

    func timers(ofRun key: Int64?) throws(StoreError) -> [TimerRow] {
        guard let key else { return try statements.timers.rows(read: TimerRow.init(row:)) }
        return try statements.timersOfRun.rows(key, read: TimerRow.init(row:))
    }

    func lastTimerNumber() throws(StoreError) -> Int64 {
        try statements.lastTimer.first { $0.int64(0) } ?? 0
    }

    func humanTask(_ id: HumanTaskID) throws(StoreError) -> HumanTaskRow? {
        try statements.humanTask.first(id.description, read: HumanTaskRow.init(row:))
    }

    func humanTasks(status: HumanTaskStatus?, run key: Int64?, limit: Int) throws(StoreError) -> [HumanTaskRow] {
        if let key {
            return try statements.humanTasksOfRun.rows(key, status?.rawValue, limit, read: HumanTaskRow.init(row:))
        }
        if let status {
            return try statements.humanTasksByStatus.rows(status.rawValue, limit, read: HumanTaskRow.init(row:))
        }
        return try statements.humanTasks.rows(limit, read: HumanTaskRow.init(row:))
    }

    func definition(_ hash: String) throws(StoreError) -> DefinitionRow? {
        try statements.definition.first(hash) { row in
            DefinitionRow(
                hash: row.text(0),
                name: row.text(1),
                source: row.bytes(2),
                graph: row.bytes(3),
                createdAt: row.time(4)
            )
        }
    }

    func outbox(after number: Int64, limit: Int) throws(StoreError) -> [OutboxMessage] {
        try statements.outbox.rows(number, limit) { row in
            OutboxMessage(
                number: row.int64(0),
                content: .init(kind: row.text(1), target: row.text(2), body: row.bytes(3))
            )
        }
    }

    func cursor(of consumer: String) throws(StoreError) -> Int64 {
        try statements.cursor.first(consumer) { $0.int64(0) } ?? 0
    }
}

/// The log: every record is checked against the one before it.
extension RunReader {
    func records(ofRun key: Int64, after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        let records = try statements.recordsOfRun.rows(key, sequence, limit, read: ChainedRecord.init(row:))
        return try checked(records)
    }

    func records(ofRun key: Int64, in range: ClosedRange<Int64>, limit: Int) throws(StoreError) -> [StoredRecord] {
        let records = try statements.recordsInRange.rows(
            key,
            range.lowerBound,
            range.upperBound,
            limit,
            read: ChainedRecord.init(row:)
        )
        return try checked(records)
    }

    func records(
        ofRun key: Int64,
        backwardsFrom sequence: Int64,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        let records = try statements.recordsBackwards.rows(key, sequence, limit, read: ChainedRecord.init(row:))
        return try checked(records.reversed()).reversed()
    }

    func records(after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        let records = try statements.records.rows(sequence, limit, read: ChainedRecord.init(row:))
        return try checked(records)
    }

    private func checked(_ records: [ChainedRecord]) throws(StoreError) -> [StoredRecord] {
        var links: [Int64: ChainLink] = [:]
        var result: [StoredRecord] = []
        result.reserveCapacity(records.count)
        for chained in records {
            let record = chained.stored.record
            let previous = try link(before: record, in: links)
            guard record.count > 0, record.firstSequence == previous.sequence + 1,
                previous.next(record) == chained.link
            else { throw .chainBroken(chained.stored, path: connection.path) }
            links[record.runKey] = chained.link
            result.append(chained.stored)
        }
        return result
    }

    private func link(before record: LogRecord, in page: [Int64: ChainLink]) throws(StoreError) -> ChainLink {
        if let link = page[record.runKey] { return link }
        return try statements.linkBefore.first(record.runKey, record.firstSequence) { ChainLink(row: $0) } ?? .start
    }

    /// Reads the whole database and the whole log.
    func verify() throws(StoreError) {
        guard let answer = try statements.quickCheck.first(read: { $0.text(0) }), answer == "ok" else {
            throw StoreError(
                .corrupted,
                "\(connection.path) is damaged: SQLite's quick_check failed. Restore it from a backup."
            )
        }
        var position: Int64 = 0
        while true {
            let page = try records(after: position, limit: 1000)
            guard !page.isEmpty else { return }
            for stored in page {
                guard stored.globalSequence == position + 1 else {
                    throw StoreError(
                        .corrupted,
                        "\(connection.path): event \(position + 1) is missing from the log. Restore it from a backup."
                    )
                }
                position += Int64(stored.record.count)
            }
        }
    }
}

/// A record and the link stored with it.
private struct ChainedRecord {
    let stored: StoredRecord
    let link: ChainLink

    init(row: Row) {
        let record = LogRecord(
            runKey: row.int64(1),
            firstSequence: row.int64(2),
            count: row.int(3),
            at: row.time(4),
            body: row.bytes(5)
        )
        stored = StoredRecord(globalSequence: row.int64(0), record: record)
        link = ChainLink(sequence: record.firstSequence + Int64(record.count) - 1, stored: row.bytes(6))
    }
}

extension StoreError {
    fileprivate static func chainBroken(_ stored: StoredRecord, path: String) -> Self {
        let record = stored.record
        return Self(
            .corrupted,
            "The log of run \(record.runKey) is damaged at event \(record.firstSequence) (number "
                + "\(stored.globalSequence) of \(path)): its checksum does not fit. Restore it from a backup."
        )
    }
}
