// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// The one connection that writes `baton.db`, and what it must remember between commits.
///
/// Used from one thread at a time; ``SQLiteRunStore`` holds it under a lock.
final class RunWriter {
    private let connection: Connection
    private let statements: WriteStatements
    private let freeRoom: FreeRoom
    private var epoch: WriterEpoch
    private var checkpoints: Checkpoints
    private var lastSequence: Int64
    private var lastMessage: Int64
    private var lastTimer: Int64
    private var chains = ChainCache()
    private var places: PlaceWriter
    private var catalog: CatalogWriter?
    private var snapshots: SnapshotWriter?
    private var keyed: KeyedWriter?
    private var budget: BudgetWriter?
    private var retention: RetentionWriter?
    private var queues: QueueWriter?
    /// Why nothing may be written any more. After a failed flush nobody knows what the disk holds, and flushing again
    /// may report a success that is none.
    private var failure: StoreError?
    private let onFlush: (@Sendable (Duration) -> Void)?
    private let keepsAudit: Bool

    init(_ path: String, _ options: SQLiteRunStore.Options) throws(StoreError) {
        (onFlush, keepsAudit) = (options.onFlush, options.keepsAudit)
        let connection = try Connection.open(path, .write, vfs: options.vfs)
        let version = try RunSchema.schema.check(connection)
        if version == 0 { try FreeRoom.prepare(connection, version: 0) }
        try connection.execute("PRAGMA journal_mode=WAL")
        try connection.execute(
            """
            PRAGMA synchronous=\(options.durability.synchronous); PRAGMA wal_autocheckpoint=0;
            PRAGMA journal_size_limit=-1; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-16384
            """
        )
        try RunSchema.schema.backUp(connection, from: version)
        try RunSchema.schema.migrate(connection, from: version)
        try FreeRoom.prepare(connection, version: RunSchema.schema.newest)
        if options.pregrowWAL {
            try WALFile(path).grow(pages: options.checkpointPages)
            connection.keepWAL()
        }
        checkpoints = Checkpoints(connection, limit: options.checkpointPages)
        lastSequence = try connection.integer(RunReader.lastSequence) ?? 0
        lastMessage = try connection.integer("SELECT max(number) FROM outbox") ?? 0
        lastTimer = try connection.integer(RunReader.lastTimer) ?? 0
        statements = try WriteStatements(connection)
        places = try PlaceWriter(connection)
        freeRoom = try FreeRoom(connection)
        epoch = try WriterEpoch(connection)
        self.connection = connection
    }

    /// See ``RunStore/commit(_:)``.
    func commit(_ commit: Commit) throws(StoreError) -> Int64 {
        if let failure { throw failure }
        guard !commit.isEmpty else { return lastSequence }
        let first = commit.records.isEmpty ? lastSequence : lastSequence + 1
        var links: [Int64: ChainLink] = [:]
        // What removes records finds them by their places.
        let placesAll = places.isDue(with: commit.records.count) || commit.hasRetention
        try transaction { () throws(StoreError) in try write(commit, placesAll: placesAll, &links) }
        places.committed(commit.records, allPlaced: placesAll)
        remember(commit, links)
        if !commit.clearings.isEmpty { _ = releaseRoom() }
        checkpoint(atLeast: checkpoints.limit)
        return first
    }

    /// See ``CatalogStore/apply(_:)``.
    func apply(_ change: CatalogChange) throws(StoreError) {
        if let failure { throw failure }
        if catalog == nil { catalog = try CatalogWriter(connection) }
        try transaction { () throws(StoreError) in try catalog?.write(change) }
        checkpoint(atLeast: checkpoints.limit)
    }

    /// See ``SecurityStore/apply(_:)``.
    func apply(_ given: SecurityChange) throws(StoreError) {
        if let failure { throw failure }
        var change = given
        // Without its entry a trim would look like a loss.
        if !keepsAudit, change.auditAnchors.isEmpty { change.audit = [] }
        try transaction { () throws(StoreError) in try SecurityWriter.write(change, connection) }
        checkpoint(atLeast: checkpoints.limit)
    }

    /// See ``KnowledgeStore/apply(_:)``.
    func apply(_ change: KnowledgeChange) throws(StoreError) {
        if let failure { throw failure }
        try transaction { () throws(StoreError) in try KnowledgeWriter.write(change, connection) }
        checkpoint(atLeast: checkpoints.limit)
    }

    /// See ``NoteStore/apply(_:)``.
    func apply(_ change: NoteChange) throws(StoreError) {
        if let failure { throw failure }
        try transaction { () throws(StoreError) in try NoteWriter.write(change, connection) }
        checkpoint(atLeast: checkpoints.limit)
    }

    /// See ``ConversationStore/apply(_:)``.
    func apply(_ change: ConversationChange) throws(StoreError) {
        if let failure { throw failure }
        try transaction { () throws(StoreError) in try ConversationRows.write(change, connection) }
        checkpoint(atLeast: checkpoints.limit)
    }

    /// See ``PromptStore/pin(_:of:)``.
    func pin(_ prompts: [PromptRow], of run: RunID) throws(StoreError) {
        if let failure { throw failure }
        try transaction { () throws(StoreError) in try PromptRows.pin(prompts, of: run, connection) }
        checkpoint(atLeast: checkpoints.limit)
    }

    /// Runs `body` in a transaction and flushes it; after a failure nothing of it is there.
    private func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        do throws(StoreError) {
            try statements.begin.execute()
            try epoch.enter()
            try body()
            CrashPoint.insideCommit.reach()
            let start = onFlush.map { _ in ContinuousClock.now }
            try statements.commit.execute()
            if let start { onFlush?(ContinuousClock.now - start) }
            epoch.committed()
        } catch {
            connection.rollBack()
            if error.code == .failed || error.code == .locked { failure = error }
            throw error
        }
    }

    /// Moves what the log file holds into the database file when it has grown to `pages`.
    ///
    /// A failure here takes nothing back that was acknowledged, so it stops the next commit, not this one. No room is
    /// no failure: the log file keeps growing meanwhile, and the next commit says so when it cannot.
    func checkpoint(atLeast pages: Int) {
        guard failure == nil else { return }
        do throws(StoreError) {
            try checkpoints.run(connection, atLeast: pages)
        } catch {
            if error.code != .full { failure = error }
        }
    }

    /// Does what is to be done while nothing waits to be written; a process that was fenced off touches nothing.
    func maintain() {
        guard failure == nil else { return }
        do throws(StoreError) {
            try epoch.check()
        } catch {
            failure = error
            connection.leaveLog()
            return
        }
        _ = releaseRoom()
        checkpoint(atLeast: 1000)
    }

    /// Gives some free room back; see ``FreeRoom``.
    ///
    /// Like a checkpoint it takes nothing back that was acknowledged, so a failure stops the next commit.
    /// - Returns: Whether there is more.
    func releaseRoom() -> Bool {
        guard failure == nil else { return false }
        do throws(StoreError) {
            return try freeRoom.release(connection)
        } catch {
            if error.code != .full { failure = error }
            return false
        }
    }

    /// See ``SQLiteRunStore/limitPages(to:)``.
    func limitPages(to count: Int) throws(StoreError) {
        try connection.execute("PRAGMA max_page_count=\(count)")
    }

    private func remember(_ commit: Commit, _ links: [Int64: ChainLink]) {
        for record in commit.records { lastSequence += Int64(record.count) }
        chains.merge(links)
        for run in commit.runs where run.status.isTerminal { chains.remove(run.key) }
        for deletion in commit.deletions { chains.remove(deletion.runKey) }
        lastMessage += Int64(commit.outbox.count)
        lastTimer = max(lastTimer, commit.timers.lazy.map(\.number).max() ?? 0)
    }

    private func write(
        _ commit: Commit,
        placesAll: Bool,
        _ links: inout [Int64: ChainLink]
    ) throws(StoreError) {
        try append(commit.records, &links)
        if placesAll { try places.placeAll() }
        for row in commit.definitions {
            try statements.definition.execute(row.hash, row.name, row.source, row.graph, row.createdAt)
        }
        for row in commit.runs { try write(row) }
        for row in commit.tasks {
            try statements.task.execute(
                row.key.runKey,
                row.key.task,
                row.status.rawValue,
                row.priority,
                row.attempt,
                row.fence,
                row.worker,
                row.leaseUntil,
                row.awaitedSignal,
                row.queue,
                row.since
            )
        }
        for key in commit.closedTasks { try statements.closeTask.execute(key.runKey, key.task) }
        try write(timers: commit)
        for row in commit.humanTasks { try row.write(with: statements.humanTask) }
        for row in commit.schedules { try write(row) }
        for id in commit.removedSchedules { try statements.removeSchedule.execute(id.description) }
        for row in commit.pauses {
            try statements.pause.execute(row.scope.kind, row.scope.name, row.by, row.reason, row.at.milliseconds)
        }
        for scope in commit.liftedPauses { try statements.liftPause.execute(scope.kind, scope.name) }
        try register(commit)
        try deliver(commit)
        if !(commit.snapshots.isEmpty && commit.staleSnapshots.isEmpty) {
            if snapshots == nil { snapshots = try SnapshotWriter(connection) }
            try snapshots?.write(commit)
        }
        if commit.hasBudgetRows {
            if budget == nil { budget = try BudgetWriter(connection) }
            try budget?.write(commit)
        }
        try ConversationRows.keep(commit.keptTurns, connection)
        if commit.hasDeadLetters {
            if queues == nil { queues = try QueueWriter(connection) }
            try queues?.write(commit)
        }
        // After the rows that it may remove.
        if commit.hasKeyedRows {
            if keyed == nil { keyed = try KeyedWriter(connection) }
            try keyed?.write(commit, connection)
        }
        if commit.hasRetention {
            if retention == nil { retention = try RetentionWriter(connection) }
            let last = commit.records.reduce(lastSequence) { $0 + Int64($1.count) }
            try retention?.write(commit, lastSequence: last, connection)
        }
    }

    private func append(_ records: [LogRecord], _ links: inout [Int64: ChainLink]) throws(StoreError) {
        var number = lastSequence + 1
        for record in records {
            let previous = try lastLink(ofRun: record.runKey, links)
            guard record.firstSequence == previous.sequence + 1, record.count > 0 else {
                throw .sequenceTaken(
                    run: record.runKey,
                    next: previous.sequence + 1,
                    given: record.firstSequence
                )
            }
            let link = previous.next(record)
            try statements.record.execute(
                number,
                record.runKey,
                record.firstSequence,
                record.count,
                record.at,
                record.body,
                link.stored
            )
            links[record.runKey] = link
            number += Int64(record.count)
        }
    }

    private func lastLink(ofRun key: Int64, _ newer: [Int64: ChainLink]) throws(StoreError) -> ChainLink {
        if let link = newer[key] ?? chains[key] { return link }
        guard places.mayHaveRecords(key) else { return .start }
        try places.placeAll()
        if let link = try places.lastLink(ofRun: key) { return link }
        return try statements.archiveEnd.first(key) { ChainLink(sequence: $0.int64(0), stored: $0.bytes(1)) } ?? .start
    }

    private func write(_ row: RunRow) throws(StoreError) {
        let id = row.id.description
        try statements.sameStatus.execute(
            row.key,
            id,
            row.workflow,
            row.graphHash,
            row.status.rawValue,
            row.reason?.rawValue,
            row.lastSequence,
            row.endedTasks,
            row.allTasks,
            row.error,
            row.createdAt,
            row.startedAt,
            row.endedAt,
            row.deadline,
            row.outcome?.rawValue
        )
        if connection.changes == 1 { return }
        try statements.run.execute(
            row.key,
            id,
            row.workflow,
            row.graphHash,
            row.status.rawValue,
            row.reason?.rawValue,
            row.lastSequence,
            row.endedTasks,
            row.allTasks,
            row.error,
            row.createdAt,
            row.startedAt,
            row.endedAt,
            row.deadline,
            row.outcome?.rawValue,
            row.ownership.tenant,
            row.ownership.owner,
            row.ownership.project
        )
        if connection.changes == 1 { return }
        // The key belongs to another id: the statements leave such a row alone.
        throw .runTaken(key: row.key, id: row.id)
    }

    private func write(timers commit: Commit) throws(StoreError) {
        for row in commit.timers {
            try statements.timer.execute(row.fireAt, row.number, row.key.runKey, row.key.task, row.kind.rawValue)
        }
        if let last = commit.timers.lazy.map(\.number).max(), last > lastTimer {
            try statements.lastTimer.execute(last)
        }
        for row in commit.removedTimers { try statements.removeTimer.execute(row.fireAt, row.number) }
    }

    private func write(_ row: ScheduleRow) throws(StoreError) {
        do throws(StoreError) {
            try statements.schedule.execute(
                row.id.description,
                row.name,
                row.definition,
                row.state,
                row.nextFireAt,
                row.createdAt,
                row.ownership.tenant,
                row.ownership.owner,
                row.ownership.project
            )
        } catch {
            throw error.code == .conflict ? .scheduleTaken(row) : error
        }
    }

    private func register(_ commit: Commit) throws(StoreError) {
        for row in commit.registrations {
            try statements.register.execute(row.key.kind.rawValue, row.key.tenant, row.key.name, row.body)
        }
        for key in commit.removedRegistrations {
            try statements.unregister.execute(key.kind.rawValue, key.tenant, key.name)
        }
    }

    private func deliver(_ commit: Commit) throws(StoreError) {
        for (offset, content) in commit.outbox.enumerated() {
            try statements.message.execute(
                lastMessage + 1 + Int64(offset),
                content.kind,
                content.target,
                content.body
            )
        }
        guard !commit.cursors.isEmpty else { return }
        for (consumer, position) in commit.cursors.sorted(by: { $0.key < $1.key }) {
            try statements.cursor.execute(consumer, position)
        }
        try statements.removeMessages.execute()
    }
}

extension ChainLink {
    /// From the columns seq, count, chain.
    init(row: Row) {
        self.init(sequence: row.int64(0) + row.int64(1) - 1, stored: row.bytes(2))
    }
}
