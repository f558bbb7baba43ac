// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import Synchronization
import Testing
import TestSupport

@testable import StoreSQLite

@Suite struct BlobTests {
    private func withBlobs(at path: String, _ body: (SQLiteBlobStore) throws -> Void) throws {
        let folder = try DataFolder(locking: path, command: "test")
        let store = try SQLiteBlobStore(in: folder)
        defer {
            store.close()
            folder.unlock()
        }
        try body(store)
    }

    private func bytes(_ size: Int, _ seed: Int = 0) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed &* 13 &+ ($0 >> 8)) }
    }

    @Test func `blobs stay when the store is closed, and readers need no lock`() throws {
        let temporary = TemporaryFolder()
        #expect(failure { _ = try SQLiteBlobStore.openForReading(temporary.path) }?.code == .missing)
        var blobs: [BlobRef] = []
        try withBlobs(at: temporary.path) { store in
            blobs = try [store.put(bytes(500)), store.put(bytes(500_000))]
            let reader = try SQLiteBlobStore.openForReading(temporary.path)
            #expect(try reader.get(blobs[0]) == bytes(500))
            #expect(failure { _ = try reader.put([1]) }?.code == .failed)
            reader.close()
        }
        try withBlobs(at: temporary.path) { (store) throws in
            #expect(try store.get(blobs[0]) == bytes(500))
            #expect(try store.get(blobs[1]) == bytes(500_000))
        }
    }

    @Test func `fault 7: a blob that was changed or cut is found`() throws {
        let temporary = TemporaryFolder()
        try withBlobs(at: temporary.path) { store in
            let large = try store.put(bytes(500_000))
            let path = "\(temporary.path)/blobs/\(large.hash.prefix(2))/\(large.hash.dropFirst(2))"
            var changed = bytes(500_000)
            changed[400_000] ^= 1
            for damaged in [changed, Array(changed.prefix(400_000)), []] {
                try writeFile(path, damaged)
                #expect(failure { _ = try store.get(large) }?.code == .corrupted)
            }
            // Storing the bytes again replaces a file that was cut.
            #expect(try store.put(bytes(500_000)) == large)
            #expect(try store.get(large) == bytes(500_000))
            unlink(path)
            #expect(failure { _ = try store.get(large) }?.code == .missing)
        }
        var small = BlobRef(hash: "", size: 0)
        try withBlobs(at: temporary.path) { store in small = try store.put(bytes(900)) }
        try Connection.open(temporary.path + "/blobs.db", .write)
            .execute("UPDATE blob SET data = zeroblob(900) WHERE size = 900")
        try withBlobs(at: temporary.path) { store in
            #expect(failure { _ = try store.get(small) }?.code == .corrupted)
        }
    }

    @Test func `what a crash left half written is removed and never read`() throws {
        let temporary = TemporaryFolder()
        try withBlobs(at: temporary.path) { _ in }
        let left = temporary.path + "/blobs/unfinished/abc.1"
        try writeFile(left, [1, 2, 3])
        try withBlobs(at: temporary.path) { _ in #expect(access(left, F_OK) != 0) }
    }

    @Test func `many threads may put and get at once`() throws {
        let temporary = TemporaryFolder()
        try withBlobs(at: temporary.path) { store in
            let failures = Mutex<[String]>([])
            let threads = (0..<8).map { number in
                Thread {
                    do {
                        for round in 0..<25 {
                            // Half of the blobs are the same for all threads; some are files.
                            let seed = round % 2 == 0 ? round : round + 100 * number
                            let content = bytes(round % 8 == 7 ? 140_000 : 1000 + seed, seed)
                            let blob = try store.put(content)
                            if try store.get(blob) != content { failures.withLock { $0.append("\(blob) differs") } }
                        }
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
            threads.forEach { $0.join() }
            #expect(failures.withLock(\.self) == [])
        }
    }
}
