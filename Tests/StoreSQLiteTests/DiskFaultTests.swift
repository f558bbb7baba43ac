// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
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
        try withStore(at: temporary.path, Self.options(checkpointPages: 300)) { store in
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
