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
        while position < size, base[position] >= 0x20, base[position] != 0x22, base[position] != 0x5C {
            appendReserved(base[position])
            position += 1
        }
        return position
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
