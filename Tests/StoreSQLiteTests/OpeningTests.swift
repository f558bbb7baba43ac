// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import Testing
import TestSupport

@testable import StoreSQLite

@Suite struct OpeningTests {
    /// The error of opening a folder for writing, and of opening it for reading.
    private func failures(_ path: String) throws -> [StoreError?] {
        let folder = try DataFolder(locking: path, command: "test")
        defer { folder.unlock() }
        return [
            failure { _ = try SQLiteRunStore(in: folder) },
            failure { _ = try SQLiteRunStore.openForReading(path) },
        ]
    }

    @Test func `everything is there after the store was closed and opened again`() throws {
        let temporary = TemporaryFolder()
        var commit = Commit.step(0)
        let time = Timestamp(milliseconds: 7)
        let timer = TimerRow(fireAt: time, number: 9, key: TaskKey(runKey: 1, task: -1), kind: .deadline)
        let definition = DefinitionRow(hash: "h", name: "n", source: [1], graph: [2], createdAt: time)
        commit.timers = [timer]
        commit.definitions = [definition]
        commit.outbox = [.init(kind: "k", target: "t", body: [0])]
        commit.cursors = ["c": 4]
        try withStore(at: temporary.path) { store in _ = try store.commit(commit) }
        try withStore(at: temporary.path) { (store) throws in
            #expect(try holds(store, steps: 1))
            #expect(try store.runs(RunFilter()) == commit.runs.reversed())
            #expect(try store.timers(ofRun: nil) == [timer])
            #expect(try store.definition("h") == definition)
            #expect(try store.outbox(after: 0, limit: 9).map(\.number) == [1])
            #expect(try store.cursor(of: "c") == 4)
            // What is counted in memory goes on where it was.
            var next = Commit.step(1)
            next.removedTimers = [timer]
            next.outbox = commit.outbox
            #expect(try store.commit(next) == 6)
            #expect(try store.outbox(after: 0, limit: 9).map(\.number) == [1, 2])
        }
        try withStore(at: temporary.path) { store in
            let last = try store.lastTimerNumber()
            #expect(last == 9)
        }
    }

    @Test func `a log without its database is refused and kept`() throws {
        for isEmptied in [true, false] {
            let temporary = TemporaryFolder()
            let copy = TemporaryFolder()
            try withStore(at: temporary.path) { store in
                _ = try store.commit(.step(0))
                // What a process that was killed leaves behind.
                try writeFile(copy.path + "/baton.db-wal", try readFile(temporary.path + "/baton.db-wal"))
            }
            if isEmptied { try writeFile(copy.path + "/baton.db", []) }
            let log = try readFile(copy.path + "/baton.db-wal")
            for error in try failures(copy.path) {
                #expect(error?.code == .corrupted)
                #expect(error?.message.contains("baton.db-wal holds commits") == true)
            }
            #expect(try readFile(copy.path + "/baton.db-wal") == log)
        }
    }

    @Test func `a database of a newer program is refused`() throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { _ in }
        try Connection.open(temporary.path + "/baton.db", .write).execute("PRAGMA user_version = 99")
        for error in try failures(temporary.path) {
            #expect(error?.code == .newer)
            #expect(error?.message.contains("99") == true)
        }
    }

    @Test func `a database of another program is refused`() throws {
        let temporary = TemporaryFolder()
        try Connection.open(temporary.path + "/baton.db", .write).execute("CREATE TABLE a(b)")
        for error in try failures(temporary.path) {
            #expect(error?.code == .corrupted)
            #expect(error?.message.contains("another program") == true)
        }
    }

    @Test func `a file that is no database is refused and left alone`() throws {
        let temporary = TemporaryFolder()
        let garbage = [UInt8](repeating: 0x42, count: 10_000)
        try writeFile(temporary.path + "/baton.db", garbage)
        for error in try failures(temporary.path) {
            #expect(error?.code == .corrupted)
            #expect(error?.message.contains(temporary.path) == true)
        }
        #expect(try readFile(temporary.path + "/baton.db") == garbage)
    }

    @Test func `reading needs a database but no lock, and sees each commit at once`() throws {
        let temporary = TemporaryFolder()
        let error = failure { _ = try SQLiteRunStore.openForReading(temporary.path) }
        #expect(error?.code == .missing)
        #expect(error?.message.contains("BATON_HOME") == true)
        try withStore(at: temporary.path) { store in
            let reader = try SQLiteRunStore.openForReading(temporary.path)
            for number in 0..<5 {
                _ = try store.commit(.step(number))
                #expect(try holds(reader, steps: number + 1))
            }
            #expect(failure { _ = try reader.commit(.step(5)) }?.code == .failed)
            reader.close()
            #expect(failure { _ = try reader.lastSequence() }?.code == .failed)
        }
        let reader = try SQLiteRunStore.openForReading(temporary.path)
        #expect(try holds(reader, steps: 5))
        reader.close()
    }

    @Test func `a closed store refuses everything`() throws {
        let temporary = TemporaryFolder()
        let folder = try DataFolder(locking: temporary.path, command: "test")
        let store = try SQLiteRunStore(in: folder)
        store.close()
        store.close()
        #expect(failure { _ = try store.commit(.step(0)) }?.code == .failed)
        #expect(failure { _ = try store.lastSequence() }?.code == .failed)
        folder.unlock()
    }

    @Test func `a store keeps its folder`() throws {
        let temporary = TemporaryFolder()
        var folder: DataFolder? = try DataFolder(locking: temporary.path, command: "test")
        let store = try folder.map { try SQLiteRunStore(in: $0) }
        folder = nil
        #expect(failure { _ = try DataFolder(locking: temporary.path, command: "test") }?.code == .locked)
        store?.close()
    }

    @Test func `the log file grows ahead only when asked and is kept then`() throws {
        var options = SQLiteRunStore.Options()
        options.pregrowWAL = true
        // More than making all tables writes.
        options.checkpointPages = 500
        let temporary = TemporaryFolder()
        let log = temporary.path + "/baton.db-wal"
        try withStore(at: temporary.path, options) { store in
            let size = try readFile(log).count
            #expect(size == 32 + 500 * (4096 + 24))
            for number in 0..<8 { _ = try store.commit(.step(number)) }
            #expect(try readFile(log).count == size)
        }
        #expect(try readFile(log).count == 32 + 500 * (4096 + 24))
        try withStore(at: temporary.path, options) { store in
            try store.verify()
            #expect(try holds(store, steps: 8))
        }
        try withStore(at: temporary.path) { store in
            let isWhole = try holds(store, steps: 8)
            #expect(isWhole)
        }
        #expect(access(log, F_OK) != 0)
    }

    @Test func `checkpoints keep the log file small`() throws {
        var options = SQLiteRunStore.Options()
        options.checkpointPages = 50
        try withStore(options) { store, path in
            for number in 0..<100 { _ = try store.commit(.step(number)) }
            #expect(try readFile(path + "/baton.db-wal").count < 500 * 4096)
            store.maintain()
            #expect(try holds(store, steps: 100))
            try store.verify()
        }
    }
}
