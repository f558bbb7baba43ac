// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import TestSupport

@testable import StoreSQLite

/// The error that `body` throws, if it throws one.
func failure(_ body: () throws -> Void) -> StoreError? {
    do {
        try body()
        return nil
    } catch {
        return error as? StoreError ?? StoreError(.failed, "no store error: \(error)")
    }
}

/// Runs `body` with a store in a new folder and closes it.
func withStore(
    _ options: SQLiteRunStore.Options = .init(),
    _ body: (SQLiteRunStore, String) throws -> Void
) throws {
    let temporary = TemporaryFolder()
    try withStore(at: temporary.path, options) { store in try body(store, temporary.path) }
}

/// Runs `body` with the store of a folder and closes it.
func withStore(
    at path: String,
    _ options: SQLiteRunStore.Options = .init(),
    _ body: (SQLiteRunStore) throws -> Void
) throws {
    let folder = try DataFolder(locking: path, command: "test")
    let store = try SQLiteRunStore(in: folder, options)
    defer {
        store.close()
        folder.unlock()
    }
    try body(store)
}

extension Commit {
    /// The n-th of a series: 1 to 3 events of each of two runs, a task that opens and one that closes.
    static func step(_ number: Int, bodySize: Int = 300) -> Commit {
        var commit = Commit()
        for run in [1, 2] as [Int64] {
            let counts = (0..<number).map { ($0 + Int(run)) % 3 + 1 }
            let first = Int64(counts.reduce(1, +))
            let count = (number + Int(run)) % 3 + 1
            let text = String(repeating: "x", count: bodySize)
            let events = (0..<count).map { #"{"type":"test","node":"n\#(first + Int64($0))","text":"\#(text)"}"# }
            commit.records.append(
                LogRecord(
                    runKey: run,
                    firstSequence: first,
                    count: count,
                    at: Timestamp(milliseconds: Int64(number)),
                    body: Array("[\(events.joined(separator: ","))]".utf8)
                )
            )
            commit.runs.append(
                RunRow(
                    key: run,
                    id: RunID(high: 1, low: UInt64(run)),
                    workflow: "w",
                    graphHash: "h",
                    status: .running,
                    lastSequence: first + Int64(count) - 1,
                    createdAt: Timestamp(milliseconds: 0)
                )
            )
            commit.tasks.append(
                TaskRow(
                    key: TaskKey(runKey: run, task: number),
                    status: .ready,
                    priority: 0,
                    attempt: 0,
                    fence: 0
                )
            )
            if number > 0 { commit.closedTasks.append(TaskKey(runKey: run, task: number - 1)) }
        }
        return commit
    }
}

/// What a store must hold after the first `count` steps, and nothing else.
func holds(_ store: SQLiteRunStore, steps count: Int) throws -> Bool {
    let expected = (0..<count).map { Commit.step($0) }.flatMap(\.records)
    let found = try store.records(after: 0, limit: 100_000)
    let tasks = try store.openTasks(ofRun: nil).map(\.key.task)
    return found.map(\.record) == expected && tasks == (count > 0 ? [count - 1, count - 1] : [])
}
