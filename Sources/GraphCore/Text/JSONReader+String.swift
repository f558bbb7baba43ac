// Baton
// SPDX-License-Identifier: Apache-2.0

extension JSONReader {
    /// Appends the text of a string, unescaped, as well-formed UTF-8.
    mutating func readString(into output: inout [UInt8]) throws(GraphFailure) {
        position += 1
        while let byte {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): try escape(into: &output)
            case 0..<0x20: throw failure("a control character must be escaped")
            case ..<0x80:
                output.append(byte)
                position += 1
            default: try sequence(into: &output)
            }
        }
        throw failure("a string does not end")
    }

    mutating func skipString() throws(GraphFailure) {
        var ignored: [UInt8] = []
        try readString(into: &ignored)
    }

    private mutating func escape(into output: inout [UInt8]) throws(GraphFailure) {
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(input[position])
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): return try unicodeEscape(into: &output)
        default: throw failure("this escape does not exist")
        }
        position += 1
    }

    private mutating func unicodeEscape(into output: inout [UInt8]) throws(GraphFailure) {
        let first = try hexadecimal()
        switch first {
        case 0xD800..<0xDC00:
            guard byte == UInt8(ascii: "\\"), position + 1 < input.count, input[position + 1] == UInt8(ascii: "u")
            else { throw failure("half of a surrogate pair is missing") }
            position += 1
            let second = try hexadecimal()
            guard second & 0xFC00 == 0xDC00 else { throw failure("half of a surrogate pair is missing") }
            output.append(scalar: 0x1_0000 + (first & 0x3FF) << 10 + second & 0x3FF)
        case 0xDC00..<0xE000: throw failure("half of a surrogate pair is missing")
        default: output.append(scalar: first)
        }
    }

    /// Consumes `u` and four digits.
    private mutating func hexadecimal() throws(GraphFailure) -> UInt32 {
        position += 1
        var value: UInt32 = 0
        for _ in 0..<4 {
            switch byte {
            case .some(let digit) where digit >= UInt8(ascii: "0") && digit <= UInt8(ascii: "9"):
                value = value << 4 | UInt32(digit - UInt8(ascii: "0"))
            case .some(let digit) where digit | 32 >= UInt8(ascii: "a") && digit | 32 <= UInt8(ascii: "f"):
                value = value << 4 | UInt32(digit | 32 - UInt8(ascii: "a") + 10)
            default: throw failure("`\\u` needs four hexadecimal digits")
            }
            position += 1
        }
        return value
    }

    /// A sequence of two to four bytes (RFC 3629, section 4).
    private mutating func sequence(into output: inout [UInt8]) throws(GraphFailure) {
        let first = input[position]
        let second: ClosedRange<UInt8>
        switch first {
        case 0xE0: second = 0xA0...0xBF
        case 0xED: second = 0x80...0x9F
        case 0xF0: second = 0x90...0xBF
        case 0xF4: second = 0x80...0x8F
        case 0xC2...0xF4: second = 0x80...0xBF
        default: throw failure("this is not UTF-8")
        }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard position + length <= input.count, second.contains(input[position + 1]),
            input[position + 2..<position + length].allSatisfy({ $0 & 0xC0 == 0x80 })
        else { throw failure("this is not UTF-8") }
        output += input[position..<position + length]
        position += length
    }
}

extension [UInt8] {
    fileprivate mutating func append(scalar: UInt32) {
        func tail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3F) }
        switch scalar {
        case ..<0x80: append(UInt8(scalar))
        case ..<0x800: self += [UInt8(0xC0 | scalar >> 6), tail(0)]
        case ..<0x1_0000: self += [UInt8(0xE0 | scalar >> 12), tail(6), tail(0)]
        default: self += [UInt8(0xF0 | scalar >> 18), tail(12), tail(6), tail(0)]
        }
    }
}
