// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Synchronization
import Testing

@Suite struct BlobSweepContractTests {
    private static let hour: Int64 = 3_600_000
    /// Small ones go into a table, large ones become files.
    private static let sizes = [10, 200_000]

    private func bytes(_ size: Int, _ seed: UInt8) -> [UInt8] { [UInt8](repeating: seed, count: size) }

    @Test(arguments: Backend.allCases)
    func `blobs are listed page by page in the order of their hashes`(backend: Backend) throws {
        try backend.blobs(now: { Timestamp(milliseconds: 5000) }) { store in
            var put: [BlobRef] = []
            for seed in 0..<20 as Range<UInt8> { put.append(try store.put(bytes(Self.sizes[Int(seed) % 2], seed))) }
            var listed: [StoredBlob] = []
            while true {
                let page = try store.blobs(after: listed.last?.blob.hash, limit: 3)
                listed += page
                guard page.count == 3 else { break }
            }
            #expect(listed.map(\.blob) == put.sorted { $0.hash < $1.hash })
            #expect(listed.allSatisfy { $0.putAt == Timestamp(milliseconds: 5000) })
        }
    }

    @Test(arguments: Backend.allCases)
    func `only old blobs go, and putting one again makes it new`(backend: Backend) throws {
        let time = Shared(Timestamp(milliseconds: 1000))
        try backend.blobs(now: { time.value }) { store in
            let old = try Self.sizes.map { try store.put(bytes($0, 1)) }
            let renewed = try Self.sizes.map { try store.put(bytes($0, 2)) }
            time.value = Timestamp(milliseconds: 1000 + 30 * Self.hour)
            #expect(try Self.sizes.map { try store.put(bytes($0, 2)) } == renewed)
            let fresh = try Self.sizes.map { try store.put(bytes($0, 3)) }
            let missing = BlobRef(hash: String(repeating: "0", count: 64), size: 10)
            let cutoff = Timestamp(milliseconds: 1000 + 6 * Self.hour)
            #expect(try store.remove(old + renewed + fresh + [missing], lastPutBefore: cutoff) == old)
            for blob in old { #expect(code { _ = try store.get(blob) } == .missing) }
            for (blob, size) in zip(renewed, Self.sizes) { #expect(try store.get(blob) == bytes(size, 2)) }
            for (blob, size) in zip(fresh, Self.sizes) { #expect(try store.get(blob) == bytes(size, 3)) }
            // What was removed can be stored again.
            for (blob, size) in zip(old, Self.sizes) {
                #expect(try store.put(bytes(size, 1)) == blob)
                #expect(try store.get(blob) == bytes(size, 1))
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `putting again within the hour costs nothing and keeps the time`(backend: Backend) throws {
        let time = Shared(Timestamp(milliseconds: 0))
        try backend.blobs(now: { time.value }) { store in
            for size in Self.sizes { _ = try store.put(bytes(size, 1)) }
            time.value = Timestamp(milliseconds: Self.hour / 2)
            for size in Self.sizes { _ = try store.put(bytes(size, 1)) }
            // The memory store renews always; what counts is that the time never lags by more than an hour.
            for stored in try store.blobs(after: nil, limit: 9) {
                #expect(time.value - stored.putAt <= MemoryBlobStore.freshness)
            }
        }
    }
}

/// A value that tests change from outside.
private final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value {
        get { state.withLock(\.self) }
        set { state.withLock { $0 = newValue } }
    }
}
