// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import Synchronization

/// The large blobs: a file each, named after its hash, in one of 256 folders.
///
/// A file is written under another name, flushed, and only then given its own; so a file that has the name of a hash
/// is whole. Only the folder's flush makes the name itself last.
final class BlobFiles: Sendable {
    let root: String
    /// Folders whose own names are known to be durable.
    private let folders = Mutex(Set<String>())
    private let number = Atomic<Int>(0)
    private let now: @Sendable () -> Timestamp
    /// Held while a file's age is looked at and acted upon, so that none goes that was just put again.
    let ages = Mutex(())

    /// Makes the folder and removes what puts that never ended left in it.
    init(_ root: String, now: @escaping @Sendable () -> Timestamp) throws(StoreError) {
        self.root = root
        self.now = now
        try makeFolder(root)
        try makeFolder(unfinished)
        for name in try names(in: unfinished) { unlink("\(unfinished)/\(name)") }
    }

    init(reading root: String) {
        self.root = root
        now = wallTime
    }

    func put(_ blob: BlobRef, _ bytes: [UInt8]) throws(StoreError) {
        guard !renew(path(of: blob), size: bytes.count) else { return try flush(folder(of: blob)) }
        let file = try begin()
        try file.write(bytes)
        try file.flush()
        try keep(file.path, as: blob)
    }

    /// A file for bytes whose hash is not known yet; goes away unless it is kept.
    func begin() throws(StoreError) -> UnfinishedBlob {
        try UnfinishedBlob("\(unfinished)/\(number.wrappingAdd(1, ordering: .relaxed).newValue)")
    }

    /// Gives a file that is whole and flushed the name of its blob, and makes that durable.
    func keep(_ temporary: String, as blob: BlobRef) throws(StoreError) {
        let path = path(of: blob)
        if !renew(path, size: blob.size) {
            try make(folder(of: blob))
            setTime(of: temporary)
            guard rename(temporary, path) == 0 else { throw .system("rename", temporary, errno) }
        }
        // Also for a file that is there: the call that put it there may not have come this far yet.
        try flush(folder(of: blob))
    }

    /// The file's bytes, unchecked; `nil` when there is none.
    func get(_ blob: BlobRef) throws(StoreError) -> [UInt8]? {
        let path = path(of: blob)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 && errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("read", path, errno) }
        guard Int(status.st_size) == blob.size else { throw .blobCorrupted(blob) }
        var failed: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: blob.size) { buffer, count in
            while count < buffer.count {
                let got = pread(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count, off_t(count))
                if got > 0 { count += got } else if got == 0 || errno != EINTR { break }
            }
            if count < buffer.count { failed = errno }
        }
        guard bytes.count == blob.size else { throw .system("read", path, failed) }
        return bytes
    }

    private var unfinished: String { root + "/unfinished" }

    func path(of blob: BlobRef) -> String { "\(folder(of: blob))/\(blob.hash.dropFirst(2))" }

    private func folder(of blob: BlobRef) -> String { "\(root)/\(blob.hash.prefix(2))" }

    private func make(_ folder: String) throws(StoreError) {
        guard !folders.withLock({ $0.contains(folder) }) else { return }
        try makeFolder(folder)
        try flush(root)
        folders.withLock { _ = $0.insert(folder) }
    }

    /// Whether the file is there; if its time is old, it is set to now.
    private func renew(_ path: String, size: Int) -> Bool {
        ages.withLock { _ in
            var status = stat()
            guard stat(path, &status) == 0, Int(status.st_size) == size else { return false }
            if status.modified + SQLiteBlobStore.freshness < now() { setTime(of: path) }
            return true
        }
    }

    /// Sets the time by which the file is old or new. A file system that refuses shows its own time, which is as good
    /// unless a test sets the clock.
    private func setTime(of path: String) {
        let time = now().milliseconds
        let entry = timespec(tv_sec: Int(time / 1000), tv_nsec: Int(time % 1000) * 1_000_000)
        utimensat(AT_FDCWD, path, [entry, entry], 0)
    }

    private func flush(_ folder: String) throws(StoreError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", folder, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("flush", folder, errno) }
    }
}
