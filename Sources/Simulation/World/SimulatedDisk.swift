// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
internal import Model
internal import Store

/// What one data folder holds, and how its disk behaves. What is in `rows` and `blobs` is durable; nothing else is.
///
/// Used by the one thread of a simulation only, like everything that shares it.
final class SimulatedDisk: @unchecked Sendable {
    var rows = MemoryRunStore()
    let blobs = MemoryBlobStore()
    /// No room is left.
    var isFull = false
    /// The next flush fails: with the data on the disk, or without.
    var flushFailure: FlushFailure?
    /// That many reads fail.
    var failingReads = 0
    /// The process dies when it gets there.
    var crashPoint: CrashPoint?
    /// A mistake that is put in on purpose, to see whether it is found.
    var flaw: Flaw?
    /// The step of the simulation, and the life of the process.
    var step = 0
    var life = 0

    private(set) var transitions = 0
    /// Where each commit ends, and when it was made.
    private(set) var commits: [(lastSequence: Int64, step: Int, life: Int)] = []
    /// The largest number of an event that a caller was told to be durable.
    private(set) var acknowledged: Int64 = 0
    private var journal: [Commit] = []

    enum FlushFailure { case written, lost }

    func apply(_ commit: Commit) throws(StoreError) -> Int64 {
        let changed = flaw?.change(commit) ?? commit
        let first = try rows.commit(changed)
        if flaw == .losesLastCommit { journal.append(changed) }
        transitions += changed.records.reduce(0) { $0 + $1.count }
        commits.append((rows.lastSequence(), step, life))
        return first
    }

    func acknowledge() {
        acknowledged = rows.lastSequence()
    }

    /// Power is cut. What was flushed stays, unless the flaw is that it does not.
    func cutPower() {
        guard flaw == .losesLastCommit, !journal.isEmpty else { return }
        journal.removeLast()
        rows = MemoryRunStore()
        commits.removeLast()
        // They fitted before.
        for commit in journal { _ = try? rows.commit(commit) }
    }

    /// The position of the commit that made the event with that number durable.
    func commit(of sequence: Int64) -> Int {
        var (low, high) = (0, commits.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if commits[middle].lastSequence >= sequence { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// SHA-256 over all records, in order.
    var logHash: String {
        var bytes: [UInt8] = []
        for stored in rows.records(after: 0, limit: .max) {
            let record = stored.record
            for number in [record.runKey, record.firstSequence, Int64(record.count), record.at.milliseconds] {
                withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
            }
            bytes.append(contentsOf: record.body)
        }
        return SHA256.hex(bytes)
    }
}

/// What one process sees of the disk. Once the process is dead, it reaches nothing any more.
final class ProcessDisk: @unchecked Sendable {
    // Used by the one thread of a simulation only.
    let disk: SimulatedDisk
    private(set) var isDead = false
    /// The disk failed it, so that it may stop by itself.
    private(set) var hadFault = false

    init(_ disk: SimulatedDisk) {
        self.disk = disk
    }

    func die() {
        isDead = true
    }

    /// Dies here if that is due.
    func reach(_ point: CrashPoint) throws(StoreError) {
        if disk.crashPoint == point {
            disk.crashPoint = nil
            die()
        }
        try stayAlive()
    }

    func stayAlive() throws(StoreError) {
        if isDead { throw StoreError(.failed, "this process is dead") }
    }

    func read() throws(StoreError) {
        try stayAlive()
        guard disk.failingReads > 0 else { return }
        disk.failingReads -= 1
        hadFault = true
        throw StoreError(.failed, "the disk does not answer")
    }
}

/// The run store of one process on a ``SimulatedDisk``.
struct SimulatedStore: RunStoreDecorator {
    let process: ProcessDisk
    var base: MemoryRunStore { process.disk.rows }

    func commit(_ commit: Commit) throws(StoreError) -> Int64 {
        let disk = process.disk
        if !commit.removedTimers.isEmpty { try process.reach(.timerBeforeFire) }
        try process.reach(.beforeCommit)
        try process.reach(.insideCommit)
        if disk.isFull { throw StoreError(.full, "no room is left") }
        if let failure = disk.flushFailure {
            disk.flushFailure = nil
            process.die()
            if failure == .written { _ = try disk.apply(commit) }
            throw StoreError(.failed, "the flush failed")
        }
        let first = try disk.apply(commit)
        try process.reach(.afterCommit)
        disk.acknowledge()
        return first
    }

    func records(ofRun key: Int64, after sequence: Int64, limit: Int) throws(StoreError) -> [StoredRecord] {
        try process.reach(.recovery)
        try process.read()
        return try base.records(ofRun: key, after: sequence, limit: limit)
    }

    func run(_ id: RunID) throws(StoreError) -> RunRow? {
        try process.read()
        return base.run(id)
    }

    func humanTask(_ id: HumanTaskID) throws(StoreError) -> HumanTaskRow? {
        try process.read()
        return base.humanTask(id)
    }

    func openRuns() throws(StoreError) -> [OpenRunRow] {
        try process.stayAlive()
        return base.openRuns()
    }
}

/// The blob store of one process on a ``SimulatedDisk``.
struct SimulatedBlobs: BlobStore {
    let process: ProcessDisk

    func put(_ bytes: [UInt8]) throws(StoreError) -> BlobRef {
        try process.reach(.blobBeforePut)
        if process.disk.isFull { throw StoreError(.full, "no room is left") }
        let blob = process.disk.blobs.put(bytes)
        try process.reach(.blobAfterPut)
        return blob
    }

    func get(_ blob: BlobRef) throws(StoreError) -> [UInt8] {
        try process.read()
        return try process.disk.blobs.get(blob)
    }
}

/// Mistakes that tests put in, to see that the checks find them.
enum Flaw: String, Sendable {
    /// A commit that was answered is gone after a crash.
    case losesLastCommit
    /// Timers are not stored.
    case dropsTimers
    /// Rows of tasks that ended stay.
    case keepsClosedTasks
    /// An old attempt's result is handed in under the lease of the present one.
    case forgesFences

    func change(_ commit: Commit) -> Commit {
        var changed = commit
        switch self {
        case .dropsTimers: changed.timers = []
        case .keepsClosedTasks: changed.closedTasks = []
        case .losesLastCommit, .forgesFences: break
        }
        return changed
    }
}
