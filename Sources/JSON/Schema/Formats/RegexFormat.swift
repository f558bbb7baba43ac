// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

/// Whether a text is a regular expression of ECMA-262 (with the flag `u`); also those that look around or back, which
/// ``Pattern`` does not match.
struct RegexFormat {
    private var rest: Substring.UnicodeScalarView
    private var depth = 0
    private var names: Set<String> = []
    private var references: Set<String> = []
    private var groupCount = 0
    private var highestReference = 0

    static func accepts(_ text: String) -> Bool {
        if (try? Pattern(text, syntax: .ecma)) != nil { return true }
        var format = RegexFormat(rest: text.unicodeScalars[...])
        return format.alternatives() && format.rest.isEmpty && format.references.isSubset(of: format.names)
            && format.highestReference <= format.groupCount
    }

    private init(rest: Substring.UnicodeScalarView) {
        self.rest = rest
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(prefix: String) -> Bool {
        guard rest.starts(with: prefix.unicodeScalars) else { return false }
        rest = rest.dropFirst(prefix.unicodeScalars.count)
        return true
    }

    private mutating func alternatives() -> Bool {
        guard depth < 200 else { return false }
        depth += 1
        defer { depth -= 1 }
        repeat {
            while let next = rest.first, next != "|", next != ")" {
                guard term() else { return false }
            }
        } while take("|")
        return true
    }

    private mutating func term() -> Bool {
        guard let next = rest.popFirst() else { return false }
        switch next {
        case "^", "$": return true
        case "(":
            if take(prefix: "?<=") || take(prefix: "?<!") { return alternatives() && take(")") }
            return group() && quantifier()
        case "[": return classRanges() && quantifier()
        case "\\":
            if take("b") || take("B") { return true }
            return escape(inClass: false) && quantifier()
        case ".": return quantifier()
        case "*", "+", "?", "{", "}", "]", ")": return false
        default: return quantifier()
        }
    }

    private mutating func group() -> Bool {
        if take("?") {
            if take("<") {
                guard let name = name(), names.insert(name).inserted else { return false }
                groupCount += 1
            } else if !take(":"), !take("="), !take("!") {
                return false
            }
        } else {
            groupCount += 1
        }
        return alternatives() && take(")")
    }

    /// A name up to `>`.
    private mutating func name() -> String? {
        let name = String(rest.prefix { $0 == "_" || $0 == "$" || $0.properties.isIDContinue })
        rest = rest.dropFirst(name.unicodeScalars.count)
        guard let first = name.unicodeScalars.first, !("0"..."9" ~= first), take(">") else { return nil }
        return name
    }

    private mutating func quantifier() -> Bool {
        if take("{") {
            guard let least = number() else { return false }
            if take(","), rest.first != "}" {
                guard let most = number(), least <= most else { return false }
            }
            guard take("}") else { return false }
        } else if !take("*"), !take("+"), !take("?") {
            return true
        }
        _ = take("?")
        return true
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { "0"..."9" ~= $0 }
        rest = rest.dropFirst(digits.count)
        return Int(String(digits.prefix(15)))
    }

    private mutating func classRanges() -> Bool {
        _ = take("^")
        while let next = rest.popFirst() {
            if next == "]" { return true }
            if next == "\\", !escape(inClass: true) { return false }
        }
        return false
    }

    private mutating func escape(inClass: Bool) -> Bool {
        guard let next = rest.popFirst() else { return false }
        switch next {
        case "d", "D", "s", "S", "w", "W", "f", "n", "r", "t", "v": return true
        case "0": return !(rest.first.map { "0"..."9" ~= $0 } ?? false)
        case "1"..."9" where !inClass:
            let more = number() ?? 0
            highestReference = max(highestReference, more == 0 ? Int(next.value) - 48 : 10)
            return true
        case "k" where !inClass:
            guard take("<"), let name = name() else { return false }
            references.insert(name)
            return true
        case "b", "-": return inClass
        case "c": return rest.popFirst().map { $0.isASCII && $0.properties.isAlphabetic } ?? false
        case "x": return hexDigits(2)
        case "u": return take("{") ? bracedScalar() : hexDigits(4)
        case "p", "P":
            guard take("{"), let end = rest.firstIndex(of: "}"), end > rest.startIndex else { return false }
            let property = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            return (try? Pattern("\\p{\(property)}", syntax: .ecma)) != nil
        default: return "^$\\.*+?()[]{}|/".unicodeScalars.contains(next)
        }
    }

    private mutating func hexDigits(_ count: Int) -> Bool {
        let digits = rest.prefix(count)
        rest = rest.dropFirst(count)
        return digits.count == count && digits.allSatisfy { $0.properties.isASCIIHexDigit }
    }

    private mutating func bracedScalar() -> Bool {
        let digits = rest.prefix { $0.properties.isASCIIHexDigit }
        rest = rest.dropFirst(digits.count)
        guard let value = Int(String(digits.prefix(8)), radix: 16), value <= 0x10FFFF else { return false }
        return take("}")
    }
}
