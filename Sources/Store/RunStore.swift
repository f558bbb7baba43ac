// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What must not be lost: the log and the rows derived from it.
///
/// One process writes. ``commit(_:)`` is called from one thread at a time; reads may come from any thread and never
/// wait for the writer. All calls block: never make them from a task of the default pool.
public protocol RunStore: RetentionStore {
    /// Writes everything in `commit` in one transaction and flushes it; either all of it is durable or none.
    ///
    /// Records get the next global sequence numbers in the order they are listed; numbers are dense from 1.
    /// - Returns: The global sequence number of the first event; the last number so far when there are no records.
    /// - Throws: `full` (nothing was written; try again when there is room), `conflict` (a run's sequence number is
    ///   taken: another writer; or a schedule's name is that of another one), or `failed` (the flush failed: the process must stop and never acknowledge).
    func commit(_ commit: Commit) throws(StoreError) -> Int64

    /// The last global sequence number; 0 when nothing was written.
    func lastSequence() throws(StoreError) -> Int64

    /// The row with that id.
    func run(_ id: RunID) throws(StoreError) -> RunRow?
    /// The row with that key.
    func run(key: Int64) throws(StoreError) -> RunRow?
    /// The largest key given to a run so far, deleted ones too; 0 when there is none.
    func lastRunKey() throws(StoreError) -> Int64
    /// Runs, newest first.
    func runs(_ filter: RunFilter) throws(StoreError) -> [RunRow]

    /// How many runs have not ended, by whose they are and their status, in no order.
    func openRunCounts() throws(StoreError) -> [RunCount]
    /// Every run that has not ended, by key.
    func openRuns() throws(StoreError) -> [OpenRunRow]
    /// Keys of the runs that have records in the last `span` of the log, counted back from its last record.
    func recentRuns(within span: Duration) throws(StoreError) -> Set<Int64>
    /// Tasks that wait for a signal.
    func awaitedSignals() throws(StoreError) -> [AwaitedSignalRow]

    /// Records of one run that hold events with a sequence number above `sequence`, in order. The first record may
    /// begin at or before `sequence`.
    func records(ofRun key: Int64, after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord]
    /// Records of all runs that hold events with a global number above `sequence`, in order, likewise. Those that were
    /// packed or deleted are missing; see ``RetentionStore/compactedSequence()``.
    func records(after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord]
    /// Records of one run that hold events numbered in `range`, in order. The first record may begin before the range,
    /// the last one may end after it.
    func records(ofRun key: Int64, in range: ClosedRange<Int64>, limit: Int) throws(StoreError) -> [StoredRecord]
    /// Records of one run that hold events numbered below `sequence`, the newest first. The first record may reach
    /// beyond it.
    func records(ofRun key: Int64, backwardsFrom sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord]

    /// The newest snapshot of a run that is not of an event after `sequence`. One whose bytes in the row are not those
    /// that were written is passed over; whoever reads a blob notices by its hash.
    func snapshot(ofRun key: Int64, atMost sequence: Int64) throws(StoreError) -> SnapshotRow?
    /// Of which events of a run there are snapshots, in order, damaged ones included.
    func snapshotSequences(ofRun key: Int64) throws(StoreError) -> [Int64]

    /// Open tasks of one run, or of all.
    func openTasks(ofRun key: Int64?) throws(StoreError) -> [TaskRow]
    /// Timers of one run, or of all, by time.
    func timers(ofRun key: Int64?) throws(StoreError) -> [TimerRow]
    /// The largest timer number so far; 0 when there is none.
    func lastTimerNumber() throws(StoreError) -> Int64

    /// The request with that id.
    func humanTask(_ id: HumanTaskID) throws(StoreError) -> HumanTaskRow?
    /// Requests to people, oldest first; those of one instant by id.
    func humanTasks(_ filter: HumanTaskFilter) throws(StoreError) -> [HumanTaskRow]

    /// The definition with that graph hash.
    func definition(_ hash: String) throws(StoreError) -> DefinitionRow?

    /// The schedule with that id.
    func schedule(_ id: ScheduleID) throws(StoreError) -> ScheduleRow?
    /// The schedule of that tenant with that name.
    func schedule(named name: String, in tenant: String) throws(StoreError) -> ScheduleRow?
    /// All schedules by the bytes of their names, and those of their tenants.
    func schedules() throws(StoreError) -> [ScheduleRow]

    /// What is paused above single runs, by kind and the bytes of the name.
    func pauses() throws(StoreError) -> [PauseRow]

    /// Figures of every queue that has an open task or a dead letter, by the bytes of its name; of one tenant, or of all.
    func queues(ofTenant tenant: String?) throws(StoreError) -> [QueueFigures]
    /// Open tasks of a queue.
    func queueTasks(_ filter: QueueTaskFilter) throws(StoreError) -> [QueueTaskRow]
    /// Dead letters.
    func deadLetters(_ filter: DeadLetterFilter) throws(StoreError) -> [DeadLetterRow]
    /// The dead letter of a task.
    func deadLetter(of key: TaskKey) throws(StoreError) -> DeadLetterRow?
    /// The queues of tasks that have a dead letter.
    func deadLetterQueues() throws(StoreError) -> [TaskKey: String]

    /// What was made known to the engine: all of a kind, by the bytes of tenant and name.
    func registrations(_ kind: RegistrationRow.Kind) throws(StoreError) -> [RegistrationRow]

    /// Messages with a number above `number`, in order.
    func outbox(after number: Int64, limit: Int) throws(StoreError) -> [OutboxMessage]
    /// How far a consumer got; 0 at first.
    func cursor(of consumer: String) throws(StoreError) -> Int64

    /// The answer kept for a request, expired or not.
    func idempotency(principal: String, key: String) throws(StoreError) -> IdempotencyRow?
    /// The number of the event in which a run took a message in; `nil` when it has not.
    func inbox(ofRun key: Int64, message: String) throws(StoreError) -> Int64?
    /// Kept signals, the oldest first; those of one instant by target and dedupe key.
    func signals(_ filter: SignalFilter) throws(StoreError) -> [SignalRow]
    /// The entry of the cache with that key, ended or not.
    func cached(_ key: CacheRow.Key) throws(StoreError) -> CacheRow?
    /// Entries of the cache.
    func cache(_ filter: CacheFilter) throws(StoreError) -> [CacheRow]
    /// What all entries of the cache come to. Reads them all.
    func cacheTotals() throws(StoreError) -> CacheTotals
    /// How many rows the step would remove.
    func count(_ expiry: Expiry) throws(StoreError) -> Int

    /// What rows outside the log name blobs by, page by page: snapshots, signals, answers, the cache, messages on their
    /// way out.
    func blobNames(after position: BlobNamePage.Position?) throws(StoreError) -> BlobNamePage

    /// The periods of a budget, the newest first.
    func budgets(of scope: BudgetScope, limit: Int) throws(StoreError) -> [BudgetRow]
    /// Every budget that is not closed, by account.
    func openBudgets() throws(StoreError) -> [BudgetRow]
    /// Every reservation that may still change, by id.
    func reservations() throws(StoreError) -> [ReservationRow]
    /// Usage records, the newest first.
    func usage(_ filter: UsageFilter) throws(StoreError) -> [UsageRow]
    /// Sums of the usage records that a filter lets through, by what they are for; the dearest first, at most as many as
    /// its limit says. Without groupings one sum of all, if there are any. Reads all records that it sums.
    func usageTotals(_ filter: UsageFilter, by groupings: [UsageGrouping]) throws(StoreError) -> [UsageTotal]
    /// Every token bucket that may not be full, by key.
    func buckets() throws(StoreError) -> [BucketRow]

    /// Housekeeping; called from the thread that commits while there is nothing else to do. Failures show up in the
    /// next commit.
    func maintain()

    /// Releases what is held. No call may follow.
    func close()
}

/// One transaction. What is removed is removed after everything was written, so removing wins.
public struct Commit: Sendable {
    /// Events, per run in order; numbers within a run continue its log.
    public var records: [LogRecord] = []
    /// Definitions to add; one that exists is left alone.
    public var definitions: [DefinitionRow] = []
    /// Runs to insert or replace, by key.
    public var runs: [RunRow] = []
    /// Open tasks to insert or replace, by run and task.
    public var tasks: [TaskRow] = []
    /// Tasks that are not open any more; a missing one is no error.
    public var closedTasks: [TaskKey] = []
    /// Timers to insert.
    public var timers: [TimerRow] = []
    /// Timers to remove; a missing one is no error.
    public var removedTimers: [TimerRow] = []
    /// Requests to people to insert or replace, by id.
    public var humanTasks: [HumanTaskRow] = []
    /// Schedules to insert or replace, by id, in this order. A name is free when no other schedule has it, not even one
    /// that this commit removes.
    public var schedules: [ScheduleRow] = []
    /// Schedules to remove; a missing one is no error.
    public var removedSchedules: [ScheduleID] = []
    /// Pauses to insert or replace, by scope.
    public var pauses: [PauseRow] = []
    /// Pauses to lift; a missing one is no error.
    public var liftedPauses: [PauseScope] = []
    /// Dead letters to insert or replace, by task.
    public var deadLetters: [DeadLetterRow] = []
    /// Dead letters that are none any more; a missing one is no error.
    public var removedDeadLetters: [TaskKey] = []
    /// Registrations to insert or replace, by key.
    public var registrations: [RegistrationRow] = []
    /// Registrations to remove; a missing one is no error.
    public var removedRegistrations: [RegistrationRow.Key] = []
    /// What leaves the store: (kind, target, body). Numbers follow on densely.
    public var outbox: [OutboxMessage.Content] = []
    /// New positions of outbox consumers; messages behind every cursor are removed in time.
    public var cursors: [String: Int64] = [:]
    /// Snapshots to insert or replace, by run and sequence.
    public var snapshots: [SnapshotRow] = []
    /// Snapshots to remove; missing ones are no error.
    public var staleSnapshots: [StaleSnapshots] = []
    /// Answers to insert or replace, by principal and key.
    public var idempotency: [IdempotencyRow] = []
    /// Messages taken in; `conflict` when the run took one in before.
    public var inbox: [InboxRow] = []
    /// Signals to keep; one whose key is there is left alone.
    public var signals: [SignalRow] = []
    /// Signals that found who waits for them, or that nobody wants; a missing one is no error.
    public var removedSignals: [SignalRow.Key] = []
    /// Entries of the cache to insert or replace, by key.
    public var cache: [CacheRow] = []
    /// Uses of entries, counted after the inserts; `conflict` when an entry is gone, because the blob it named may be
    /// gone too.
    public var cacheUses: [CacheUse] = []
    /// Entries of the cache to remove; a missing one is no error.
    public var removedCache: [CacheRow.Key] = []
    /// Rows to remove because their time is over.
    public var expiries: [Expiry] = []
    /// Budgets to insert or replace, by account.
    public var budgets: [BudgetRow] = []
    /// Reservations to insert or replace, by id.
    public var reservations: [ReservationRow] = []
    /// Reservations that were settled or released; a missing one is no error.
    public var removedReservations: [ReservationID] = []
    /// Tasks that ended well, by id: what their last attempt wrote down as a turn of a thread gets its number, see
    /// ``ConversationStore``. One without such a turn is no error.
    public var keptTurns: [String] = []
    /// Usage records to add; `conflict` when an id is taken.
    public var usage: [UsageRow] = []
    /// Token buckets to insert or replace, by key.
    public var buckets: [BucketRow] = []
    /// Token buckets that are full; a missing one is no error.
    public var removedBuckets: [String] = []
    /// Packed records, each of which follows on what is packed of its run; `conflict` when it does not, or is not what
    /// the log holds. The blobs are put before.
    public var archives: [ArchiveRow] = []
    /// Holds to insert or replace, by run; `conflict` when there is no such run.
    public var holds: [HoldRow] = []
    /// Runs that are not held any more; one that is not held is no error.
    public var releasedHolds: [Int64] = []
    /// Pins to insert or replace, by both runs; `conflict` when there is no such origin.
    public var pins: [PinRow] = []
    /// Runs to delete; `conflict` when one must not be deleted.
    public var deletions: [RunDeletion] = []
    /// Rows to remove that archives and deletions left behind, of this commit too.
    public var clearings: [Clearing] = []

    /// An empty transaction.
    public init() {}
}

/// Consecutive events of one run that became durable together: one row of the log.
public struct LogRecord: Sendable, Equatable {
    /// The run.
    public var runKey: Int64
    /// The number of the first event within the run, from 1.
    public var firstSequence: Int64
    /// How many events `body` holds, at least 1.
    public var count: Int
    /// When, Unix milliseconds.
    public var at: Timestamp
    /// A JSON array of `count` events.
    public var body: [UInt8]

    /// Puts a record together.
    public init(runKey: Int64, firstSequence: Int64, count: Int, at: Timestamp, body: [UInt8]) {
        self.runKey = runKey
        self.firstSequence = firstSequence
        self.count = count
        self.at = at
        self.body = body
    }
}

/// A record as read back, checked against its checksum.
public struct StoredRecord: Sendable, Equatable {
    /// The global number of its first event.
    public var globalSequence: Int64
    /// What was written.
    public var record: LogRecord

    /// Puts a stored record together.
    public init(globalSequence: Int64, record: LogRecord) {
        self.globalSequence = globalSequence
        self.record = record
    }
}
