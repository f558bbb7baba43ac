// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
public import Model
import Synchronization

/// A blob store that forgets everything with the process.
public final class MemoryBlobStore: SweepableBlobStore {
    private struct Entry {
        let bytes: [UInt8]
        let putAt: Timestamp
    }

    private let blobs = Mutex([String: Entry]())
    private let now: @Sendable () -> Timestamp

    /// An empty store. Without a clock every blob was put long ago.
    public init(now: @escaping @Sendable () -> Timestamp = { Timestamp(milliseconds: 0) }) {
        self.now = now
    }

    /// Stores bytes.
    public func put(_ bytes: [UInt8]) -> BlobRef {
        let blob = BlobRef(hash: SHA256.hex(bytes), size: bytes.count)
        let entry = Entry(bytes: bytes, putAt: now())
        blobs.withLock { $0[blob.hash] = entry }
        return blob
    }

    /// Reads bytes back.
    public func get(_ blob: BlobRef) throws(StoreError) -> [UInt8] {
        guard let entry = blobs.withLock({ $0[blob.hash] }) else { throw .blobMissing(blob) }
        guard entry.bytes.count == blob.size else { throw .blobCorrupted(blob) }
        return entry.bytes
    }

    /// Blobs by hash.
    public func blobs(after hash: String?, limit: Int) -> [StoredBlob] {
        blobs.withLock { blobs in
            let later = blobs.keys.filter { $0 > hash ?? "" }.sorted().prefix(limit)
            return later.compactMap { key in
                blobs[key].map { StoredBlob(blob: BlobRef(hash: key, size: $0.bytes.count), putAt: $0.putAt) }
            }
        }
    }

    /// Compares a blob with its hash.
    public func check(_ blob: BlobRef) throws(StoreError) {
        guard SHA256.hex(try get(blob)) == blob.hash else { throw .blobCorrupted(blob) }
    }

    /// Removes blobs that were put before `time`.
    public func remove(_ old: [BlobRef], lastPutBefore time: Timestamp) -> [BlobRef] {
        blobs.withLock { blobs in
            let removed = old.filter { blob in blobs[blob.hash].map { $0.putAt < time } ?? false }
            for blob in removed { blobs[blob.hash] = nil }
            return removed
        }
    }
}
