// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
public import Model
import Synchronization

/// A blob store that forgets everything with the process.
public final class MemoryBlobStore: BlobStore {
    private let blobs = Mutex([String: [UInt8]]())

    /// An empty store.
    public init() {}

    /// Stores bytes.
    public func put(_ bytes: [UInt8]) -> BlobRef {
        let blob = BlobRef(hash: SHA256.hex(bytes), size: bytes.count)
        blobs.withLock { $0[blob.hash] = bytes }
        return blob
    }

    /// Reads bytes back.
    public func get(_ blob: BlobRef) throws(StoreError) -> [UInt8] {
        guard let bytes = blobs.withLock({ $0[blob.hash] }) else { throw .blobMissing(blob) }
        guard bytes.count == blob.size else { throw .blobCorrupted(blob) }
        return bytes
    }
}
