// Baton
// SPDX-License-Identifier: Apache-2.0

/// Splits an expression into tokens.
struct Lexer {
    let bytes: [UInt8]
    var index = 0

    /// All tokens, the last of which is `end`.
    static func tokens(of source: String) throws(CELError) -> [Token] {
        var lexer = Lexer(bytes: Array(source.utf8))
        var tokens: [Token] = []
        tokens.reserveCapacity(source.utf8.count / 2 + 2)
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private mutating func next() throws(CELError) -> Token {
        skipBlanks()
        let start = index
        guard let byte = peek() else { return Token(kind: .end, offset: start) }
        let kind: Token.Kind
        if let literal = try quotedLiteral() {
            kind = literal
        } else if byte.isIdentifierStart {
            while let byte = peek(), byte.isIdentifierStart || byte.isDigit { index += 1 }
            kind = .identifier(String(decoding: bytes[start..<index], as: UTF8.self))
        } else if byte.isDigit || byte == UInt8(ascii: ".") && (peek(1)?.isDigit ?? false) {
            kind = try number()
        } else if byte == UInt8(ascii: "`") {
            kind = try quotedName()
        } else {
            kind = .symbol(try symbol())
        }
        return Token(kind: kind, offset: start)
    }

    func peek(_ distance: Int = 0) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    private mutating func skipBlanks() {
        while let byte = peek() {
            if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
                while let byte = peek(), byte != UInt8(ascii: "\n") { index += 1 }
            } else if byte == 32 || (9...13).contains(byte) && byte != 11 {
                index += 1
            } else {
                return
            }
        }
    }

    private mutating func symbol() throws(CELError) -> Symbol {
        if let symbol = Symbol(peek() ?? 0, peek(1) ?? 0) {
            index += symbol.rawValue.utf8.count
            return symbol
        }
        throw .syntax(unexpectedCharacter(), at: index)
    }

    private func unexpectedCharacter() -> String {
        let rest = String(decoding: bytes[index...].prefix(4), as: UTF8.self)
        let character = rest.unicodeScalars.first.map { String($0) } ?? ""
        let hint =
            switch character {
            case "=": "; write `==` to compare"
            case "&", "|": "; write `\(character)\(character)`"
            case ";": "; an expression has no statements"
            default: ""
            }
        return "unexpected character `\(character)`\(hint)"
    }

    private mutating func quotedName() throws(CELError) -> Token.Kind {
        let start = index
        index += 1
        while let byte = peek(), byte.isIdentifierStart || byte.isDigit || "-./ ".utf8.contains(byte) { index += 1 }
        guard peek() == UInt8(ascii: "`"), index > start + 1 else {
            throw .syntax(
                "a name in backticks may hold letters, digits and `_-./ ` and must end with a backtick",
                at: start
            )
        }
        index += 1
        return .quotedName(String(decoding: bytes[start + 1..<index - 1], as: UTF8.self))
    }
}

// MARK: Numbers

extension Lexer {
    private mutating func number() throws(CELError) -> Token.Kind {
        let start = index
        if peek() == UInt8(ascii: "0"), peek(1) == UInt8(ascii: "x") || peek(1) == UInt8(ascii: "X") {
            index += 2
            while let byte = peek(), byte.isHexDigit { index += 1 }
            return try integer(bytes[start + 2..<index], radix: 16, start: start)
        }
        skipDigits()
        var isDouble = false
        if peek() == UInt8(ascii: "."), peek(1)?.isDigit ?? false {
            isDouble = true
            index += 1
            skipDigits()
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            isDouble = true
            index += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { index += 1 }
            guard peek()?.isDigit ?? false else { throw .syntax("the exponent has no digits", at: start) }
            skipDigits()
        }
        guard isDouble else { return try integer(bytes[start..<index], radix: 10, start: start) }
        try requireEndOfNumber(start)
        guard let value = Double(String(decoding: bytes[start..<index], as: UTF8.self)), value.isFinite else {
            throw .syntax("the number is too large for a double", at: start)
        }
        return .double(value)
    }

    private mutating func integer(_ digits: ArraySlice<UInt8>, radix: Int, start: Int) throws(CELError) -> Token.Kind {
        let isUnsigned = peek() == UInt8(ascii: "u") || peek() == UInt8(ascii: "U")
        if isUnsigned { index += 1 }
        try requireEndOfNumber(start)
        guard !digits.isEmpty else { throw .syntax("`0x` needs hexadecimal digits", at: start) }
        guard let value = UInt64(String(decoding: digits, as: UTF8.self), radix: radix) else {
            throw .syntax("the number does not fit 64 bits", at: start)
        }
        return isUnsigned ? .uint(value) : .int(value)
    }

    private func requireEndOfNumber(_ start: Int) throws(CELError) {
        guard let byte = peek(), byte.isIdentifierStart || byte.isDigit else { return }
        throw .syntax("a number runs into a name", at: start)
    }

    private mutating func skipDigits() {
        while let byte = peek(), byte.isDigit { index += 1 }
    }
}

extension UInt8 {
    var isDigit: Bool { self >= 48 && self <= 57 }

    var isHexDigit: Bool { hexValue != nil }

    var isIdentifierStart: Bool {
        self == UInt8(ascii: "_") || (65...90).contains(self) || (97...122).contains(self)
    }

    /// 0 to 15 for a hexadecimal digit.
    var hexValue: UInt32? {
        switch self {
        case 48...57: UInt32(self - 48)
        case 65...70: UInt32(self - 55)
        case 97...102: UInt32(self - 87)
        default: nil
        }
    }
}
