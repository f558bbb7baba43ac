// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Model
import Store
import StoreSQLite
import Synchronization
import TestSupport

@testable import Retention

/// Stores that belong together, a clock, and sweeps over them.
final class Shelf {
    static let day: Int64 = 24 * 3_600_000

    let runs: any RunStore
    let catalog: any CatalogStore
    let blobs: any SweepableBlobStore
    let clock: ShelfClock
    let notes: any NoteStore
    /// Runs whose deletion was told.
    var deleted: [Int64] = []
    /// Transactions that sweeps wrote.
    var commits = 0
    /// A sweep stops after so many of them.
    var patience = Int.max

    init(
        _ runs: any RunStore,
        _ catalog: any CatalogStore,
        _ blobs: any SweepableBlobStore,
        _ clock: ShelfClock
    ) {
        self.runs = runs
        self.catalog = catalog
        self.blobs = blobs
        self.clock = clock
        notes = runs as? any NoteStore ?? MemoryNoteStore()
    }

    enum Backend: CaseIterable {
        case memory, sqlite
    }

    /// Runs `body` with empty stores, in memory or on the disk.
    static func with(_ backend: Backend, _ body: (Shelf) throws -> Void) throws {
        let clock = ShelfClock()
        switch backend {
        case .memory:
            let blobs = MemoryBlobStore { clock.now }
            try body(Shelf(MemoryRunStore(archives: blobs), MemoryCatalogStore(), blobs, clock))
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            var options = SQLiteRunStore.Options()
            options.durability = .relaxed
            let runs = try SQLiteRunStore(in: folder, options)
            let blobs = try SQLiteBlobStore(in: folder, durability: .relaxed) { clock.now }
            try body(Shelf(runs, runs, blobs, clock))
            try runs.verify()
            blobs.close()
            runs.close()
        }
    }

    var now: Timestamp { clock.now }

    func wait(days: Int64) { clock.now = clock.now + .seconds(days * 24 * 3600) }

    static func row(_ key: Int64, _ status: RunStatus) -> RunRow {
        RunRow(
            key: key,
            id: RunID(high: 1, low: UInt64(key)),
            workflow: "w",
            graphHash: "h",
            status: status,
            createdAt: Timestamp(milliseconds: key)
        )
    }

    /// Adds events to a run, each of which names a value and a text, if they are given.
    func add(
        _ count: Int = 1,
        to key: Int64,
        _ status: RunStatus,
        value: BlobRef? = nil,
        log: BlobRef? = nil
    ) throws {
        func name(_ key: String, _ blob: BlobRef?) -> String {
            blob.map { #","\#(key)":{"hash":"\#($0.hash)","size":\#($0.size)}"# } ?? ""
        }
        let last = try runs.records(ofRun: key, backwardsFrom: .max, limit: 1).first?.record
        var first = last.map { $0.firstSequence + Int64($0.count) } ?? 1
        var commit = Commit()
        for _ in 0..<count {
            let body = #"[{"type":"task.completed","data":{"n":1\#(name("blob", value))\#(name("log", log))}}]"#
            commit.records.append(
                LogRecord(runKey: key, firstSequence: first, count: 1, at: now, body: Array(body.utf8))
            )
            first += 1
        }
        var row = Self.row(key, status)
        row.lastSequence = first - 1
        row.endedAt = status.isTerminal ? now : nil
        commit.runs = [row]
        _ = try runs.commit(commit)
    }

    func put(_ text: String) throws -> BlobRef { try blobs.put(Array(text.utf8)) }

    @discardableResult
    func sweep(_ policy: RetentionPolicy = RetentionPolicy(), stepSize: Int = 3, isTrial: Bool = false) throws
        -> RetentionReport
    {
        let first = commits
        let sweep = RetentionSweep(
            runs: runs,
            catalog: catalog,
            blobs: blobs,
            notes: notes,
            sessions: runs as? any ConversationStore,
            policy: policy,
            stepSize: stepSize,
            write: { (commit) throws(StoreError) in
                self.commits += 1
                _ = try self.runs.commit(commit)
            },
            onDelete: { self.deleted.append($0.key) },
            isStopping: { self.commits - first >= self.patience }
        )
        return try sweep.run(at: now, isTrial: isTrial)
    }

    func audit() throws -> [String] {
        try StoreAudit(runs: runs, catalog: catalog, blobs: blobs, at: now).run().problems
    }

    func isStored(_ blob: BlobRef) -> Bool { (try? blobs.get(blob)) != nil }
}

/// A clock that tests move.
final class ShelfClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1000 * Shelf.day))

    var now: Timestamp {
        get { time.withLock(\.self) }
        set { time.withLock { $0 = newValue } }
    }
}
