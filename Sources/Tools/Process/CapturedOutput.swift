// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a program wrote to one stream, within a bound: the first and the last half of it are kept.
public struct CapturedOutput: Sendable, Equatable {
    /// The largest number of bytes kept.
    public let byteLimit: Int
    /// How many bytes the program wrote.
    public private(set) var totalBytes = 0
    private var head: [UInt8] = []
    private var tail: [UInt8] = []
    /// Where the oldest byte of a full `tail` is.
    private var tailStart = 0

    /// An empty stream; a limit below 2 keeps nothing but the count.
    public init(byteLimit: Int) {
        self.byteLimit = max(0, byteLimit)
    }

    /// Bytes left out between head and tail.
    public var omittedBytes: Int { totalBytes - head.count - tail.count }

    /// Something was left out.
    public var isTruncated: Bool { omittedBytes > 0 }

    /// All kept bytes; with a line that tells how many are missing, where they are.
    public var bytes: [UInt8] {
        let end = tail[tailStart...] + tail[..<tailStart]
        guard isTruncated else { return head + end }
        return head + Array("\n[… \(omittedBytes) bytes omitted …]\n".utf8) + end
    }

    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The end of the text, for messages.
    public func lastText(_ count: Int) -> String {
        let all = bytes
        // A cut inside a letter would show as a replacement character.
        let end = all.suffix(count).drop { all.count > count && $0 & 0xc0 == 0x80 }
        return String(decoding: end, as: UTF8.self)
    }

    /// Takes the next bytes.
    public mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Takes the next bytes.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        totalBytes += bytes.count
        let headCount = min(bytes.count, byteLimit - byteLimit / 2 - head.count)
        head += bytes[..<headCount]
        let tailLimit = byteLimit / 2
        // Of more than fits only the last bytes can stay.
        var rest = bytes[headCount...].suffix(tailLimit)
        let roomCount = min(rest.count, tailLimit - tail.count)
        tail += rest.prefix(roomCount)
        rest = rest.dropFirst(roomCount)
        while !rest.isEmpty {
            let count = min(rest.count, tailLimit - tailStart)
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
            tail.withUnsafeMutableBytes {
                UnsafeMutableRawBufferPointer(rebasing: $0[tailStart...]).copyMemory(from: piece)
            }
            tailStart = (tailStart + count) % tailLimit
            rest = rest.dropFirst(count)
        }
    }
}
