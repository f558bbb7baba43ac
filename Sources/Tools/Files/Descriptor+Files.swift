// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What is found in a folder.
struct FileEntry: Sendable {
    enum Kind: String {
        case file
        case folder
        case link
        case other
    }

    let name: String
    let kind: Kind
    let size: Int64
    let modifiedMilliseconds: Int64
}

extension Descriptor {
    /// The absolute path the kernel has for it; `nil` once it was removed.
    var path: String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            let room = bytes.bindMemory(to: CChar.self)
            return room.baseAddress.map { readlink("/proc/self/fd/\(number)", $0, room.count) } ?? -1
        }
        guard count > 0, count < buffer.count else { return nil }
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        return text.hasPrefix("/") && !text.hasSuffix(" (deleted)") ? text : nil
    }

    /// Kind, size and time of the open file.
    var entry: FileEntry? {
        var status = stat()
        return fstat(number, &status) == 0 ? FileEntry(name: "", status) : nil
    }

    /// Kind, size and time of what is in this folder; links are not followed.
    func entry(_ name: String) -> FileEntry? {
        var status = stat()
        return fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? FileEntry(name: name, status) : nil
    }

    /// The names in this folder, without `.` and `..`; unsorted.
    func entryNames() -> [String] {
        let copy = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { return [] }
        // The stream owns the copy from here on.
        guard let stream = fdopendir(copy) else {
            close(copy)
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The first `limit` bytes; `nil` when reading fails.
    func readAll(limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(limit, 65536))
        while bytes.count < limit {
            let count = read(number, &buffer, min(buffer.count, limit - bytes.count))
            guard count >= 0 else {
                if errno == EINTR { continue }
                return nil
            }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Writes all bytes; false when that fails.
    func writeAll(_ bytes: [UInt8]) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { return false }
            written += max(0, count)
        }
        return true
    }
}

extension FileEntry {
    fileprivate init(name: String, _ status: stat) {
        self.name = name
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .other
            }
        size = Int64(status.st_size)
        modifiedMilliseconds = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
    }
}
