// Baton
// SPDX-License-Identifier: Apache-2.0

extension RegexParser {
    /// What follows `[`.
    mutating func bracketSet(ignoresCase: Bool) throws(PatternError) -> RegexSet {
        var set = RegexSet(ignoresCase: ignoresCase)
        set.isNegated = take("^")
        // ECMA-262 has the empty class, RE2 takes a bracket in the first place for a member.
        var isFirst = syntax == .re2
        while isFirst || peek() != "]" {
            isFirst = false
            if try takeClass(into: &set) { continue }
            let low = try setScalar()
            guard peek() == "-", peek(1) != "]", peek(1) != nil else {
                set.ranges.append(low...low)
                continue
            }
            _ = take("-")
            let high = try setScalar()
            guard low <= high else { throw error("a range is the wrong way round") }
            set.ranges.append(low...high)
        }
        _ = take("]")
        return set
    }

    /// A class such as `\d` or `[:alpha:]` inside brackets.
    private mutating func takeClass(into set: inout RegexSet) throws(PatternError) -> Bool {
        let named: RegexSet?
        if syntax == .re2, peek() == "[", peek(1) == ":" {
            named = try namedSet()
        } else if peek() == "\\" {
            _ = take("\\")
            named = try classEscape()
            if named == nil { rewind() }
        } else {
            return false
        }
        guard let named else { return false }
        set.formUnion(named)
        return true
    }

    /// `[:name:]` or `[:^name:]`.
    private mutating func namedSet() throws(PatternError) -> RegexSet {
        _ = take("[")
        _ = take(":")
        let isNegated = take("^")
        var name = ""
        while let scalar = peek(), scalar != ":", name.utf8.count < 8 {
            name.unicodeScalars.append(scalar)
            _ = next()
        }
        guard take(":"), take("]"), var set = RegexSet.named[name] else { throw error("unknown class of characters") }
        set.isNegated = isNegated
        return set
    }

    private mutating func setScalar() throws(PatternError) -> UInt32 {
        guard let scalar = next() else { throw error("`[` has no `]`") }
        guard scalar == "\\" else { return scalar.value }
        if syntax == .ecma, take("b") { return 8 }
        return try scalarEscape()
    }

    /// `\d`, `\w`, `\s`, `\p{…}` and their opposites; the backslash is taken already.
    mutating func classEscape() throws(PatternError) -> RegexSet? {
        guard let scalar = peek() else { return nil }
        var set: RegexSet
        switch scalar {
        case "d", "D": set = .digits
        case "w", "W": set = .word
        case "s", "S": set = syntax == .ecma ? .ecmaBlanks : .blanks
        case "p", "P":
            _ = next()
            return try propertySet(isNegated: scalar == "P")
        default: return nil
        }
        set.isNegated = scalar.properties.isUppercase
        _ = next()
        return set
    }

    /// What follows `\p`: a name in braces, for RE2 also one letter without and `^` for the opposite.
    private mutating func propertySet(isNegated: Bool) throws(PatternError) -> RegexSet {
        var name = ""
        var isOpposite = false
        if take("{") {
            if syntax == .re2 { isOpposite = take("^") }
            while let scalar = peek(), scalar != "}", name.utf8.count < 64 {
                name.unicodeScalars.append(scalar)
                _ = next()
            }
            guard take("}") else { throw error("`\\p` needs the name of a property in braces") }
        } else if syntax == .re2, let scalar = next() {
            name.unicodeScalars.append(scalar)
        }
        guard let property = RegexProperty(named: name) else { throw error("unknown property `\(name)` of characters") }
        return RegexSet(properties: [.init(property: property, isNegated: isNegated != isOpposite)])
    }

    /// One character after a backslash.
    mutating func scalarEscape() throws(PatternError) -> UInt32 {
        guard let scalar = next() else { throw error("the pattern ends with a backslash") }
        switch scalar {
        case "f": return 12
        case "n": return 10
        case "r": return 13
        case "t": return 9
        case "v": return 11
        case "a" where syntax == .re2: return 7
        case "x": return try hexEscape()
        case "u" where syntax == .ecma: return try unicodeEscape()
        case "c" where syntax == .ecma: return try controlEscape()
        case "0": return try zeroEscape()
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
                throw error("unknown escape `\\\(scalar)`")
            }
            return scalar.value
        }
    }

    /// For RE2 up to two octal digits more; ECMA-262 has only the zero itself.
    private mutating func zeroEscape() throws(PatternError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<2 {
            guard let scalar = peek(), ("0"..."7").contains(scalar) else { break }
            guard syntax == .re2 else { throw error("`\\0` may not have a digit after it") }
            value = value << 3 | (scalar.value - 48)
            _ = next()
        }
        return value
    }

    private mutating func controlEscape() throws(PatternError) -> UInt32 {
        guard let letter = next(), letter.isASCII, letter.properties.isAlphabetic else {
            throw error("`\\c` needs a letter")
        }
        return letter.value % 32
    }

    /// `\x41`, and for RE2 `\x{1F600}`.
    private mutating func hexEscape() throws(PatternError) -> UInt32 {
        let isBraced = syntax == .re2 && take("{")
        guard let value = isBraced ? bracedNumber() : hexNumber(2), Unicode.Scalar(value) != nil else {
            throw error("`\\x` needs two hexadecimal digits or `{…}` with a character")
        }
        return value
    }

    /// `\u00E4`, `\uD83D\uDE00` or `\u{1F600}`.
    private mutating func unicodeEscape() throws(PatternError) -> UInt32 {
        if take("{") {
            guard let value = bracedNumber(), Unicode.Scalar(value) != nil else {
                throw error("`\\u{…}` needs the hexadecimal number of a character")
            }
            return value
        }
        guard let first = hexNumber(4) else { throw error("`\\u` needs four hexadecimal digits") }
        if Unicode.Scalar(first) != nil { return first }
        guard first < 0xDC00, take("\\"), take("u"), let second = hexNumber(4), (0xDC00...0xDFFF).contains(second)
        else {
            throw error("half of a surrogate pair is no character")
        }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func hexNumber(_ count: Int) -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = takeHexDigit() else { return nil }
            value = value << 4 | digit
        }
        return value
    }

    /// Hexadecimal digits and the brace that ends them.
    private mutating func bracedNumber() -> UInt32? {
        var value: UInt32 = 0
        var count = 0
        while let digit = takeHexDigit() {
            value = min(value << 4 | digit, 0x110000)
            count += 1
        }
        return count > 0 && take("}") ? value : nil
    }

    private mutating func takeHexDigit() -> UInt32? {
        guard let scalar = peek(), scalar.isASCII, let digit = Character(scalar).hexDigitValue else { return nil }
        _ = next()
        return UInt32(digit)
    }
}
