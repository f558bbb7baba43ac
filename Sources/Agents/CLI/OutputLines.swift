// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Cuts what a program writes into lines, wherever its pieces end. Lines that are too long are dropped and counted.
struct OutputLines: Sendable {
    /// In bytes; a JSON line of an agent holds at most the result of a tool.
    static let limit = 4 << 20

    private var line: [UInt8] = []
    private var isTooLong = false
    private(set) var dropped = 0

    /// Calls `body` for each line that is complete now, without its end.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            guard let end = Self.end(of: piece) else { return keep(piece) }
            let last = UnsafeRawBufferPointer(rebasing: piece[..<end])
            if line.isEmpty, !isTooLong, last.count <= Self.limit {
                body(last)
            } else {
                keep(last)
                finish(body)
            }
            rest = rest.dropFirst(end + 1)
        }
    }

    /// What came after the last end of a line.
    mutating func finish(_ body: (UnsafeRawBufferPointer) -> Void) {
        if isTooLong { dropped += 1 } else if !line.isEmpty { line.withUnsafeBytes(body) }
        line.removeAll(keepingCapacity: line.count < 65536)
        isTooLong = false
    }

    private mutating func keep(_ piece: UnsafeRawBufferPointer) {
        guard !isTooLong, line.count + piece.count <= Self.limit else {
            isTooLong = true
            line.removeAll()
            return
        }
        line += piece
    }

    private static func end(of piece: UnsafeRawBufferPointer) -> Int? {
        guard let start = piece.baseAddress, let found = memchr(start, 10, piece.count) else { return nil }
        return start.distance(to: UnsafeRawPointer(found))
    }
}
