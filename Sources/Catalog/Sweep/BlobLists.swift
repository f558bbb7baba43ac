// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store

/// Blobs that name others, such as snapshots.
///
/// What stands in one as `{"part": {"hash", "size"}}` is such a blob too: a large state is split so that the parts that
/// did not change keep their hashes. Everything else that it names, it names for good.
struct BlobLists {
    private let blobs: any BlobStore
    /// Parts are shared by many snapshots; each is read once.
    private var read: Set<BlobRef> = []

    init(_ blobs: any BlobStore) {
        self.blobs = blobs
    }

    /// Marks a blob and what it names.
    ///
    /// A snapshot is a cache: one that is lost or damaged names nothing that the log does not name.
    mutating func mark(_ blob: BlobRef, _ marks: inout BlobMarks) throws(StoreError) {
        var left = [blob]
        while let next = left.popLast() {
            marks.insert(next.hash)
            guard read.insert(next).inserted, let bytes = try whole(next) else { continue }
            marks.insertHashes(in: bytes)
            guard let json = try? JSONValue(parsing: bytes, limits: JSONLimits(maxBytes: 1 << 30)) else { continue }
            left += BlobReference.all(in: json).filter { $0.kind == .part }.map(\.blob)
        }
    }

    private func whole(_ blob: BlobRef) throws(StoreError) -> [UInt8]? {
        do throws(StoreError) {
            return SnapshotForm.json(try blobs.get(blob))
        } catch {
            guard error.code == .missing || error.code == .corrupted else { throw error }
            return nil
        }
    }
}
