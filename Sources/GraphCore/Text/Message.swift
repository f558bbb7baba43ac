// Baton
// SPDX-License-Identifier: Apache-2.0

/// A text for people, as bytes. Names in it are quoted and bounded, since a document can hold very long ones.
struct Message: ExpressibleByStringInterpolation {
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate(set) var bytes: [UInt8] = []

        init(literalCapacity: Int, interpolationCount: Int) { bytes.reserveCapacity(literalCapacity) }

        @inline(never)
        mutating func appendLiteral(_ literal: StaticString) { bytes.append(literal) }

        @inline(never)
        mutating func appendInterpolation(_ number: Int) { bytes.append(decimal: Int64(number)) }

        @inline(never)
        mutating func appendInterpolation(_ message: Message) { bytes += message.bytes }

        /// A name between backticks.
        @inline(never)
        mutating func appendInterpolation(_ name: ArraySlice<UInt8>) {
            bytes.append(UInt8(ascii: "`"))
            appendInterpolation(bare: name)
            bytes.append(UInt8(ascii: "`"))
        }

        /// A name as it is.
        @inline(never)
        mutating func appendInterpolation(bare name: ArraySlice<UInt8>) {
            guard name.count > Message.shownBytes else { return bytes += name }
            var end = name.startIndex + Message.shownBytes
            while name[end] & 0xC0 == 0x80 { end -= 1 }
            bytes += name[..<end]
            bytes.append("…")
        }
    }

    /// Longer names are cut.
    private static let shownBytes = 64

    private(set) var bytes: [UInt8]

    init(stringLiteral value: StaticString) {
        bytes = []
        bytes.append(value)
    }

    init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }

    static func += (left: inout Self, right: Self) { left.bytes += right.bytes }
}
