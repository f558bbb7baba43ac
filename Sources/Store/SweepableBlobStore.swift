// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A blob store from which blobs can be taken away that nothing names any more.
///
/// A blob is put before the row that names it, so a new one looks like a left one for a while. Therefore every blob has
/// a time at which it was last put, exact to ``freshness``, and only those put long ago may go. The comparison and the
/// removal are one step to every put.
public protocol SweepableBlobStore: BlobStore {
    /// Blobs with a hash above `hash`, by hash; `nil` begins with the first.
    func blobs(after hash: String?, limit: Int) throws(StoreError) -> [StoredBlob]

    /// Removes those of `blobs` that were last put before `time`; others and missing ones are left alone.
    ///
    /// - Returns: Those that were removed.
    func remove(_ blobs: [BlobRef], lastPutBefore time: Timestamp) throws(StoreError) -> [BlobRef]

    /// Compares a blob with its hash, without holding a large one in memory.
    ///
    /// - Throws: `missing` or `corrupted`.
    func check(_ blob: BlobRef) throws(StoreError)
}

extension SweepableBlobStore {
    /// Putting bytes again that are stored renews their time only when it is older than this. So a sweep beside writers
    /// must spare everything put within twice this span.
    public static var freshness: Duration { .seconds(3600) }
}

/// A blob and when it was last put.
public struct StoredBlob: Sendable, Equatable {
    /// Its hash and size.
    public var blob: BlobRef
    /// When it was last put, exact to ``SweepableBlobStore/freshness``; long ago when that is not known.
    public var putAt: Timestamp

    /// Puts a stored blob together.
    public init(blob: BlobRef, putAt: Timestamp) {
        self.blob = blob
        self.putAt = putAt
    }
}
