// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A blob store that takes and gives large blobs in pieces, in little memory.
public protocol StreamingBlobStore: SweepableBlobStore {
    /// Begins a blob whose bytes come in pieces.
    func upload() throws(StoreError) -> any BlobUpload

    /// Opens a blob to read from any place of it. A blob that is removed meanwhile can be read to its end.
    ///
    /// The size is compared, the bytes are not: reading a part cannot tell whether the whole fits its hash. See
    /// ``SweepableBlobStore/check(_:)``.
    /// - Throws: `missing`, or `corrupted` when there are more or fewer bytes than there should be.
    func open(_ blob: BlobRef) throws(StoreError) -> any BlobContent
}

/// A blob that is being written. Calls block, and must come one after the other, from whatever threads. One that is let go
/// without ``finish()`` leaves nothing behind; nor does a crash, once the store is opened again.
public protocol BlobUpload: AnyObject, Sendable {
    /// Bytes so far.
    var size: Int { get }

    /// Adds bytes at the end.
    ///
    /// - Throws: `full` or `failed`; the upload is over then.
    func append(_ bytes: [UInt8]) throws(StoreError)

    /// Ends the blob; when the call returns it is durable, and old enough blobs of the same bytes are new again. Call it once.
    ///
    /// - Throws: `full` or `failed`; nothing was stored then.
    func finish() throws(StoreError) -> BlobRef

    /// Throws away what came so far.
    func cancel()
}

/// A blob that is open for reading, from any thread. Calls block.
public protocol BlobContent: AnyObject, Sendable {
    /// Which one.
    var blob: BlobRef { get }

    /// Reads up to `count` bytes from that place on; fewer only at the end.
    ///
    /// - Throws: `corrupted` when the file ends too early, or `failed`.
    func read(at offset: Int, count: Int) throws(StoreError) -> [UInt8]
}

extension StoreError {
    /// Something was asked of an upload that is over.
    public static var uploadIsOver: Self { Self(.failed, "This upload is over: it was finished, cancelled or failed.") }
}

/// A blob whose bytes are in memory.
public final class MemoryBlobContent: BlobContent {
    /// Which one.
    public let blob: BlobRef
    private let bytes: [UInt8]

    /// Wraps the bytes of a blob.
    public init(_ blob: BlobRef, _ bytes: [UInt8]) {
        (self.blob, self.bytes) = (blob, bytes)
    }

    /// Gives a part.
    public func read(at offset: Int, count: Int) -> [UInt8] {
        let start = min(max(0, offset), bytes.count)
        return Array(bytes[start..<min(bytes.count, start + max(0, count))])
    }
}
