// Baton
// SPDX-License-Identifier: Apache-2.0

extension ByteBuffer {
    /// Adds text in quotes. Only what JSON demands is escaped: quote, backslash and control characters; the result is
    /// what RFC 8785 asks for.
    @inline(__always)
    mutating func append(quoted text: String) {
        let done: Void? = text.utf8.withContiguousStorageIfAvailable { append(quoted: $0) }
        guard done == nil else { return }
        var copy = text
        copy.withUTF8 { append(quoted: $0) }
    }

    private mutating func append(quoted text: UnsafeBufferPointer<UInt8>) {
        // Quotes, the text, and room for the last whole word.
        reserve(text.count + 10)
        appendReserved(UInt8(ascii: "\""))
        if let base = text.baseAddress { appendEscaped(base, text.count) }
        append(UInt8(ascii: "\""))
    }

    @inline(__always)
    private mutating func appendEscaped(_ base: UnsafePointer<UInt8>, _ size: Int) {
        var position = 0
        while position < size {
            let clean = copyClean(base + position, size - position)
            position += clean
            guard position < size else { return }
            appendEscape(base[position])
            position += 1
            reserve(size - position + 10)
        }
    }

    /// Copies up to the next byte that needs an escape, eight at a time; there is room for all and one word more.
    @inline(__always)
    private mutating func copyClean(_ base: UnsafePointer<UInt8>, _ size: Int) -> Int {
        var position = 0
        while size - position >= 8 {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self))
            let stops = Parser.stops(in: word)
            guard stops == 0 else {
                let clean = stops.trailingZeroBitCount >> 3
                appendReserved(word: word, size: clean)
                return position + clean
            }
            appendReserved(word: word, size: 8)
            position += 8
        }
        guard position < size else { return position }
        let word = Self.lastWord(base, size, rest: size - position)
        let clean = min(size - position, Parser.stops(in: word).trailingZeroBitCount >> 3)
        appendReserved(word: word, size: clean)
        return position + clean
    }

    /// Whether nothing in the text needs an escape.
    static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = text.baseAddress else { return true }
        var position = 0
        while text.count - position >= 8 {
            let word = UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
            guard Parser.stops(in: UInt64(littleEndian: word)) == 0 else { return false }
            position += 8
        }
        let rest = text.count - position
        guard rest > 0 else { return true }
        return Parser.stops(in: lastWord(base, text.count, rest: rest)).trailingZeroBitCount >> 3 >= rest
    }

    /// The last `rest` bytes, fewer than 8, as the low bytes of a word; reads none outside of the text.
    @inline(__always)
    private static func lastWord(_ base: UnsafePointer<UInt8>, _ size: Int, rest: Int) -> UInt64 {
        let raw = UnsafeRawPointer(base)
        if size >= 8 {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: size - 8, as: UInt64.self))
            return word >> UInt64((8 - rest) * 8)
        }
        let start = size - rest
        if rest >= 4 {
            let low = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: start, as: UInt32.self))
            let high = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: size - 4, as: UInt32.self))
            return UInt64(low) | UInt64(high) << UInt64((rest - 4) * 8)
        }
        // First, middle and last byte cover one to three.
        return UInt64(base[start]) | UInt64(base[start + rest / 2]) << UInt64(rest / 2 * 8)
            | UInt64(base[size - 1]) << UInt64((rest - 1) * 8)
    }

    @inline(never)
    private mutating func appendEscape(_ byte: UInt8) {
        switch byte {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x08: append("\\b")
        case 0x0C: append("\\f")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            let low = byte & 0x0F
            append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }
}
