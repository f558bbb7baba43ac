// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing
import Store

/// Copying files and folders so that a power cut afterwards takes nothing of them.
enum FileTree {
    /// Copies a file of ours, for its owner alone, and flushes the copy; gives its size.
    @discardableResult
    static func copy(_ source: String, to target: String) throws(StoreError) -> Int64 {
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw .system("open", target, errno) }
        defer { close(output) }
        var size: Int64 = 0
        try read(source) { bytes throws(StoreError) in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(output, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw .system("write", target, errno) }
                done += count
            }
            size += Int64(bytes.count)
        }
        guard fdatasync(output) == 0 else { throw .system("flush", target, errno) }
        return size
    }

    /// Gives a file that never changes a second name; where the file system cannot, the file is copied.
    static func link(_ source: String, to target: String) throws(StoreError) {
        if Glibc.link(source, target) == 0 { return }
        guard [EXDEV, EPERM, EMLINK, ENOSYS, ENOTSUP].contains(errno) else { throw .system("link", target, errno) }
        try copy(source, to: target)
    }

    /// SHA-256 and size of a file.
    static func hash(_ path: String) throws(StoreError) -> (digest: [UInt8], size: Int64) {
        var size: Int64 = 0
        var stream = SHA256Stream()
        try read(path) { bytes throws(StoreError) in
            stream.update(UnsafeRawBufferPointer(bytes))
            size += Int64(bytes.count)
        }
        return (stream.finish(), size)
    }

    /// The whole of a small file; `nil` when there is none.
    static func bytes(_ path: String) throws(StoreError) -> [UInt8]? {
        guard exists(path) else { return nil }
        var result: [UInt8] = []
        try read(path) { bytes throws(StoreError) in result.append(contentsOf: bytes) }
        return result
    }

    /// Writes a small file and flushes it.
    static func write(_ text: String, to path: String) throws(StoreError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw .system("write", path, errno) }
        guard fdatasync(descriptor) == 0 else { throw .system("flush", path, errno) }
    }

    /// Flushes a file, or the names in a folder.
    static func flush(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("flush", path, errno) }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names in a folder, sorted; none when there is no such folder.
    static func names(in path: String) throws(StoreError) -> [String] {
        guard let folder = opendir(path) else {
            guard errno == ENOENT || errno == ENOTDIR else { throw .system("open", path, errno) }
            return []
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a folder of ours with everything in it; what is not there is no error.
    static func remove(_ path: String) throws(StoreError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw .system("remove", path, errno) }
            return
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in try names(in: path) { try remove("\(path)/\(name)") }
            guard rmdir(path) == 0 else { throw .system("remove", path, errno) }
        } else {
            guard unlink(path) == 0 else { throw .system("remove", path, errno) }
        }
    }

    private static func read(
        _ path: String,
        _ body: (UnsafeMutableBufferPointer<UInt8>) throws(StoreError) -> Void
    ) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        defer { close(descriptor) }
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 20)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system("read", path, errno) }
            guard count > 0 else { return }
            try body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
