// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing
public import Model
public import Store

/// Blobs of a data folder: small ones in a database of their own, `blobs.db`, large ones as files below `blobs/`.
///
/// A database flushes many small blobs at once; a file takes a large one without writing it twice.
public final class SQLiteBlobStore: StreamingBlobStore {
    /// The largest blob, in bytes, that goes into the database.
    static let tableLimit = 128 * 1024

    private let table: BlobTable
    private let files: BlobFiles
    /// Kept for its lock; `nil` when the store only reads.
    private let folder: DataFolder?

    /// Opens the blobs of a folder, or makes an empty store.
    ///
    /// - Parameter now: The clock that says when blobs are put; the system's when it is left out.
    /// - Throws: `newer`, `corrupted`, `full` or `failed`.
    public convenience init(
        in folder: DataFolder,
        durability: Durability = .full,
        now: (@Sendable () -> Timestamp)? = nil
    ) throws(StoreError) {
        try self.init(in: folder, durability, vfs: nil, now: now ?? wallTime)
    }

    /// - Parameter vfs: Name of the file layer; tests put faults there.
    init(
        in folder: DataFolder,
        _ durability: Durability,
        vfs: String?,
        now: @escaping @Sendable () -> Timestamp
    ) throws(StoreError) {
        self.folder = folder
        files = try BlobFiles(folder.file("blobs"), now: now)
        table = try BlobTable(folder.file(Self.fileName), durability, vfs: vfs, now: now)
    }

    private init(reading folder: String, _ mode: Connection.Mode) throws(StoreError) {
        self.folder = nil
        files = BlobFiles(reading: folder + "/blobs")
        table = try BlobTable(reading: "\(folder)/\(Self.fileName)", mode)
    }

    /// Opens the blobs of a folder without its lock; a `put` throws `failed`.
    ///
    /// - Throws: `missing` when there are none yet, `newer`, `corrupted` or `failed`.
    public static func openForReading(_ folder: String) throws(StoreError) -> SQLiteBlobStore {
        try SQLiteBlobStore(reading: folder, .read)
    }

    /// Opens blobs that nobody writes, such as those of a backup. Nothing is written beside them.
    static func openFrozen(_ folder: String) throws(StoreError) -> SQLiteBlobStore {
        try SQLiteBlobStore(reading: folder, .frozen)
    }

    static let fileName = "blobs.db"

    /// Stores bytes. Calls that arrive while another one flushes share the next flush.
    public func put(_ bytes: [UInt8]) throws(StoreError) -> BlobRef {
        guard folder != nil else { throw .blobsForReading }
        let digest = SHA256.digest(bytes)
        let blob = BlobRef(hash: SHA256.hexadecimal(digest), size: bytes.count)
        if bytes.count <= Self.tableLimit {
            try table.put(digest, bytes)
        } else {
            try files.put(blob, bytes)
        }
        return blob
    }

    /// Reads bytes back.
    public func get(_ blob: BlobRef) throws(StoreError) -> [UInt8] {
        // The hash becomes a path, so nothing but a hash may pass.
        guard let digest = digest(hexadecimal: blob.hash) else { throw .blobMissing(blob) }
        let found = blob.size <= Self.tableLimit ? try table.get(digest) : try files.get(blob)
        guard let bytes = found else { throw .blobMissing(blob) }
        guard bytes.count == blob.size, SHA256.digest(bytes) == digest else { throw .blobCorrupted(blob) }
        return bytes
    }

    /// Begins a blob; up to 128 KiB of it are in memory at a time.
    public func upload() throws(StoreError) -> any BlobUpload {
        guard folder != nil else { throw .blobsForReading }
        return SQLiteBlobUpload(self, files)
    }

    /// Opens a blob; a small one is read at once.
    public func open(_ blob: BlobRef) throws(StoreError) -> any BlobContent {
        if blob.size <= Self.tableLimit { return MemoryBlobContent(blob, try get(blob)) }
        guard digest(hexadecimal: blob.hash) != nil else { throw .blobMissing(blob) }
        return try BlobFileContent(blob, files.path(of: blob))
    }

    /// Blobs by hash, small and large ones alike.
    public func blobs(after hash: String?, limit: Int) throws(StoreError) -> [StoredBlob] {
        let small = try table.blobs(after: hash.flatMap(digest(hexadecimal:)) ?? [], limit: limit)
        let large = try files.blobs(after: hash ?? "", limit: limit)
        return Array((small + large).sorted { $0.blob.hash < $1.blob.hash }.prefix(limit))
    }

    /// Compares a blob with its hash; a large one is read piece by piece.
    public func check(_ blob: BlobRef) throws(StoreError) {
        guard blob.size > Self.tableLimit else {
            _ = try get(blob)
            return
        }
        guard let digest = digest(hexadecimal: blob.hash), FileTree.exists(files.path(of: blob)) else {
            throw .blobMissing(blob)
        }
        guard try FileTree.hash(files.path(of: blob)) == (digest, Int64(blob.size)) else { throw .blobCorrupted(blob) }
    }

    func structureProblems() throws(StoreError) -> [String] { try table.structureProblems() }

    /// Removes blobs that were last put before `time`; none while a backup is being made. The room of small ones is given
    /// back step by step.
    public func remove(_ blobs: [BlobRef], lastPutBefore time: Timestamp) throws(StoreError) -> [BlobRef] {
        guard let folder else { throw .blobsForReading }
        return try BackupLock.removing(folder.path) { () throws(StoreError) in
            let small = blobs.filter { $0.size <= Self.tableLimit }.compactMap { blob in
                digest(hexadecimal: blob.hash).map { (digest: $0, blob: blob) }
            }
            let removed = small.isEmpty ? [] : try table.remove(small, lastPutBefore: time)
            return try removed + files.remove(blobs.filter { $0.size > Self.tableLimit }, lastPutBefore: time)
        } ?? []
    }

    /// Gives all free room back that is worth it. Blocks for as long as that takes, but others may write in between.
    public func compact() {
        table.compact()
    }

    /// Closes the database. No call may follow.
    public func close() {
        table.close()
    }
}

extension StoreError {
    fileprivate static var blobsForReading: Self {
        Self(.failed, "The blobs were opened for reading; only the process that holds them may write.")
    }
}

/// The bytes of 64 lower-case hexadecimal digits; `nil` for anything else.
private func digest(hexadecimal text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { byte -> UInt8? in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
    guard digits.count == 64, text.utf8.count == 64 else { return nil }
    return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
