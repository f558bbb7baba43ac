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
    public mutating func append(_ bytes: some Collection<UInt8>) {
        totalBytes += bytes.count
        let headLimit = byteLimit - byteLimit / 2
        let forHead = bytes.prefix(headLimit - head.count)
        head += forHead
        var rest = bytes.dropFirst(forHead.count)
        let tailLimit = byteLimit / 2
        guard tailLimit > 0, !rest.isEmpty else { return }
        if rest.count >= tailLimit {
            tail = Array(rest.suffix(tailLimit))
            tailStart = 0
            return
        }
        let forRoom = rest.prefix(tailLimit - tail.count)
        tail += forRoom
        rest = rest.dropFirst(forRoom.count)
        for byte in rest {
            tail[tailStart] = byte
            tailStart = (tailStart + 1) % tailLimit
        }
    }
}
