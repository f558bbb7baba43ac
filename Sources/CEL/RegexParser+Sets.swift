// Baton
// SPDX-License-Identifier: Apache-2.0

extension RegexParser {
    /// What follows `[`.
    mutating func bracketSet(ignoresCase: Bool) throws(CELError) -> RegexSet {
        var set = RegexSet(ignoresCase: ignoresCase)
        set.isNegated = take("^")
        var isFirst = true
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
    private mutating func takeClass(into set: inout RegexSet) throws(CELError) -> Bool {
        let named: RegexSet?
        if peek() == "[", peek(1) == ":" {
            named = try namedSet()
        } else if peek() == "\\" {
            _ = take("\\")
            named = classEscape()
            if named == nil { rewind() }
        } else {
            return false
        }
        guard let named else { return false }
        if named.isNegated {
            set.negatedSets.append(RegexSet(ranges: named.ranges))
        } else {
            set.ranges += named.ranges
        }
        return true
    }

    /// `[:name:]` or `[:^name:]`.
    private mutating func namedSet() throws(CELError) -> RegexSet {
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

    private mutating func setScalar() throws(CELError) -> UInt32 {
        guard let scalar = next() else { throw error("`[` has no `]`") }
        return scalar == "\\" ? try scalarEscape() : scalar.value
    }

    /// `\d`, `\w`, `\s` and their opposites; the backslash is taken already.
    mutating func classEscape() -> RegexSet? {
        guard let scalar = peek() else { return nil }
        var set: RegexSet
        switch scalar {
        case "d", "D": set = .digits
        case "w", "W": set = .word
        case "s", "S": set = .blanks
        default: return nil
        }
        set.isNegated = scalar.properties.isUppercase
        _ = next()
        return set
    }

    /// One character after a backslash.
    mutating func scalarEscape() throws(CELError) -> UInt32 {
        guard let scalar = next() else { throw error("the pattern ends with a backslash") }
        switch scalar {
        case "a": return 7
        case "f": return 12
        case "n": return 10
        case "r": return 13
        case "t": return 9
        case "v": return 11
        case "x": return try hexEscape()
        case "0": return octalEscape()
        case "p", "P": throw error("classes of Unicode properties are not supported")
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
                throw error("unknown escape `\\\(scalar)`")
            }
            return scalar.value
        }
    }

    private mutating func octalEscape() -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<2 {
            guard let scalar = peek(), ("0"..."7").contains(scalar) else { break }
            value = value << 3 | (scalar.value - 48)
            _ = next()
        }
        return value
    }

    /// `\x41` or `\x{1F600}`.
    private mutating func hexEscape() throws(CELError) -> UInt32 {
        let isBraced = take("{")
        var value: UInt32 = 0
        var count = 0
        while count < (isBraced ? 6 : 2), let scalar = peek(), scalar.isASCII,
            let digit = UInt8(scalar.value).hexValue
        {
            value = value << 4 | digit
            count += 1
            _ = next()
        }
        guard isBraced ? count > 0 && take("}") : count == 2, Unicode.Scalar(value) != nil else {
            throw error("`\\x` needs two hexadecimal digits or `{…}` with a character")
        }
        return value
    }
}
