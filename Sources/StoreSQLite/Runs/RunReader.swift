// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// One connection that reads `baton.db`, and its prepared statements. Used from one thread at a time.
///
/// Each call is a snapshot of its own, taken when it begins: it sees every commit acknowledged before.
final class RunReader {
    let connection: Connection
    let statements: ReadStatements
    private var catalogReader: CatalogReader?
    private var snapshotReader: SnapshotReader?
    private var keyedReader: KeyedReader?
    private var scheduleReader: ScheduleReader?
    private var budgetReader: BudgetReader?
    private var retentionReader: RetentionReader?
    private var ownedReader: OwnedRunReader?
    private var queueReader: QueueReader?
    private var securityReader: SecurityReader?
    private var webhookReader: WebhookReader?
    let archives: ArchiveReader

    init(
        _ path: String,
        _ mode: Connection.Mode = .read,
        archives: ArchiveReader,
        vfs: String? = nil
    ) throws(StoreError) {
        let connection = try Connection.open(path, mode, vfs: vfs)
        guard try RunSchema.schema.check(connection) > 0 else { throw .noDatabase(path) }
        statements = try ReadStatements(connection)
        self.connection = connection
        self.archives = archives
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

    /// What reads queues and dead letters; `nil` while the file has a format without them.
    func queues() throws(StoreError) -> QueueReader? {
        if let queueReader { return queueReader }
        guard try connection.hasTable(QueueSchema.table) else { return nil }
        queueReader = try QueueReader(connection)
        return queueReader
    }

    /// What asks about runs whose time is over; `nil` while the file has a format without that.
    func retention() throws(StoreError) -> RetentionReader? {
        if let retentionReader { return retentionReader }
        guard try connection.hasTable(RetentionSchema.table) else { return nil }
        retentionReader = try RetentionReader(connection)
        return retentionReader
    }

    /// What asks for things of an owner; `nil` while the file has a format without owners, where everything belongs to
    /// everybody of the first tenant.
    func owned() throws(StoreError) -> OwnedRunReader? {
        if let ownedReader { return ownedReader }
        guard try connection.hasIndex(OwnershipSchema.index) else { return nil }
        ownedReader = try OwnedRunReader(connection)
        return ownedReader
    }

    /// What reads accounts, secrets and the trail; `nil` while the file has a format without them.
    func security() throws(StoreError) -> SecurityReader? {
        if let securityReader { return securityReader }
        guard try connection.hasTable(SecuritySchema.table) else { return nil }
        securityReader = try SecurityReader(connection)
        return securityReader
    }

    /// What reads webhooks and hooks; `nil` while the file has a format without them.
    func webhooks() throws(StoreError) -> WebhookReader? {
        if let webhookReader { return webhookReader }
        guard try connection.hasTable(WebhookSchema.table) else { return nil }
        webhookReader = try WebhookReader(connection)
        return webhookReader
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
        max(try statements.lastRunKey.first { $0.int64(0) } ?? 0, try retention()?.lastRunKey() ?? 0)
    }

    func runs(_ filter: RunFilter) throws(StoreError) -> [RunRow] {
        if let visibility = filter.visibility {
            if let owned = try owned() {
                return try snapshot { () throws(StoreError) in try owned.runs(filter, seenBy: visibility) }
            }
            guard visibility.shows(.common) else { return [] }
        }
        // Files of a format without owners have no projects.
        if filter.project != nil { return try owned()?.runs(filter) ?? [] }
        let isOpen = !filter.statuses.isEmpty && !filter.statuses.contains { $0.isTerminal }
        return try (isOpen ? statements.openRuns : statements.runs).rows(
            filter.workflow,
            filter.before ?? Int64.max,
            filter.limit,
            filter.statusNames,
            filter.createdAfter?.milliseconds ?? .min,
            read: RunRow.init(row:)
        )
    }

    func openRunCounts() throws(StoreError) -> [RunCount] {
        if let owned = try owned() { return try owned.openRunCounts() }
        return Dictionary(grouping: try openRuns(), by: \.status).map { status, rows in
            RunCount(ownership: .common, status: status, count: rows.count)
        }
    }

    func openRuns() throws(StoreError) -> [OpenRunRow] {
        try statements.allOpenRuns.rows { row throws(StoreError) in
            OpenRunRow(
                key: row.int64(0),
                id: try row.id(1),
                status: try row.name(2),
                reason: row.isNull(4) ? nil : try row.name(4),
                graphHash: row.text(3)
            )
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

    func humanTasks(_ filter: HumanTaskFilter) throws(StoreError) -> [HumanTaskRow] {
        if let audience = filter.audience {
            // Whoever asks this of a file without owners brings it up to date first, or has nothing to look at.
            return try owned()?.humanTasks(filter, for: audience) ?? []
        }
        let names = filter.statusNames
        let time = filter.after?.openedAt.milliseconds ?? .min
        let id = filter.after?.id.description ?? ""
        if let run = filter.run {
            return try statements.humanTasksOfRun.rows(
                names,
                time,
                id,
                filter.limit,
                run,
                read: HumanTaskRow.init(row:)
            )
        }
        let statement = filter.isPending ? statements.pendingHumanTasks : statements.humanTasks
        return try statement.rows(names, time, id, filter.limit, read: HumanTaskRow.init(row:))
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
