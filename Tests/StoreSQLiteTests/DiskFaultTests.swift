// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Glibc
import Model
import Store
import Testing
import TestSupport

@testable import StoreSQLite

/// One by one: there is one faulty disk.
@Suite(.serialized) struct DiskFaultTests {
    private static func options(checkpointPages: Int = 8000) -> SQLiteRunStore.Options {
        var options = SQLiteRunStore.Options()
        options.vfs = FaultyDisk.name
        options.checkpointPages = checkpointPages
        return options
    }

    @Test func `fault 4: a disk that is full at any write loses nothing and is used again when there is room`() throws {
        #expect(FaultyDisk.isReady)
        var failed = 0
        for writes in 0... {
            defer { FaultyDisk.heal() }
            var isOver = false
            try withStore(Self.options()) { store, path in
                for number in 0..<3 { _ = try store.commit(.step(number)) }
                FaultyDisk.fail(.init(writesLeft: writes))
                let error = failure { _ = try store.commit(.step(3)) }
                isOver = error == nil
                guard let error else { return }
                failed += 1
                #expect(error.code == .full, "write \(writes): \(error)")
                #expect(try holds(store, steps: 3), "write \(writes)")
                #expect(failure { _ = try store.commit(.step(3)) }?.code == .full)
                FaultyDisk.heal()
                _ = try store.commit(.step(3))
                #expect(try holds(store, steps: 4), "write \(writes)")
                let reader = try SQLiteRunStore.openForReading(path)
                try reader.verify()
                #expect(try holds(reader, steps: 4), "write \(writes)")
            }
            if isOver { break }
        }
        #expect(failed > 5)
    }

    @Test func `fault 4: no room in the file is told like no room on the disk`() throws {
        try withStore { store, path in
            _ = try store.commit(.step(0))
            try store.limitPages(to: 1)
            var last = 0
            let error = failure {
                for number in 1..<2000 {
                    _ = try store.commit(.step(number, bodySize: 300))
                    last = number
                }
            }
            #expect(error?.code == .full)
            #expect(error?.message.contains(path) == true)
            #expect(try holds(store, steps: last + 1))
            try store.limitPages(to: 1_000_000)
            _ = try store.commit(.step(last + 1))
            #expect(try holds(store, steps: last + 2))
        }
    }

    @Test func `fault 5: after a failed flush nothing is acknowledged any more`() throws {
        #expect(FaultyDisk.isReady)
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path, Self.options()) { store in
            for number in 0..<3 { _ = try store.commit(.step(number)) }
            defer { FaultyDisk.heal() }
            FaultyDisk.fail(.init(flushesLeft: 0))
            #expect(failure { _ = try store.commit(.step(3)) }?.code == .failed)
            FaultyDisk.heal()
            // The disk is well again, but what it holds is unknown.
            #expect(failure { _ = try store.commit(.step(3)) }?.code == .failed)
            #expect(try holds(store, steps: 3))
        }
        try withStore(at: temporary.path) { store in
            try store.verify()
            // The refused commit may be there; no other outcome is right.
            let (isOld, isNew) = (try holds(store, steps: 3), try holds(store, steps: 4))
            #expect(isOld || isNew)
        }
    }

    @Test func `fault 6: an I/O error at any write stops the store and loses nothing acknowledged`() throws {
        #expect(FaultyDisk.isReady)
        for writes in 0... {
            let temporary = TemporaryFolder()
            var isOver = false
            try withStore(at: temporary.path, Self.options()) { store in
                for number in 0..<3 { _ = try store.commit(.step(number)) }
                defer { FaultyDisk.heal() }
                FaultyDisk.fail(.init(writesLeft: writes, writeError: SQLITE_IOERR))
                let error = failure { _ = try store.commit(.step(3)) }
                FaultyDisk.heal()
                isOver = error == nil
                guard !isOver else { return }
                #expect(error?.code == .failed)
                #expect(failure { _ = try store.commit(.step(3)) }?.code == .failed)
            }
            if isOver { break }
            try withStore(at: temporary.path) { store in
                try store.verify()
                #expect(try holds(store, steps: 3), "write \(writes)")
            }
        }
    }

    /// Opening, reading, writing, flushing, mapping, removing: whatever SQLite asks of the file layer.
    @Test func `fault 6: an error at any call of the file layer loses nothing acknowledged`() throws {
        #expect(FaultyDisk.isReady)
        let template = TemporaryFolder()
        try withStore(at: template.path) { store in
            for number in 0..<3 { _ = try store.commit(.step(number)) }
        }
        let database = try readFile(template.path + "/baton.db")
        // What the system says then: a bad disk, no file descriptor, no memory, no room.
        for error in [SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_NOMEM, SQLITE_FULL] {
            var (call, faults) = (0, 0)
            while true {
                let temporary = TemporaryFolder()
                try writeFile(temporary.path + "/baton.db", database)
                FaultyDisk.fail(.init(callsLeft: call, callError: error))
                let (acknowledged, told) = Self.work(temporary.path)
                let hasFailed = FaultyDisk.hasFailed
                FaultyDisk.heal()
                guard hasFailed else { break }
                if told { faults += 1 }
                try withStore(at: temporary.path) { store in
                    try store.verify()
                    let isExact = try holds(store, steps: acknowledged)
                    let isOneMore = try holds(store, steps: acknowledged + 1)
                    #expect(isExact || isOneMore && told, "error \(error) at call \(call), \(acknowledged) steps")
                    _ = try store.commit(.step(isExact ? acknowledged : acknowledged + 1))
                }
                call += call < 60 ? 1 : 5
            }
            // Some calls ask for what may be missing, and some are asked again.
            #expect(call > 40 && faults > 20, "error \(error): \(faults) faults in \(call) calls")
        }
    }

    /// Opens a folder with three steps, adds three, reads and checkpoints. Gives the steps that were acknowledged, and
    /// whether anything failed; what fails does so with an error of the store.
    private static func work(_ path: String) -> (acknowledged: Int, told: Bool) {
        var acknowledged = 3
        let error = failure {
            let folder = try DataFolder(locking: path, command: "test")
            defer { folder.unlock() }
            let store = try SQLiteRunStore(in: folder, options(checkpointPages: 20))
            defer { store.close() }
            for number in 3..<6 {
                _ = try store.commit(.step(number))
                acknowledged += 1
                _ = try store.records(ofRun: 1, after: 0, limit: 9)
            }
            store.maintain()
        }
        if let error { #expect(error.code != .conflict && error.code != .newer, "\(error)") }
        return (acknowledged, error != nil)
    }

    @Test func `fault 4: no room for a small blob is told, and it is stored when there is`() throws {
        #expect(FaultyDisk.isReady)
        for writes in 0... {
            let temporary = TemporaryFolder()
            let folder = try DataFolder(locking: temporary.path, command: "test")
            let blobs = try SQLiteBlobStore(in: folder, .full, vfs: FaultyDisk.name, now: wallTime)
            defer {
                FaultyDisk.heal()
                blobs.close()
            }
            let first = try blobs.put([1])
            FaultyDisk.fail(.init(writesLeft: writes))
            let bytes = [UInt8](repeating: 7, count: 9000)
            let error = failure { _ = try blobs.put(bytes) }
            guard let error else { break }
            #expect(error.code == .full, "write \(writes): \(error)")
            #expect(try blobs.get(first) == [1], "reading goes on")
            FaultyDisk.heal()
            let blob = try blobs.put(bytes)
            #expect(try blobs.get(blob) == bytes && blobs.get(first) == [1], "write \(writes)")
        }
    }

    @Test(.enabled(if: getuid() == 0, "mounting needs root"))
    func `fault 4: no room for a large blob is told, and nothing half-written stays`() throws {
        let temporary = TemporaryFolder()
        let path = temporary.path + "/disk"
        mkdir(path, 0o700)
        guard mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else { return }
        defer { umount2(path, 2) }
        let folder = try DataFolder(locking: path, command: "test")
        let blobs = try SQLiteBlobStore(in: folder)
        defer { blobs.close() }
        var put: [BlobRef] = []
        let error = failure {
            for seed in 0..<20 as Range<UInt8> { put.append(try blobs.put([UInt8](repeating: seed, count: 200_000))) }
        }
        #expect(error?.code == .full && put.count > 1, "\(put.count) fit: \(String(describing: error))")
        #expect(try FileTree.names(in: path + "/blobs/unfinished").isEmpty)
        for blob in put { try blobs.check(blob) }
        try whenThereIsRoom {
            let removed = try blobs.remove([put[0]], lastPutBefore: Timestamp(milliseconds: .max))
            #expect(removed == [put[0]])
        }
        try whenThereIsRoom { try blobs.check(try blobs.put([UInt8](repeating: UInt8(put.count), count: 200_000))) }
    }

    /// A process that another test starts in that moment keeps a removed file, and its room, until it is another program.
    private func whenThereIsRoom(_ body: () throws -> Void) throws {
        for _ in 0..<100_000 {
            do { return try body() } catch let error as StoreError where error.code == .full { sched_yield() }
        }
        try body()
    }

    @Test func `a checkpoint that finds the disk full takes nothing back`() throws {
        #expect(FaultyDisk.isReady)
        try withStore(Self.options(checkpointPages: 40)) { store, _ in
            defer { FaultyDisk.heal() }
            var number = 0
            for writes in 0..<60 {
                FaultyDisk.fail(.init(writesLeft: writes))
                if failure({ _ = try store.commit(.step(number)) }) == nil { number += 1 }
                FaultyDisk.heal()
                #expect(try holds(store, steps: number), "write \(writes)")
            }
            #expect(number > 30)
            try store.verify()
        }
    }

    @Test func `a checkpoint whose flush fails keeps its commit and stops the next`() throws {
        #expect(FaultyDisk.isReady)
        let temporary = TemporaryFolder()
        var last = 0
        try withStore(at: temporary.path, Self.options(checkpointPages: 500)) { store in
            defer { FaultyDisk.heal() }
            // The log's first commit flushes twice.
            _ = try store.commit(.step(last))
            last += 1
            while last < 500 {
                // One flush for the commit; a second one only when a checkpoint follows.
                FaultyDisk.fail(.init(flushesLeft: 1))
                if failure({ _ = try store.commit(.step(last)) }) != nil { break }
                last += 1
            }
            FaultyDisk.heal()
            #expect(last > 2 && last < 500)
            #expect(failure { _ = try store.commit(.step(last)) }?.code == .failed)
            #expect(try holds(store, steps: last))
        }
        try withStore(at: temporary.path) { store in
            try store.verify()
            #expect(try holds(store, steps: last))
        }
    }
}
