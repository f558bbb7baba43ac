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
    private let root: String
    /// Folders whose own names are known to be durable.
    private let folders = Mutex(Set<String>())
    private let number = Atomic<Int>(0)

    /// Makes the folder and removes what puts that never ended left in it.
    init(_ root: String) throws(StoreError) {
        self.root = root
        try makeFolder(root)
        try makeFolder(unfinished)
        guard let folder = opendir(unfinished) else { throw .system("open", unfinished, errno) }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { unlink("\(unfinished)/\(name)") }
        }
    }

    init(reading root: String) {
        self.root = root
    }

    func put(_ blob: BlobRef, _ bytes: [UInt8]) throws(StoreError) {
        let folder = "\(root)/\(blob.hash.prefix(2))"
        let path = path(of: blob)
        if !isStored(path, size: bytes.count) {
            let temporary = "\(unfinished)/\(blob.hash).\(number.wrappingAdd(1, ordering: .relaxed).newValue)"
            do throws(StoreError) {
                try write(bytes, to: temporary)
                try make(folder)
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

    private func path(of blob: BlobRef) -> String {
        "\(root)/\(blob.hash.prefix(2))/\(blob.hash.dropFirst(2))"
    }

    private func make(_ folder: String) throws(StoreError) {
        guard !folders.withLock({ $0.contains(folder) }) else { return }
        try makeFolder(folder)
        try flush(root)
        folders.withLock { _ = $0.insert(folder) }
    }

    private func isStored(_ path: String, size: Int) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && Int(status.st_size) == size
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
