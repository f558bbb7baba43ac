// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A small file that its owner alone may read: mode 0600.
public enum PrivateFile {
    /// The largest file that is read.
    private static let limit = 1 << 16

    /// The content; `nil` when there is no such file.
    ///
    /// - Throws: When others may read or change it, it belongs to another user, is no plain file, or cannot be read.
    public static func read(_ path: String) throws(KeyError) -> [UInt8]? {
        // Without O_NONBLOCK a pipe of that name would hold the process.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("read", path)
        }
        defer { close(descriptor) }
        try check(descriptor, path)
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let more = bytes[count...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw failure("read", path) }
            if more == 0 { return Array(bytes.prefix(count)) }
            count += more
        }
        throw KeyError("\(path) is larger than \(limit) bytes, so it is not what it should be.")
    }

    private static func check(_ descriptor: Int32, _ path: String) throws(KeyError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw KeyError("\(path) is not a plain file.") }
        guard status.st_uid == geteuid() else {
            throw KeyError("\(path) belongs to user \(status.st_uid), not to \(geteuid()) who runs this program.")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw KeyError("Others may use \(path). If nobody did, run `chmod 600 \(path)`; else replace it.")
        }
    }

    /// Writes a file that is not there yet, flushed with its folder.
    ///
    /// - Returns: `false` when there is one, which was left alone.
    public static func create(_ path: String, _ bytes: [UInt8]) throws(KeyError) -> Bool {
        let temporary = try write(bytes, beside: path)
        defer { unlink(temporary) }
        // Unlike a rename, a link never replaces.
        guard link(temporary, path) == 0 else {
            if errno == EEXIST { return false }
            throw failure("write", path)
        }
        try flushFolder(of: path)
        return true
    }

    /// Writes a file in place of the one that may be there: after a crash it is the old or the new one.
    public static func replace(_ path: String, _ bytes: [UInt8]) throws(KeyError) {
        let temporary = try write(bytes, beside: path)
        guard rename(temporary, path) == 0 else {
            let error = failure("write", path)
            unlink(temporary)
            throw error
        }
        try flushFolder(of: path)
    }

    private static func write(_ bytes: [UInt8], beside path: String) throws(KeyError) -> String {
        let name = "\(path).\(getpid())-\(Base64.encode(SecureRandom.bytes(6)))"
        let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("write", path) }
        defer { close(descriptor) }
        var count = 0
        while count < bytes.count {
            let more = bytes[count...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if more < 0, errno == EINTR { continue }
            guard more > 0 else { throw abandoned(name, path) }
            count += more
        }
        guard fsync(descriptor) == 0 else { throw abandoned(name, path) }
        return name
    }

    private static func abandoned(_ name: String, _ path: String) -> KeyError {
        let error = failure("write", path)
        unlink(name)
        return error
    }

    private static func flushFolder(of path: String) throws(KeyError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("flush", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("flush", folder) }
    }

    private static func failure(_ verb: String, _ path: String) -> KeyError {
        let number = errno
        let reason = number == ELOOP ? "it is a symbolic link" : String(cString: strerror(number))
        return KeyError("Cannot \(verb) \(path): \(reason).")
    }
}
