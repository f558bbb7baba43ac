// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store
import Synchronization

/// The run store in one file, `baton.db`, of a data folder.
///
/// One connection writes and moves the write-ahead log into the file; two others read. Nobody waits for anybody:
/// a read sees what was acknowledged when it began.
public final class SQLiteRunStore: RunStore {
    /// How a store is opened.
    public struct Options: Sendable {
        /// What an acknowledged commit survives.
        public var durability = Durability.full
        /// Gives the write-ahead log its full size (32 MiB) at once and leaves it when the store closes: commits of
        /// one row become up to 1.7 times as fast. For servers; a short command would only pay for it.
        public var pregrowWAL = false
        /// The size of the write-ahead log, in pages of 4 KiB, at which a commit moves it into the file.
        public var checkpointPages = 8000
        /// Told how long each end of a transaction took: its pages are written to the log file and, unless durability is
        /// relaxed, flushed. Called by the thread that commits, so it must be quick.
        public var onFlush: (@Sendable (Duration) -> Void)?
        /// Whether changes of accounts and secrets leave an entry in the audit trail.
        public var keepsAudit = true
        /// Name of the file layer; tests put faults there.
        var vfs: String?

        /// Flushed commits, no growing ahead.
        public init() {}
    }

    private let writer: Mutex<RunWriter?>
    private let readers: ReaderPool<RunReader>
    private let archives: ArchiveReader
    /// Kept for its lock; `nil` when the store only reads.
    private let folder: DataFolder?

    /// Opens the database of a folder, or makes it.
    ///
    /// - Throws: `newer` when a newer program wrote it, `corrupted` when it is damaged or not ours, `locked` when a
    ///   program that does not lock folders has the file, `full` or `failed`. Messages say what to do.
    public convenience init(in folder: DataFolder, _ options: Options = Options()) throws(StoreError) {
        let path = folder.file(Self.fileName)
        // The writer first: it makes the file, brings it up to date and recovers what a crash left.
        let writer = try RunWriter(path, options)
        let archives = ArchiveReader(folder: folder.path, isFrozen: false)
        let readers = try ReaderPool(count: 2) { () throws(StoreError) in
            try RunReader(path, archives: archives, vfs: options.vfs)
        }
        self.init(folder, writer: writer, readers: readers, archives)
    }

    /// Opens the database of a folder without the folder's lock, whether or not a server writes it at the moment.
    ///
    /// The files are opened for reading only; SQLite makes at most the small file (`baton.db-shm`) by which readers
    /// and writers agree, so the folder must be writable unless a server has it open. A commit throws `failed`.
    /// - Throws: `missing` when there is no database yet, `newer`, `corrupted` or `failed`.
    public static func openForReading(_ folder: String) throws(StoreError) -> SQLiteRunStore {
        try open(folder, .read)
    }

    /// Opens a database that nobody writes, such as that of a backup. Nothing is written beside it.
    static func openFrozen(_ folder: String) throws(StoreError) -> SQLiteRunStore {
        try open(folder, .frozen)
    }

    private static func open(_ folder: String, _ mode: Connection.Mode) throws(StoreError) -> SQLiteRunStore {
        let path = "\(folder)/\(fileName)"
        let archives = ArchiveReader(folder: folder, isFrozen: mode == .frozen)
        let readers = try ReaderPool(count: 1) { () throws(StoreError) in
            try RunReader(path, mode, archives: archives)
        }
        return SQLiteRunStore(nil, writer: nil, readers: readers, archives)
    }

    private init(
        _ folder: DataFolder?,
        writer: consuming sending RunWriter?,
        readers: ReaderPool<RunReader>,
        _ archives: ArchiveReader
    ) {
        self.folder = folder
        self.writer = Mutex(writer)
        self.readers = readers
        self.archives = archives
    }

    static let fileName = "baton.db"

    /// Writes a commit and flushes it; see ``RunStore/commit(_:)``.
    ///
    /// After a commit that failed with `failed` every later one fails with the same error: what the disk holds is
    /// unknown until the process starts anew.
    public func commit(_ commit: Commit) throws(StoreError) -> Int64 {
        try writing { (writer) throws(StoreError) in try writer.commit(commit) }
    }

    /// Uses the writer alone.
    func writing<Value: Sendable>(
        _ body: @Sendable (RunWriter) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        guard folder != nil else {
            throw StoreError(.failed, "The database was opened for reading; only the process that holds it may write.")
        }
        return try writer.withLock { (writer) throws(StoreError) in
            guard let writer else { throw .closed }
            return try body(writer)
        }
    }

    /// Uses a reader.
    func read<Value: Sendable>(_ body: @Sendable (RunReader) throws(StoreError) -> Value) throws(StoreError) -> Value {
        try readers.read(body)
    }

    /// Gives some free room back to the disk and moves the write-ahead log into the file, if that is worth a flush (1,000
    /// pages). Call it when nothing waits to be written; it blocks for some milliseconds then, and costs nothing otherwise.
    public func maintain() {
        writer.withLock { $0?.maintain() }
    }

    /// Gives all free room back that is worth it. Blocks for as long as that takes, but others may write in between.
    public func compact() {
        while writer.withLock({ $0?.releaseRoom() ?? false }) {}
        writer.withLock { $0?.checkpoint(atLeast: 1) }
    }

    /// Reads the whole database and checks its structure and every record of the log. Takes seconds per GiB.
    ///
    /// - Throws: `corrupted` for the first thing that is wrong.
    public func verify() throws(StoreError) {
        try readers.read { (reader) throws(StoreError) in try reader.verify() }
    }

    /// What SQLite finds wrong with the structure of the file.
    func structureProblems() throws(StoreError) -> [String] {
        try readers.read { (reader) throws(StoreError) in try reader.structureProblems() }
    }

    /// The format of the file.
    func format() throws(StoreError) -> Int64 {
        try readers.read { (reader) throws(StoreError) in try reader.format() }
    }

    /// Closes the files. Every later call throws.
    public func close() {
        // Readers first: the last connection to leave writes the log into the file, and that must be the writer.
        readers.close()
        archives.close()
        writer.withLock { writer in
            guard writer != nil else { return }
            CrashPoint.beforeCheckpoint.reach()
            writer = nil
            CrashPoint.afterCheckpoint.reach()
        }
    }

    deinit {
        close()
    }

    /// For tests: the writer refuses to make the database file larger than that, or than it is.
    func limitPages(to count: Int) throws(StoreError) {
        try writer.withLock { (writer) throws(StoreError) in try writer?.limitPages(to: count) }
    }
}

extension SQLiteRunStore {
    /// The last global sequence number.
    public func lastSequence() throws(StoreError) -> Int64 {
        try readers.read { (reader) throws(StoreError) in try reader.lastSequence() }
    }

    /// The row with that id.
    public func run(_ id: RunID) throws(StoreError) -> RunRow? {
        try readers.read { (reader) throws(StoreError) in try reader.run(id) }
    }

    /// The row with that key.
    public func run(key: Int64) throws(StoreError) -> RunRow? {
        try readers.read { (reader) throws(StoreError) in try reader.run(key: key) }
    }

    /// The largest key given to a run so far.
    public func lastRunKey() throws(StoreError) -> Int64 {
        try readers.read { (reader) throws(StoreError) in try reader.lastRunKey() }
    }

    /// Runs, newest first.
    public func runs(_ filter: RunFilter) throws(StoreError) -> [RunRow] {
        try readers.read { (reader) throws(StoreError) in try reader.runs(filter) }
    }

    /// Records of one run; `corrupted` when one does not fit the one before it.
    public func records(ofRun key: Int64, after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        try readers.read { (reader) throws(StoreError) in
            try reader.records(ofRun: key, after: sequence, limit: limit)
        }
    }

    /// Records of all runs; `corrupted` when one does not fit the one before it in its run.
    public func records(after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        try readers.read { (reader) throws(StoreError) in try reader.records(after: sequence, limit: limit) }
    }

    /// Records of one run that hold events of a range; `corrupted` when one does not fit the one before it.
    public func records(
        ofRun key: Int64,
        in range: ClosedRange<Int64>,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        try readers.read { (reader) throws(StoreError) in try reader.records(ofRun: key, in: range, limit: limit) }
    }

    /// Records of one run, the newest first; `corrupted` when one does not fit the one before it.
    public func records(
        ofRun key: Int64,
        backwardsFrom sequence: Int64,
        limit: Int
    ) throws(StoreError) -> [StoredRecord] {
        try readers.read { (reader) throws(StoreError) in
            try reader.records(ofRun: key, backwardsFrom: sequence, limit: limit)
        }
    }

    /// How many runs have not ended, by whose they are and their status.
    public func openRunCounts() throws(StoreError) -> [RunCount] {
        try readers.read { (reader) throws(StoreError) in try reader.openRunCounts() }
    }

    /// Runs that have not ended, by key.
    public func openRuns() throws(StoreError) -> [OpenRunRow] {
        try readers.read { (reader) throws(StoreError) in try reader.openRuns() }
    }

    /// Runs with records at the end of the log.
    public func recentRuns(within span: Duration) throws(StoreError) -> Set<Int64> {
        try readers.read { (reader) throws(StoreError) in try reader.recentRuns(within: span) }
    }

    /// Tasks that wait for a signal.
    public func awaitedSignals() throws(StoreError) -> [AwaitedSignalRow] {
        try readers.read { (reader) throws(StoreError) in try reader.awaitedSignals() }
    }

    /// Open tasks, by run and task.
    public func openTasks(ofRun key: Int64?) throws(StoreError) -> [TaskRow] {
        try readers.read { (reader) throws(StoreError) in try reader.openTasks(ofRun: key) }
    }

    /// Timers by time.
    public func timers(ofRun key: Int64?) throws(StoreError) -> [TimerRow] {
        try readers.read { (reader) throws(StoreError) in try reader.timers(ofRun: key) }
    }

    /// The largest timer number so far.
    public func lastTimerNumber() throws(StoreError) -> Int64 {
        try readers.read { (reader) throws(StoreError) in try reader.lastTimerNumber() }
    }

    /// The request with that id.
    public func humanTask(_ id: HumanTaskID) throws(StoreError) -> HumanTaskRow? {
        try readers.read { (reader) throws(StoreError) in try reader.humanTask(id) }
    }

    /// Requests to people, oldest first.
    public func humanTasks(_ filter: HumanTaskFilter) throws(StoreError) -> [HumanTaskRow] {
        try readers.read { (reader) throws(StoreError) in try reader.humanTasks(filter) }
    }

    /// The definition with that graph hash.
    public func definition(_ hash: String) throws(StoreError) -> DefinitionRow? {
        try readers.read { (reader) throws(StoreError) in try reader.definition(hash) }
    }

    /// Messages above `number`.
    public func outbox(after number: Int64, limit: Int) throws(StoreError) -> [OutboxMessage] {
        try readers.read { (reader) throws(StoreError) in try reader.outbox(after: number, limit: limit) }
    }

    /// How far a consumer got.
    public func cursor(of consumer: String) throws(StoreError) -> Int64 {
        try readers.read { (reader) throws(StoreError) in try reader.cursor(of: consumer) }
    }
}
