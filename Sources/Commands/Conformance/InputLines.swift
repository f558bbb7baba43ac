// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard input, line by line.
struct InputLines {
    /// Longer lines are refused.
    private static let byteLimit = 256 << 20

    private var buffer: [UInt8] = []
    private var start = 0
    /// Up to here there is no line feed.
    private var searched = 0
    private var isAtEnd = false

    /// The next line without its end; `nil` after the last.
    ///
    /// - Parameter beforeWaiting: Called before every read that might wait.
    mutating func next(beforeWaiting: () -> Void) throws(CommandFailure) -> [UInt8]? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    start = end + 1
                    searched = start
                }
                return Array(buffer[start..<end])
            }
            searched = buffer.count
            guard !isAtEnd else {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return Array(buffer[start...])
            }
            beforeWaiting()
            try read()
        }
    }

    private mutating func read() throws(CommandFailure) {
        buffer.removeFirst(start)
        searched -= start
        start = 0
        guard buffer.count <= Self.byteLimit else { throw .invalid("a line is longer than 256 MiB") }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var count = Glibc.read(STDIN_FILENO, &chunk, chunk.count)
        while count < 0, errno == EINTR { count = Glibc.read(STDIN_FILENO, &chunk, chunk.count) }
        guard count >= 0 else {
            throw .invalid("standard input cannot be read: \(String(cString: strerror(errno)))")
        }
        isAtEnd = count == 0
        buffer.append(contentsOf: chunk[..<count])
    }
}
