// Baton
// SPDX-License-Identifier: Apache-2.0

extension Lexer {
    /// A string or bytes literal when one starts here: prefixes `b` and `r`, one or three quotes of either kind.
    mutating func quotedLiteral() throws(CELError) -> Token.Kind? {
        var length = 0
        let isBytes = peek() == UInt8(ascii: "b") || peek() == UInt8(ascii: "B")
        if isBytes { length += 1 }
        let isRaw = peek(length) == UInt8(ascii: "r") || peek(length) == UInt8(ascii: "R")
        if isRaw { length += 1 }
        guard let quote = peek(length), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let start = index
        index += length
        let isTriple = peek(1) == quote && peek(2) == quote
        index += isTriple ? 3 : 1
        var content: [UInt8] = []
        while true {
            guard let byte = peek(), isTriple || byte != 10 && byte != 13 else {
                throw .syntax("the string that starts here has no closing quote", at: start)
            }
            if byte == quote, !isTriple || peek(1) == quote && peek(2) == quote {
                index += isTriple ? 3 : 1
                return isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self))
            }
            if byte == UInt8(ascii: "\\"), !isRaw {
                try escape(isBytes: isBytes, into: &content)
            } else {
                content.append(byte)
                index += 1
            }
        }
    }

    private mutating func escape(isBytes: Bool, into content: inout [UInt8]) throws(CELError) {
        let start = index
        guard let byte = peek(1) else { throw .syntax("the string ends inside an escape", at: start) }
        index += 2
        let digits: Int
        switch byte {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): digits = 2
        case UInt8(ascii: "u") where !isBytes: digits = 4
        case UInt8(ascii: "U") where !isBytes: digits = 8
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            return try octalEscape(start, isBytes: isBytes, into: &content)
        default:
            guard let plain = Self.plainEscapes[byte] else {
                throw .syntax("unknown escape in a string; write `\\\\` for a backslash or use r\"…\"", at: start)
            }
            content.append(plain)
            return
        }
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = peek()?.hexValue else {
                throw .syntax("the escape needs \(digits) hexadecimal digits", at: start)
            }
            value = value << 4 | digit
            index += 1
        }
        try append(value, isBytes: isBytes, start: start, to: &content)
    }

    private mutating func octalEscape(_ start: Int, isBytes: Bool, into content: inout [UInt8]) throws(CELError) {
        var value: UInt32 = 0
        index = start + 1
        for _ in 0..<3 {
            guard let byte = peek(), (48...55).contains(byte) else {
                throw .syntax("an octal escape needs three digits from 000 to 377", at: start)
            }
            value = value << 3 | UInt32(byte - 48)
            index += 1
        }
        try append(value, isBytes: isBytes, start: start, to: &content)
    }

    private func append(
        _ value: UInt32,
        isBytes: Bool,
        start: Int,
        to content: inout [UInt8]
    ) throws(CELError) {
        if isBytes {
            content.append(UInt8(truncatingIfNeeded: value))
        } else if let scalar = Unicode.Scalar(value) {
            content.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        } else {
            throw .syntax("the escape is no Unicode character", at: start)
        }
    }

    private static let plainEscapes: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
        UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 92,
        UInt8(ascii: "?"): 63, UInt8(ascii: "\""): 34, UInt8(ascii: "'"): 39, UInt8(ascii: "`"): 96,
    ]
}
