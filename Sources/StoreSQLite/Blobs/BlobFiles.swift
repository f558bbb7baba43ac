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
        let folder = "\(root)/\(blob.hash.prefix(2))"
        let path = path(of: blob)
        if !renew(path, size: bytes.count) {
            let temporary = "\(unfinished)/\(blob.hash).\(number.wrappingAdd(1, ordering: .relaxed).newValue)"
            do throws(StoreError) {
                try write(bytes, to: temporary)
                try make(folder)
                setTime(of: temporary)
                guard rename(temporary, path) == 0 else { throw .system("rename", temporary, errno) }
            } catch {
                unlink(temporary)
                throw error
            }
        }
        // Also for a file that is there: the call that put it there may not have come this far yet.
        try flush(folder)
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

    func path(of blob: BlobRef) -> String {
        "\(root)/\(blob.hash.prefix(2))/\(blob.hash.dropFirst(2))"
    }

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

    private func write(_ bytes: [UInt8], to path: String) throws(StoreError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path, errno) }
            done += count
        }
        guard fdatasync(descriptor) == 0 else { throw .system("flush", path, errno) }
    }

    private func flush(_ folder: String) throws(StoreError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", folder, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("flush", folder, errno) }
    }
}
