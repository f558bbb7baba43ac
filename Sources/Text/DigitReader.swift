// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads digits and single characters from the front of a text.
public struct DigitReader {
    private let bytes: [UInt8]
    private var index = 0

    /// Starts at the front of `text`.
    public init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Nothing is left.
    public var isAtEnd: Bool { index == bytes.count }

    /// Takes exactly `count` decimal digits, at most 18; `nil`, and nothing is taken, when there are not that many.
    public mutating func number(_ count: Int) -> Int64? {
        guard index + count <= bytes.count, count <= 18 else { return nil }
        var value: Int64 = 0
        for byte in bytes[index..<index + count] {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        index += count
        return value
    }

    /// Takes as many decimal digits as there are; `nil` when there is none or the number has more than 18.
    public mutating func number() -> Int64? {
        var count = 0
        while index + count < bytes.count, (48...57).contains(bytes[index + count]) { count += 1 }
        return count == 0 ? nil : number(count)
    }

    /// Takes one ASCII character if it is next.
    public mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, UInt32(bytes[index]) == character.value else { return false }
        index += 1
        return true
    }

    /// The next byte, which stays.
    public var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// Takes the longest run of bytes that fulfil `condition`.
    public mutating func take(while condition: (UInt8) -> Bool) -> String {
        let start = index
        while index < bytes.count, condition(bytes[index]) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// Takes one to nine digits after a point, as nanoseconds.
    public mutating func nanoseconds() -> Int32? {
        var value: Int64 = 0
        var count = 0
        while count < 9, let digit = number(1) {
            value = value * 10 + digit
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in count..<9 { value *= 10 }
        return Int32(value)
    }
}
