// Baton
// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address in binary.
public enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Four bytes, the first one highest.
    case v4(UInt32)
    /// Sixteen bytes, the first one highest.
    case v6(high: UInt64, low: UInt64)

    /// Reads what `inet_aton` and URL parsers take for an address: dotted decimal, one to four parts, each decimal,
    /// octal (`0177`) or hexadecimal (`0x7f`), and IPv6 without brackets and zone.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: ":")) {
            guard let address = Self.readIPv6(bytes) else { return nil }
            self = address
        } else {
            guard let value = Self.readIPv4(bytes) else { return nil }
            self = .v4(value)
        }
    }

    /// The network form: 4 or 16 bytes.
    public init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            self = .v6(
                high: bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) },
                low: bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
            )
        default: return nil
        }
    }

    /// Dotted decimal, or eight groups without `::` (no leading zeros).
    public var description: String {
        switch self {
        case .v4(let value):
            return [24, 16, 8, 0].map { String(value >> $0 & 0xff) }.joined(separator: ".")
        case .v6(let high, let low):
            let groups = [high, low].flatMap { half in [48, 32, 16, 0].map { half >> UInt64($0) & 0xffff } }
            return groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
    }

    private static func readIPv4(_ bytes: [UInt8]) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...4).contains(parts.count) else { return nil }
        var numbers: [UInt64] = []
        for part in parts {
            guard let number = readNumber(part) else { return nil }
            numbers.append(number)
        }
        let last = numbers.removeLast()
        guard numbers.allSatisfy({ $0 < 256 }), last < 1 << UInt64(8 * (4 - numbers.count)) else { return nil }
        let upper = numbers.enumerated().reduce(UInt64(0)) { $0 | $1.element << UInt64(24 - 8 * $1.offset) }
        return UInt32(upper | last)
    }

    private static func readNumber(_ digits: ArraySlice<UInt8>) -> UInt64? {
        let text = String(decoding: digits, as: UTF8.self).lowercased()
        guard let first = text.utf8.first, first >= 48, first <= 57 else { return nil }
        if text.hasPrefix("0x") { return text.utf8.count == 2 ? 0 : UInt64(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0"), text.utf8.count > 1 { return UInt64(text.dropFirst(), radix: 8) }
        return UInt64(text, radix: 10)
    }

    private static func readIPv6(_ bytes: [UInt8]) -> IPAddress? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard bytes.count <= 45 else { return nil }
        var halves = [text]
        if let gap = bytes.indices.dropLast().first(where: { bytes[$0] == 58 && bytes[$0 + 1] == 58 }) {
            halves = [bytes[..<gap], bytes[(gap + 2)...]].map { String(decoding: $0, as: UTF8.self) }
        }
        var groups: [[UInt16]] = []
        for (index, half) in halves.enumerated() {
            guard let read = readGroups(half, mayEndInIPv4: index == halves.count - 1) else { return nil }
            groups.append(read)
        }
        let count = groups.reduce(0) { $0 + $1.count }
        guard halves.count == 2 ? count <= 7 : count == 8 else { return nil }
        let middle = [UInt16](repeating: 0, count: 8 - count)
        let all = (groups[0] + middle + (groups.count == 2 ? groups[1] : [])).map(UInt64.init)
        return .v6(high: all[..<4].reduce(0) { $0 << 16 | $1 }, low: all[4...].reduce(0) { $0 << 16 | $1 })
    }

    private static func readGroups(_ text: String, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains(".") {
                let isPlain = part.utf8.allSatisfy { $0 == 46 || ($0 >= 48 && $0 <= 57) }
                guard isPlain, part.split(separator: ".").count == 4, let value = readIPv4(Array(part.utf8)) else {
                    return nil
                }
                groups += [UInt16(value >> 16), UInt16(truncatingIfNeeded: value)]
            } else {
                guard part.utf8.count <= 4, part.first != "+", let group = UInt16(part, radix: 16) else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}
