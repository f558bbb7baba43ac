// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A run store around another one that does some things itself and leaves the rest to it: counting, failing on demand,
/// slowing down.
public protocol RunStoreDecorator: RunStore {
    /// The store behind it.
    associatedtype Base: RunStore
    /// The store behind it.
    var base: Base { get }
}

extension RunStoreDecorator {
    /// Leaves it to the store behind.
    public func commit(_ commit: Commit) throws(StoreError) -> Int64 { try base.commit(commit) }
    /// Leaves it to the store behind.
    public func lastSequence() throws(StoreError) -> Int64 { try base.lastSequence() }
    /// Leaves it to the store behind.
    public func run(_ id: RunID) throws(StoreError) -> RunRow? { try base.run(id) }
    /// Leaves it to the store behind.
    public func run(key: Int64) throws(StoreError) -> RunRow? { try base.run(key: key) }
    /// Leaves it to the store behind.
    public func lastRunKey() throws(StoreError) -> Int64 { try base.lastRunKey() }
    /// Leaves it to the store behind.
    public func runs(_ filter: RunFilter) throws(StoreError) -> [RunRow] { try base.runs(filter) }
    /// Leaves it to the store behind.
    public func openRunCounts() throws(StoreError) -> [RunCount] { try base.openRunCounts() }
    /// Leaves it to the store behind.
    public func openRuns() throws(StoreError) -> [OpenRunRow] { try base.openRuns() }
    /// Leaves it to the store behind.
    public func recentRuns(within span: Duration) throws(StoreError) -> Set<Int64> {
        try base.recentRuns(within: span)
    }
    /// Leaves it to the store behind.
    public func awaitedSignals() throws(StoreError) -> [AwaitedSignalRow] { try base.awaitedSignals() }
    /// Leaves it to the store behind.
    public func records(ofRun key: Int64, after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        try base.records(ofRun: key, after: sequence, limit: limit)
    }
    /// Leaves it to the store behind.
    public func records(after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        try base.records(after: sequence, limit: limit)
    }
    /// Leaves it to the store behind.
    public func records(
        ofRun key: Int64,
        in range: ClosedRange<Int64>,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        try base.records(ofRun: key, in: range, limit: limit)
    }
    /// Leaves it to the store behind.
    public func records(
        ofRun key: Int64,
        backwardsFrom sequence: Int64,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        try base.records(ofRun: key, backwardsFrom: sequence, limit: limit)
    }
    /// Leaves it to the store behind.
    public func snapshot(ofRun key: Int64, atMost sequence: Int64) throws(StoreError) -> SnapshotRow? {
        try base.snapshot(ofRun: key, atMost: sequence)
    }
    /// Leaves it to the store behind.
    public func snapshotSequences(ofRun key: Int64) throws(StoreError) -> [Int64] {
        try base.snapshotSequences(ofRun: key)
    }
    /// Leaves it to the store behind.
    public func openTasks(ofRun key: Int64?) throws(StoreError) -> [TaskRow] { try base.openTasks(ofRun: key) }
    /// Leaves it to the store behind.
    public func timers(ofRun key: Int64?) throws(StoreError) -> [TimerRow] { try base.timers(ofRun: key) }
    /// Leaves it to the store behind.
    public func lastTimerNumber() throws(StoreError) -> Int64 { try base.lastTimerNumber() }
    /// Leaves it to the store behind.
    public func humanTask(_ id: HumanTaskID) throws(StoreError) -> HumanTaskRow? { try base.humanTask(id) }
    /// Leaves it to the store behind.
    public func humanTasks(_ filter: HumanTaskFilter) throws(StoreError) -> [HumanTaskRow] {
        try base.humanTasks(filter)
    }
    /// Leaves it to the store behind.
    public func definition(_ hash: String) throws(StoreError) -> DefinitionRow? { try base.definition(hash) }
    /// Leaves it to the store behind.
    public func schedule(_ id: ScheduleID) throws(StoreError) -> ScheduleRow? { try base.schedule(id) }
    /// Leaves it to the store behind.
    public func schedule(named name: String, in tenant: String) throws(StoreError) -> ScheduleRow? {
        try base.schedule(named: name, in: tenant)
    }
    /// Leaves it to the store behind.
    public func schedules() throws(StoreError) -> [ScheduleRow] { try base.schedules() }
    /// Leaves it to the store behind.
    public func pauses() throws(StoreError) -> [PauseRow] { try base.pauses() }
    /// Leaves it to the store behind.
    public func registrations(_ kind: RegistrationRow.Kind) throws(StoreError) -> [RegistrationRow] {
        try base.registrations(kind)
    }
    /// Leaves it to the store behind.
    public func queues(ofTenant tenant: String?) throws(StoreError) -> [QueueFigures] {
        try base.queues(ofTenant: tenant)
    }
    /// Leaves it to the store behind.
    public func queueTasks(_ filter: QueueTaskFilter) throws(StoreError) -> [QueueTaskRow] {
        try base.queueTasks(filter)
    }
    /// Leaves it to the store behind.
    public func deadLetters(_ filter: DeadLetterFilter) throws(StoreError) -> [DeadLetterRow] {
        try base.deadLetters(filter)
    }
    /// Leaves it to the store behind.
    public func deadLetter(of key: TaskKey) throws(StoreError) -> DeadLetterRow? { try base.deadLetter(of: key) }
    /// Leaves it to the store behind.
    public func deadLetterQueues() throws(StoreError) -> [TaskKey: String] { try base.deadLetterQueues() }
    /// Leaves it to the store behind.
    public func outbox(after number: Int64, limit: Int) throws(StoreError) -> [OutboxMessage] {
        try base.outbox(after: number, limit: limit)
    }
    /// Leaves it to the store behind.
    public func cursor(of consumer: String) throws(StoreError) -> Int64 { try base.cursor(of: consumer) }
    /// Leaves it to the store behind.
    public func idempotency(principal: String, key: String) throws(StoreError) -> IdempotencyRow? {
        try base.idempotency(principal: principal, key: key)
    }
    /// Leaves it to the store behind.
    public func inbox(ofRun key: Int64, message: String) throws(StoreError) -> Int64? {
        try base.inbox(ofRun: key, message: message)
    }
    /// Leaves it to the store behind.
    public func signals(_ filter: SignalFilter) throws(StoreError) -> [SignalRow] { try base.signals(filter) }
    /// Leaves it to the store behind.
    public func cached(_ key: CacheRow.Key) throws(StoreError) -> CacheRow? { try base.cached(key) }
    /// Leaves it to the store behind.
    public func cache(_ filter: CacheFilter) throws(StoreError) -> [CacheRow] { try base.cache(filter) }
    /// Leaves it to the store behind.
    public func cacheTotals() throws(StoreError) -> CacheTotals { try base.cacheTotals() }
    /// Leaves it to the store behind.
    public func count(_ expiry: Expiry) throws(StoreError) -> Int { try base.count(expiry) }
    /// Leaves it to the store behind.
    public func blobNames(after position: BlobNamePage.Position?) throws(StoreError) -> BlobNamePage {
        try base.blobNames(after: position)
    }
    /// Leaves it to the store behind.
    public func budgets(of scope: BudgetScope, limit: Int) throws(StoreError) -> [BudgetRow] {
        try base.budgets(of: scope, limit: limit)
    }
    /// Leaves it to the store behind.
    public func openBudgets() throws(StoreError) -> [BudgetRow] { try base.openBudgets() }
    /// Leaves it to the store behind.
    public func reservations() throws(StoreError) -> [ReservationRow] { try base.reservations() }
    /// Leaves it to the store behind.
    public func usage(_ filter: UsageFilter) throws(StoreError) -> [UsageRow] { try base.usage(filter) }
    /// Leaves it to the store behind.
    public func usageTotals(_ filter: UsageFilter, by groupings: [UsageGrouping]) throws(StoreError) -> [UsageTotal] {
        try base.usageTotals(filter, by: groupings)
    }
    /// Leaves it to the store behind.
    public func buckets() throws(StoreError) -> [BucketRow] { try base.buckets() }
    /// Leaves it to the store behind.
    public func runs(endedBefore time: Timestamp, after last: RunRow?, limit: Int) throws(StoreError) -> [RunRow] {
        try base.runs(endedBefore: time, after: last, limit: limit)
    }
    /// Leaves it to the store behind.
    public func archives(ofRun key: Int64) throws(StoreError) -> [ArchiveRow] {
        try base.archives(ofRun: key)
    }
    /// Leaves it to the store behind.
    public func archives(after last: ArchiveRow?, limit: Int) throws(StoreError) -> [ArchiveRow] {
        try base.archives(after: last, limit: limit)
    }
    /// Leaves it to the store behind.
    public func clearable(limit: Int) throws(StoreError) -> [Int64] {
        try base.clearable(limit: limit)
    }
    /// Leaves it to the store behind.
    public func hold(ofRun key: Int64) throws(StoreError) -> HoldRow? {
        try base.hold(ofRun: key)
    }
    /// Leaves it to the store behind.
    public func holds() throws(StoreError) -> [HoldRow] {
        try base.holds()
    }
    /// Leaves it to the store behind.
    public func pins(onRun key: Int64) throws(StoreError) -> [PinRow] {
        try base.pins(onRun: key)
    }
    /// Leaves it to the store behind.
    public func pinnedRuns() throws(StoreError) -> [Int64] {
        try base.pinnedRuns()
    }
    /// Leaves it to the store behind.
    public func pins(ofRun key: Int64) throws(StoreError) -> [PinRow] {
        try base.pins(ofRun: key)
    }
    /// Leaves it to the store behind.
    public func tombstone(_ id: RunID) throws(StoreError) -> TombstoneRow? {
        try base.tombstone(id)
    }
    /// Leaves it to the store behind.
    public func tombstones(before key: Int64?, limit: Int) throws(StoreError) -> [TombstoneRow] {
        try base.tombstones(before: key, limit: limit)
    }
    /// Leaves it to the store behind.
    public func compactedSequence() throws(StoreError) -> Int64 {
        try base.compactedSequence()
    }
    /// Leaves it to the store behind.
    public func maintain() { base.maintain() }
    /// Leaves it to the store behind.
    public func close() { base.close() }
}
