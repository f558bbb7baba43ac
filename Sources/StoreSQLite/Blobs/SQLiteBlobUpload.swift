// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing
import Model
import Store
import Synchronization

/// A blob on its way into a data folder: in memory while it is small, then in a file without a name that counts.
final class SQLiteBlobUpload: BlobUpload {
    private struct State: ~Copyable {
        var digest: SHA256Stream? = SHA256Stream()
        var size = 0
        /// What has not been written to the file.
        var buffer: [UInt8] = []
        var file: UnfinishedBlob?
    }
    private let store: SQLiteBlobStore
    private let files: BlobFiles
    private let state = Mutex(State())

    init(_ store: SQLiteBlobStore, _ files: BlobFiles) {
        (self.store, self.files) = (store, files)
    }

    var size: Int { state.withLock { $0.size } }

    func append(_ bytes: [UInt8]) throws(StoreError) {
        try state.withLock { (state) throws(StoreError) in
            guard state.digest != nil else { throw .uploadIsOver }
            bytes.withUnsafeBytes { state.digest?.update($0) }
            state.size += bytes.count
            state.buffer += bytes
            guard state.buffer.count > SQLiteBlobStore.tableLimit else { return }
            do throws(StoreError) {
                if state.file == nil { state.file = try files.begin() }
                try state.file?.write(state.buffer)
                state.buffer.removeAll(keepingCapacity: true)
            } catch {
                Self.end(&state)
                throw error
            }
        }
    }

    func finish() throws(StoreError) -> BlobRef {
        try state.withLock { (state) throws(StoreError) in
            guard let digest = state.digest.take()?.finish() else { throw .uploadIsOver }
            defer { Self.end(&state) }
            guard let file = state.file else { return try store.put(state.buffer) }
            let blob = BlobRef(hash: SHA256.hexadecimal(digest), size: state.size)
            try file.write(state.buffer)
            try file.flush()
            try files.keep(file.path, as: blob)
            return blob
        }
    }

    func cancel() {
        state.withLock { Self.end(&$0) }
    }

    /// The file goes with its last owner.
    private static func end(_ state: inout State) {
        state.digest = nil
        state.buffer = []
        state.file = nil
    }
}

/// A file that is removed with this value, unless it was given another name.
final class UnfinishedBlob: Sendable {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws(StoreError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
    }

    deinit {
        // Without a descriptor the file is not this one's.
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(path)
    }

    /// Adds bytes at the end.
    func write(_ bytes: [UInt8]) throws(StoreError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path, errno) }
            done += count
        }
    }

    func flush() throws(StoreError) {
        guard fdatasync(descriptor) == 0 else { throw .system("flush", path, errno) }
    }
}

/// A file that is open for reading.
final class BlobFileContent: BlobContent {
    let blob: BlobRef
    private let path: String
    private let descriptor: Int32

    /// - Throws: `missing` when there is no such file.
    init(_ blob: BlobRef, _ path: String) throws(StoreError) {
        (self.blob, self.path) = (blob, path)
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .blobMissing(blob) : .system("open", path, errno)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("read", path, errno) }
        guard Int(status.st_size) == blob.size else { throw .blobCorrupted(blob) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func read(at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
        let start = max(0, offset)
        let wanted = min(max(0, count), max(0, blob.size - start))
        guard wanted > 0 else { return [] }
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, done in
            while done < wanted {
                let got = pread(descriptor, buffer.baseAddress?.advanced(by: done), wanted - done, off_t(start + done))
                if got > 0 {
                    done += got
                } else if got == 0 {
                    break
                } else if errno != EINTR {
                    failure = errno
                    break
                }
            }
        }
        if let failure { throw .system("read", path, failure) }
        guard bytes.count == wanted else { throw .blobCorrupted(blob) }
        return bytes
    }
}
