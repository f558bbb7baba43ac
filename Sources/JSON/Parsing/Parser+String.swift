// Baton
// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// Reads text up to and with the closing quote; the opening one is behind.
    @inline(__always)
    mutating func string() throws(JSONError) -> String {
        let start = position
        var high = 0 as UInt64
        skipPlain(&high)
        guard position < end, base[position] == UInt8(ascii: "\"") else { return try escapedString(from: start, high) }
        let size = position - start
        position += 1
        guard high == 0 else { return try unicodeString(from: start, to: start + size) }
        return Self.text(base + start, size, isASCII: true)
    }

    /// Moves to the next quote, backslash or control byte, eight bytes at a time; `high` collects bytes over 127.
    @inline(__always)
    private mutating func skipPlain(_ high: inout UInt64) {
        let highBits = 0x8080_8080_8080_8080 as UInt64
        while end - position >= 8 {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self))
            let stops = Self.stops(in: word)
            if stops != 0 {
                high |= word & highBits & ((stops & (0 &- stops)) &- 1)
                position += stops.trailingZeroBitCount >> 3
                return
            }
            high |= word & highBits
            position += 8
        }
        while position < end, base[position] >= 0x20, base[position] != 0x22, base[position] != 0x5C {
            high |= UInt64(base[position] & 0x80)
            position += 1
        }
    }

    /// The lowest bit set in the result is bit 7 of the first byte that is a quote, a backslash or below 32.
    @inline(__always)
    static func stops(in word: UInt64) -> UInt64 {
        let ones = 0x0101_0101_0101_0101 as UInt64
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        // Borrows reach only bytes above the first hit.
        let hits = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
        return hits & (ones &* 0x80)
    }

    @inline(__always)
    private static func text(_ start: UnsafePointer<UInt8>, _ size: Int, isASCII: Bool) -> String {
        let bytes = UnsafeBufferPointer(start: start, count: size)
        return String(copying: UTF8Span(unchecked: bytes.span, isKnownASCII: isASCII))
    }

    /// Text with bytes over 127, which are checked here.
    @inline(never)
    private func unicodeString(from start: Int, to stop: Int) throws(JSONError) -> String {
        try checkEncoding(from: start, to: stop)
        return Self.text(base + start, stop - start, isASCII: false)
    }

    private func checkEncoding(from start: Int, to stop: Int) throws(JSONError) {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: UnsafeBufferPointer(start: base + start, count: stop - start).span)
        } catch {
            throw failure(.encoding, at: start + error.byteOffsets.lowerBound, "the text is not UTF-8")
        }
    }

    /// Text that did not end at the first stop: with escapes, or not text at all.
    @inline(never)
    private mutating func escapedString(from start: Int, _ firstHigh: UInt64) throws(JSONError) -> String {
        var high = firstHigh
        var run = start
        scratch.removeAll(keepingCapacity: true)
        while true {
            guard position < end else { throw failure(.syntax, at: start - 1, "the text has no closing quote") }
            scratch.append(contentsOf: UnsafeBufferPointer(start: base + run, count: position - run))
            switch base[position] {
            case UInt8(ascii: "\""):
                if high != 0 { try checkEncoding(from: start, to: position) }
                position += 1
                let isASCII = scratch.reduce(0, |) < 0x80
                return String(copying: UTF8Span(unchecked: scratch.span, isKnownASCII: isASCII))
            case UInt8(ascii: "\\"): try escape()
            default: throw failure(.syntax, at: position, "a control character in text must be escaped")
            }
            run = position
            skipPlain(&high)
        }
    }

    /// Decodes the escape at the position and moves behind it.
    private mutating func escape() throws(JSONError) {
        let start = position
        position += 2
        guard position <= end else { throw failure(.syntax, at: start, "the escape is not complete") }
        switch base[start + 1] {
        case UInt8(ascii: "\""): scratch.append(0x22)
        case UInt8(ascii: "\\"): scratch.append(0x5C)
        case UInt8(ascii: "/"): scratch.append(0x2F)
        case UInt8(ascii: "b"): scratch.append(0x08)
        case UInt8(ascii: "f"): scratch.append(0x0C)
        case UInt8(ascii: "n"): scratch.append(0x0A)
        case UInt8(ascii: "r"): scratch.append(0x0D)
        case UInt8(ascii: "t"): scratch.append(0x09)
        case UInt8(ascii: "u"): scratch.append(contentsOf: String(try escapedScalar(start)).utf8)
        default: throw failure(.syntax, at: start, "there is no such escape")
        }
    }

    /// The scalar of `\uXXXX` or of two of them that are a surrogate pair.
    private mutating func escapedScalar(_ start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try codeUnit(start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, end - position >= 6, base[position] == 0x5C, base[position + 1] == UInt8(ascii: "u")
        else {
            throw failure(.encoding, at: start, "the escape is half of a surrogate pair")
        }
        position += 2
        let second = try codeUnit(position - 2)
        let pair = 0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF)
        guard second & 0xFC00 == 0xDC00, let scalar = Unicode.Scalar(pair) else {
            throw failure(.encoding, at: start, "the escape is half of a surrogate pair")
        }
        return scalar
    }

    /// Four hexadecimal digits.
    private mutating func codeUnit(_ start: Int) throws(JSONError) -> UInt32 {
        var unit = 0 as UInt32
        for _ in 0..<4 {
            guard position < end, let digit = Character(Unicode.Scalar(base[position])).hexDigitValue else {
                throw failure(.syntax, at: start, "\\u takes four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}
