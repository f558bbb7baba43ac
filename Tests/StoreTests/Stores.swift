// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import StoreSQLite
import TestSupport

/// The stores that one suite of tests holds to the same contract.
enum Backend: CaseIterable {
    case memory, sqlite

    /// Runs `body` with an empty store.
    func runs(_ body: (any RunStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryRunStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteRunStore(in: folder)
            try body(store)
            store.close()
        }
    }

    /// Runs `body` with an empty catalogue.
    func catalog(_ body: (any CatalogStore) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryCatalogStore())
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteRunStore(in: folder)
            try body(store)
            store.close()
        }
    }

    /// Runs `body` with an empty blob store.
    func blobs(
        now: @escaping @Sendable () -> Timestamp = { Timestamp(milliseconds: 0) },
        _ body: (any SweepableBlobStore) throws -> Void
    ) throws {
        switch self {
        case .memory: try body(MemoryBlobStore(now: now))
        case .sqlite:
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let store = try SQLiteBlobStore(in: folder, now: now)
            try body(store)
            store.close()
        }
    }
}

/// The code of the error that `body` throws, if it throws one.
func code(_ body: () throws -> Void) -> StoreError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? StoreError)?.code
    }
}

extension LogRecord {
    /// A record whose body names its events.
    static func sample(run: Int64, from first: Int64, count: Int = 1) -> LogRecord {
        let events = (0..<count).map { #"{"type":"test","node":"n\#(first + Int64($0))"}"# }
        return LogRecord(
            runKey: run,
            firstSequence: first,
            count: count,
            at: Timestamp(milliseconds: 1000 + first),
            body: Array("[\(events.joined(separator: ","))]".utf8)
        )
    }
}

extension RunRow {
    static func sample(_ key: Int64, _ status: RunStatus = .queued, workflow: String = "w") -> RunRow {
        RunRow(
            key: key,
            id: RunID(high: 1, low: UInt64(key)),
            workflow: workflow,
            graphHash: "sha256:\(key)",
            status: status,
            createdAt: Timestamp(milliseconds: key)
        )
    }

    /// Every field is set.
    static func full(_ key: Int64) -> RunRow {
        RunRow(
            key: key,
            id: RunID(high: .max >> 1, low: .max),
            workflow: "wörk\0flow",
            graphHash: "sha256:x",
            status: .waiting,
            reason: .retry,
            lastSequence: 9,
            endedTasks: 2,
            allTasks: 3,
            error: "a: b",
            createdAt: Timestamp(milliseconds: -1),
            startedAt: Timestamp(milliseconds: 2),
            endedAt: Timestamp(milliseconds: 3),
            deadline: Timestamp(milliseconds: .max)
        )
    }
}

extension HumanTaskRow {
    static func sample(_ number: UInt64, run: Int64, at: Int64, _ status: HumanTaskStatus = .open) -> HumanTaskRow {
        HumanTaskRow(
            id: HumanTaskID(high: 2, low: number),
            key: TaskKey(runKey: run, task: Int(number)),
            run: RunID(high: 1, low: UInt64(run)),
            node: "ask",
            kind: "approval",
            status: status,
            title: "Go?",
            message: "Shall \"we\"?\n",
            assignees: ["user:a\\b", "role:\"é\""],
            openedAt: Timestamp(milliseconds: at),
            expiresAt: nil
        )
    }
}
