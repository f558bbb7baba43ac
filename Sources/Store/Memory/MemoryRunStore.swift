// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
import Synchronization

/// A run store that forgets everything with the process: for tests, the simulator and dry runs.
///
/// It answers exactly as a durable one does; both pass the same contract suite.
public final class MemoryRunStore: RunStore {
    private let state = Mutex(MemoryRunState())
    private let archives: any BlobStore

    /// An empty store.
    ///
    /// - Parameter archives: Where packed records are put before a commit names them.
    public init(archives: any BlobStore = MemoryBlobStore()) {
        self.archives = archives
    }

    /// Applies everything in `commit` or nothing.
    public func commit(_ commit: Commit) throws(StoreError) -> Int64 {
        try state.withLock { (state) throws(StoreError) in
            try state.check(commit)
            guard commit.hasRetention else { return state.apply(commit) }
            var next = state
            let first = next.apply(commit)
            try next.applyRetention(commit)
            state = next
            return first
        }
    }

    /// Changes the state alone.
    func changing(_ body: (inout MemoryRunState) -> Void) {
        state.withLock { body(&$0) }
    }

    /// Looks at the state alone.
    func reading<Value>(_ body: (MemoryRunState) -> Value) -> Value {
        state.withLock { body($0) }
    }

    /// The last global sequence number.
    public func lastSequence() -> Int64 {
        state.withLock { $0.lastSequence }
    }

    /// The row with that id.
    public func run(_ id: RunID) -> RunRow? {
        state.withLock { state in state.runKeys[id].flatMap { state.runs[$0] } }
    }

    /// The row with that key.
    public func run(key: Int64) -> RunRow? {
        state.withLock { $0.runs[key] }
    }

    /// The largest key given to a run so far.
    public func lastRunKey() -> Int64 {
        state.withLock { max($0.runs.keys.max() ?? 0, $0.retention.tombstones.keys.max() ?? 0) }
    }

    /// Runs, newest first.
    public func runs(_ filter: RunFilter) -> [RunRow] {
        state.withLock { state in
            let matching = state.runs.values.filter { run in
                (filter.statuses.isEmpty || filter.statuses.contains(run.status))
                    && filter.workflow.map { $0 == run.workflow } ?? true
                    && filter.project.map { $0 == run.ownership.project } ?? true
                    && filter.createdAfter.map { $0 <= run.createdAt } ?? true
                    && filter.visibility.map { $0.shows(run.ownership) } ?? true
                    && filter.before.map { run.key < $0 } ?? true
            }
            return Array(matching.sorted { $0.key > $1.key }.prefix(filter.limit))
        }
    }

    /// Open runs by owner and status.
    public func openRunCounts() -> [RunCount] {
        let open = state.withLock { Array($0.runs.values) }.filter { !$0.status.isTerminal }
        return Dictionary(grouping: open, by: \.ownership).flatMap { ownership, rows in
            Dictionary(grouping: rows, by: \.status).map { status, rows in
                RunCount(ownership: ownership, status: status, count: rows.count)
            }
        }
    }

    /// Records of one run.
    public func records(ofRun key: Int64, after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        guard sequence < .max else { return [] }
        return try records(ofRun: key, in: sequence + 1 ... .max, limit: limit)
    }

    /// Records of all runs.
    public func records(after sequence: Int64, limit: Int) -> [StoredRecord] {
        state.withLock { state in
            let start = state.records.firstPosition { $0.lastGlobalSequence > sequence }
            return Array(state.records[start...].prefix(limit))
        }
    }

    /// Records of one run that hold events of a range.
    public func records(
        ofRun key: Int64,
        in range: ClosedRange<Int64>,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        let packed = try packedRecords(ofRun: key)
        let fitting = packed.filter { $0.holdsEvent(of: range) }.prefix(limit)
        return state.withLock { state in
            let positions = state.positions[key] ?? []
            let lowest = max(range.lowerBound, (packed.last?.lastSequence ?? 0) + 1)
            let start = positions.firstPosition { state.records[$0].lastSequence >= lowest }
            let rest = positions[start...].prefix(limit - fitting.count).map { state.records[$0] }
            return fitting + rest.prefix { $0.record.firstSequence <= range.upperBound }
        }
    }

    /// Records of one run, the newest first.
    public func records(
        ofRun key: Int64,
        backwardsFrom sequence: Int64,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        let packed = try packedRecords(ofRun: key)
        let rows = state.withLock { state in
            let positions = state.positions[key] ?? []
            let start = positions.firstPosition { state.records[$0].lastSequence > (packed.last?.lastSequence ?? 0) }
            let end = positions.firstPosition { state.records[$0].record.firstSequence >= sequence }
            return positions[start..<max(start, end)].reversed().prefix(limit).map { state.records[$0] }
        }
        let older = packed.reversed().filter { $0.record.firstSequence < sequence }
        return rows + older.prefix(limit - rows.count)
    }

    private func packedRecords(ofRun key: Int64) throws(StoreError) -> [StoredRecord] {
        var records: [StoredRecord] = []
        for row in state.withLock({ $0.retention.archives[key] ?? [] }) {
            records += try ArchiveSegment(packed: archives.get(row.blob), of: row).records
        }
        return records
    }

    /// The newest snapshot that is not of a later event.
    public func snapshot(ofRun key: Int64, atMost sequence: Int64) -> SnapshotRow? {
        state.withLock { $0.snapshots[key]?.last { $0.sequence <= sequence } }
    }

    /// Runs that have not ended, by key.
    public func openRuns() -> [OpenRunRow] {
        state.withLock { state in
            state.runs.values.filter { !$0.status.isTerminal }.sorted { $0.key < $1.key }
                .map {
                    OpenRunRow(key: $0.key, id: $0.id, status: $0.status, reason: $0.reason, graphHash: $0.graphHash)
                }
        }
    }

    /// Runs with records at the end of the log.
    public func recentRuns(within span: Duration) -> Set<Int64> {
        state.withLock { state in
            guard let last = state.records.last?.record.at else { return [] }
            return Set(state.records.reversed().prefix { last - $0.record.at <= span }.map(\.record.runKey))
        }
    }

    /// Tasks that wait for a signal.
    public func awaitedSignals() -> [AwaitedSignalRow] {
        openTasks(ofRun: nil).compactMap { task in
            task.awaitedSignal.map { AwaitedSignalRow(runKey: task.key.runKey, type: $0) }
        }
    }

    /// Of which events of a run there are snapshots, in order.
    public func snapshotSequences(ofRun key: Int64) -> [Int64] {
        state.withLock { $0.snapshots[key]?.map(\.sequence) ?? [] }
    }

    /// Open tasks, by run and task.
    public func openTasks(ofRun key: Int64?) -> [TaskRow] {
        state.withLock { state in
            state.tasks.values.filter { key == nil || $0.key.runKey == key }
                .sorted { ($0.key.runKey, $0.key.task) < ($1.key.runKey, $1.key.task) }
        }
    }

    /// Timers by time.
    public func timers(ofRun key: Int64?) -> [TimerRow] {
        state.withLock { state in
            state.timers.values.filter { key == nil || $0.key.runKey == key }
                .sorted { ($0.fireAt, $0.number) < ($1.fireAt, $1.number) }
        }
    }

    /// The largest timer number so far.
    public func lastTimerNumber() -> Int64 {
        state.withLock { $0.lastTimerNumber }
    }

    /// The request with that id.
    public func humanTask(_ id: HumanTaskID) -> HumanTaskRow? {
        state.withLock { $0.humanTasks[id] }
    }

    /// Requests to people, oldest first.
    public func humanTasks(_ filter: HumanTaskFilter) -> [HumanTaskRow] {
        state.withLock { state in
            let matching = state.humanTasks.values.filter { task in
                (filter.statuses.isEmpty || filter.statuses.contains(task.status))
                    && filter.run.map { $0 == task.key.runKey } ?? true
                    && filter.audience.map { $0.includes(task) } ?? true
                    && filter.after.map { ($0.openedAt, $0.id) < (task.openedAt, task.id) } ?? true
            }
            return Array(matching.sorted { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) }.prefix(filter.limit))
        }
    }

    /// The definition with that graph hash.
    public func definition(_ hash: String) -> DefinitionRow? {
        state.withLock { $0.definitions[hash] }
    }

    /// The schedule with that id.
    public func schedule(_ id: ScheduleID) -> ScheduleRow? {
        state.withLock { $0.schedules[id] }
    }

    /// The schedule of that tenant with that name.
    public func schedule(named name: String, in tenant: String) -> ScheduleRow? {
        state.withLock { state in
            state.schedules.values.first { $0.name == name && $0.ownership.tenant == tenant }
        }
    }

    /// What is paused above single runs, by kind and the bytes of the name.
    public func pauses() -> [PauseRow] {
        state.withLock { $0.pauses.values.sorted { $0.scope < $1.scope } }
    }

    /// What was made known to the engine, by the bytes of tenant and name.
    public func registrations(_ kind: RegistrationRow.Kind) -> [RegistrationRow] {
        state.withLock { state in
            state.registrations.values.filter { $0.key.kind == kind }.sorted { left, right in
                guard left.key.tenant == right.key.tenant else {
                    return left.key.tenant.utf8.lexicographicallyPrecedes(right.key.tenant.utf8)
                }
                return left.key.name.utf8.lexicographicallyPrecedes(right.key.name.utf8)
            }
        }
    }

    /// All schedules by name.
    public func schedules() -> [ScheduleRow] {
        state.withLock { state in
            state.schedules.values.sorted { left, right in
                guard left.name == right.name else { return left.name.utf8.lexicographicallyPrecedes(right.name.utf8) }
                return left.ownership.tenant.utf8.lexicographicallyPrecedes(right.ownership.tenant.utf8)
            }
        }
    }

    /// Messages above `number`.
    public func outbox(after number: Int64, limit: Int) -> [OutboxMessage] {
        state.withLock { state in
            let start = state.outbox.firstPosition { $0.number > number }
            return Array(state.outbox[start...].prefix(limit))
        }
    }

    /// How far a consumer got.
    public func cursor(of consumer: String) -> Int64 {
        state.withLock { $0.cursors[consumer] ?? 0 }
    }

    /// The answer kept for a request.
    public func idempotency(principal: String, key: String) -> IdempotencyRow? {
        state.withLock { $0.keyed.idempotency(principal: principal, key: key) }
    }

    /// The number of the event in which a run took a message in.
    public func inbox(ofRun key: Int64, message: String) -> Int64? {
        state.withLock { $0.keyed.inbox(ofRun: key, message: message) }
    }

    /// Kept signals, the oldest first.
    public func signals(_ filter: SignalFilter) -> [SignalRow] {
        state.withLock { $0.keyed.signals(filter) }
    }

    /// The entry of the cache with that key.
    public func cached(_ key: CacheRow.Key) -> CacheRow? {
        state.withLock { $0.keyed.cached(key) }
    }

    /// Entries of the cache.
    public func cache(_ filter: CacheFilter) -> [CacheRow] {
        state.withLock { $0.keyed.cache(filter) }
    }

    /// What all entries of the cache come to.
    public func cacheTotals() -> CacheTotals {
        state.withLock { $0.keyed.cacheTotals() }
    }

    /// How many rows the step would remove.
    public func count(_ expiry: Expiry) -> Int {
        state.withLock { $0.keyed.count(expiry) + $0.budget.old(expiry).count + $0.oldDeadLetters(expiry).count }
    }

    /// What rows outside the log name blobs by, all on one page.
    public func blobNames(after position: BlobNamePage.Position?) -> BlobNamePage {
        state.withLock { state in
            let snapshots = state.snapshots.values.joined().map { row in
                switch row.content {
                case .inline(let bytes): BlobNames.text(bytes)
                case .blob(let blob): BlobNames.list(blob)
                }
            }
            let messages = state.outbox.map { BlobNames.text($0.content.body) }
            return BlobNamePage(names: snapshots + messages + state.keyed.blobNames, next: nil)
        }
    }

    /// The periods of a budget, the newest first.
    public func budgets(of scope: BudgetScope, limit: Int) -> [BudgetRow] {
        state.withLock { $0.budget.budgets(of: scope, limit: limit) }
    }

    /// Every budget that is not closed, by account.
    public func openBudgets() -> [BudgetRow] {
        state.withLock { $0.budget.openBudgets() }
    }

    /// Every reservation that may still change, by id.
    public func reservations() -> [ReservationRow] {
        state.withLock { $0.budget.allReservations() }
    }

    /// Usage records, the newest first.
    public func usage(_ filter: UsageFilter) -> [UsageRow] {
        state.withLock { $0.budget.usage(filter) }
    }

    /// Sums of usage records, the dearest first.
    public func usageTotals(_ filter: UsageFilter, by groupings: [UsageGrouping]) -> [UsageTotal] {
        state.withLock { $0.budget.usageTotals(filter, by: groupings) }
    }

    /// Every token bucket that may not be full, by key.
    public func buckets() -> [BucketRow] {
        state.withLock { $0.budget.allBuckets() }
    }

    /// Does nothing.
    public func maintain() {}

    /// Does nothing.
    public func close() {}
}

extension StoredRecord {
    /// The number of the last event within the run.
    fileprivate var lastSequence: Int64 { record.firstSequence + Int64(record.count) - 1 }

    fileprivate func holdsEvent(of range: ClosedRange<Int64>) -> Bool {
        record.firstSequence <= range.upperBound && lastSequence >= range.lowerBound
    }
    /// The global number of the last event.
    fileprivate var lastGlobalSequence: Int64 { globalSequence + Int64(record.count) - 1 }
}

extension Array {
    /// The first position whose element fits, in an array where all elements after a fitting one fit too.
    fileprivate func firstPosition(where fits: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if fits(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
