// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Files that a person names.
enum TextFile {
    /// Larger ones are refused: nothing that is read this way is meant to be.
    static let byteLimit = 16 << 20

    /// The bytes of a file, or of standard input for `-`.
    ///
    /// - Parameters:
    ///   - ifThere: A missing file gives `nil`; otherwise it is a failure.
    ///   - limit: Larger files are refused, in bytes.
    static func read(
        _ path: String,
        ifThere: Bool = false,
        limit: Int = byteLimit
    ) throws(CommandFailure) -> [UInt8]? {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if ifThere, errno == ENOENT || errno == ENOTDIR { return nil }
            throw unreadable(path, errno)
        }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= limit else { throw .invalid("\(path) is larger than \(limit >> 20) MiB") }
        }
    }

    /// The bytes of a file that must be there.
    static func bytes(_ path: String, limit: Int = byteLimit) throws(CommandFailure) -> [UInt8] {
        try read(path, limit: limit) ?? []
    }

    private static func unreadable(_ path: String, _ number: Int32) -> CommandFailure {
        let reason = String(cString: strerror(number))
        if number == ENOENT || number == ENOTDIR { return .notFound("there is no file \(path)") }
        return .invalid("\(path) cannot be read: \(reason)")
    }
}
