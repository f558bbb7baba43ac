// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
import Synchronization

extension MemoryBlobStore: StreamingBlobStore {
    /// Begins a blob.
    public func upload() -> any BlobUpload { MemoryBlobUpload(self) }

    /// Opens a blob.
    public func open(_ blob: BlobRef) throws(StoreError) -> any BlobContent { MemoryBlobContent(blob, try get(blob)) }
}

private final class MemoryBlobUpload: BlobUpload {
    private let store: MemoryBlobStore
    /// `nil` once it is over.
    private let bytes = Mutex<[UInt8]?>([])

    init(_ store: MemoryBlobStore) {
        self.store = store
    }

    var size: Int { bytes.withLock { $0?.count ?? 0 } }

    func append(_ more: [UInt8]) throws(StoreError) {
        let isOver = bytes.withLock { bytes in
            bytes?.append(contentsOf: more)
            return bytes == nil
        }
        if isOver { throw .uploadIsOver }
    }

    func finish() throws(StoreError) -> BlobRef {
        guard let all = bytes.withLock({ $0.take() }) else { throw .uploadIsOver }
        return store.put(all)
    }

    func cancel() {
        bytes.withLock { $0 = nil }
    }
}
