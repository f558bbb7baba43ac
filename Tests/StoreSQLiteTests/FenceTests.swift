// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import TestSupport
import Testing

@testable import StoreSQLite

@Suite struct FenceTests {
    @Test func `fault 9: a writer whose folder another one took over writes nothing more`() throws {
        let temporary = TemporaryFolder()
        let first = try DataFolder(locking: temporary.path, command: "first")
        let zombie = try SQLiteRunStore(in: first)
        _ = try zombie.commit(.step(0))
        // The file of the lock is all that keeps others out; somebody tidied it up.
        unlink(temporary.path + "/baton.lock")
        try withStore(at: temporary.path) { store in
            _ = try store.commit(.step(1))
            for _ in 0..<2 {
                let error = failure { _ = try zombie.commit(.step(2)) }
                #expect(error?.code == .locked)
                #expect(error?.message.contains("has taken") == true)
            }
            #expect(failure { try zombie.apply(CatalogChange()) }?.code == .locked)
            zombie.maintain()
            zombie.compact()
            #expect(try holds(zombie, steps: 2), "it may still read")
            zombie.close()
            _ = try store.commit(.step(2))
            try store.verify()
            #expect(try holds(store, steps: 3))
        }
    }

    @Test func `fault 9: a writer that only rests notices too`() throws {
        let temporary = TemporaryFolder()
        let first = try DataFolder(locking: temporary.path, command: "first")
        let zombie = try SQLiteRunStore(in: first)
        unlink(temporary.path + "/baton.lock")
        try withStore(at: temporary.path) { store in
            zombie.maintain()
            _ = try store.commit(.step(0))
            #expect(failure { _ = try zombie.commit(.step(0)) }?.code == .locked)
            zombie.close()
            #expect(try holds(store, steps: 1))
        }
    }

    @Test func `fault 10: a second process is refused and told who holds the folder`() throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { store in
            _ = try store.commit(.step(0))
            let error = failure { _ = try DataFolder(locking: temporary.path, command: "second") }
            #expect(error?.code == .locked && error?.message.contains("Process \(getpid()) (test) holds") == true)
            _ = try store.commit(.step(1))
            #expect(try holds(store, steps: 2))
        }
    }
}
