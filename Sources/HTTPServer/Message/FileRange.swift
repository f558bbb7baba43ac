// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A part of an open file, sent without being read into memory. Owns the descriptor.
public final class FileRange: Sendable {
    let descriptor: Int32
    let offset: Int64
    /// How many bytes.
    public let count: Int

    /// Takes over the descriptor of a regular file, which is closed when nothing needs it any more.
    ///
    /// - Parameters:
    ///   - offset: Where the part starts.
    ///   - count: How many bytes. The file must have them: when it turns out to be shorter the connection is broken off.
    public init(descriptor: Int32, offset: Int64 = 0, count: Int) {
        precondition(offset >= 0 && count >= 0, "a range of a file does not start or count below 0")
        self.descriptor = descriptor
        self.offset = offset
        self.count = count
    }

    /// The whole of a regular file; `nil` when it cannot be read or is something else.
    public convenience init?(path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return nil
        }
        self.init(descriptor: descriptor, count: Int(status.st_size))
    }

    deinit {
        close(descriptor)
    }

    /// Reads from the range; `nil` when the file has less than that.
    func read(at position: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let wanted = min(buffer.count, count - position)
        guard wanted > 0 else { return 0 }
        let result = pread(descriptor, buffer.baseAddress, wanted, Int(offset) + position)
        return result > 0 ? result : nil
    }
}
