// Baton
// SPDX-License-Identifier: Apache-2.0

/// An address of the Internet, or a block of addresses with the length of their common prefix.
public struct CELNetwork: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes.
    public let bytes: [UInt8]
    /// Bits that all addresses of a block share; `nil` for one address.
    public let prefixLength: Int?

    init(bytes: [UInt8], prefixLength: Int? = nil) {
        // An address of version 4 inside one of version 6 is the same address.
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        self.bytes = isMapped && prefixLength == nil ? Array(bytes[12...]) : bytes
        self.prefixLength = prefixLength
    }

    /// Whether this is a block.
    public var isBlock: Bool { prefixLength != nil }

    /// 4 or 6.
    var family: Int { bytes.count == 4 ? 4 : 6 }

    /// The text of RFC 5952, of a block with `/` and the length.
    public var description: String {
        let address = bytes.count == 4 ? bytes.map(String.init).joined(separator: ".") : Self.text(bytes)
        return prefixLength.map { "\(address)/\($0)" } ?? address
    }

    /// Reads an address; nil when it is none, has a zone, or holds decimal numbers inside one of version 6.
    init?(address text: String) {
        guard let bytes = Self.version4(text) ?? Self.version6(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// Reads `address/length`.
    init?(block text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bytes = Self.version4(String(parts[0])) ?? Self.version6(String(parts[0])),
            let length = Self.number(parts[1], limit: bytes.count * 8)
        else { return nil }
        self.init(bytes: bytes, prefixLength: length)
    }

    /// Whether every address of `other`, or `other` itself, belongs to this block.
    func contains(_ other: CELNetwork) -> Bool {
        guard let prefixLength, bytes.count == other.bytes.count else { return false }
        if let inner = other.prefixLength, inner < prefixLength { return false }
        return masked(to: prefixLength) == CELNetwork(bytes: other.bytes, prefixLength: 0).masked(to: prefixLength)
    }

    /// The bytes with all bits after `length` at 0.
    func masked(to length: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let bits = min(max(length - index * 8, 0), 8)
            return bits == 0 ? 0 : byte & (UInt8.max << UInt8(8 - bits))
        }
    }

    var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }

    var isLinkLocalUnicast: Bool {
        bytes.count == 4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }

    var isLinkLocalMulticast: Bool {
        bytes.count == 4 ? bytes.starts(with: [224, 0, 0]) : bytes[0] == 0xFF && bytes[1] & 0x0F == 2
    }

    var isGlobalUnicast: Bool {
        let isMulticast = bytes.count == 4 ? bytes[0] & 0xF0 == 224 : bytes[0] == 0xFF
        let isBroadcast = bytes.count == 4 && bytes.allSatisfy { $0 == 255 }
        return !isMulticast && !isBroadcast && !isUnspecified && !isLoopback && !isLinkLocalUnicast
    }
}

// MARK: Text

extension CELNetwork {
    private static func number(_ text: Substring, limit: Int) -> Int? {
        guard text.utf8.allSatisfy({ $0.isDigit }), text.utf8.count <= 3, text.utf8.count == 1 || text.utf8.first != 48,
            let value = Int(text), value <= limit
        else { return nil }
        return value
    }

    private static func version4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let bytes = parts.compactMap { number($0, limit: 255).map { UInt8($0) } }
        return bytes.count == 4 ? bytes : nil
    }

    private static func version6(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2, text.utf8.count <= 39 else { return nil }
        var groups = halves.map { half -> [UInt16]? in
            if half.isEmpty, halves.count == 2 { return [] }
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            let values = parts.compactMap { (1...4).contains($0.utf8.count) ? hexNumber($0) : nil }
            return values.count == parts.count ? values : nil
        }
        guard let first = groups.removeFirst() else { return nil }
        var all = first
        if let second = groups.first {
            guard let second, first.count + second.count < 8 else { return nil }
            all += Array(repeating: 0, count: 8 - first.count - second.count) + second
        }
        guard all.count == 8 else { return nil }
        return all.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    private static func hexNumber(_ text: Substring) -> UInt16? {
        text.utf8.allSatisfy { $0.isHexDigit } ? UInt16(text, radix: 16) : nil
    }

    /// The longest run of zeros, of two or more, is left out; the first of equals.
    private static func text(_ bytes: [UInt8]) -> String {
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var best = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > max(best.count, 1) { best = start..<index }
            start = index + 1
        }
        func joined(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !best.isEmpty else { return joined(groups[...]) }
        return "\(joined(groups[..<best.lowerBound]))::\(joined(groups[best.upperBound...]))"
    }
}
