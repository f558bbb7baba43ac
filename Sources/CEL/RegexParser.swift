// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads the syntax of RE2 without what a matcher of linear time cannot do.
struct RegexParser {
    /// Bytes of a pattern.
    static let sizeLimit = 8192
    private static let depthLimit = 50
    static let repetitionLimit = 1000

    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotIncludesNewline = false
    }

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0
    private var flags = Flags()

    static func parse(_ pattern: String) throws(CELError) -> RegexSyntax {
        guard pattern.utf8.count <= sizeLimit else {
            throw CELError(code: .limit, message: "the pattern is longer than \(sizeLimit) bytes")
        }
        var parser = RegexParser(scalars: Array(pattern.unicodeScalars))
        let syntax = try parser.alternatives()
        guard parser.peek() == nil else { throw parser.error("`)` without `(`") }
        return syntax
    }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    func error(_ message: String) -> CELError {
        CELError(code: .failed, message: "the pattern is wrong at character \(index + 1): \(message)")
    }

    func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        index + distance < scalars.count ? scalars[index + distance] : nil
    }

    mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek() else { return nil }
        index += 1
        return scalar
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek() == scalar else { return false }
        index += 1
        return true
    }

    /// Goes back over one character.
    mutating func rewind() {
        index -= 1
    }

    private mutating func alternatives() throws(CELError) -> RegexSyntax {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(CELError) -> RegexSyntax {
        var parts: [RegexSyntax] = []
        while let scalar = peek(), scalar != "|", scalar != ")" {
            let part = try atom()
            parts.append(try repeated(part))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func atom() throws(CELError) -> RegexSyntax {
        guard let scalar = next() else { return .empty }
        switch scalar {
        case "(": return try group()
        case "[": return .set(try bracketSet(ignoresCase: flags.ignoresCase))
        case ".": return .any(includesNewline: flags.dotIncludesNewline)
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        case "*", "+", "?":
            index -= 1
            throw error("nothing to repeat before `\(scalar)`")
        default: return literal(scalar.value)
        }
    }

    private func literal(_ scalar: UInt32) -> RegexSyntax {
        .scalar(scalar, ignoresCase: flags.ignoresCase)
    }

    private mutating func repeated(_ part: RegexSyntax) throws(CELError) -> RegexSyntax {
        guard let (minimum, maximum) = try quantifier() else { return part }
        _ = take("?")  // Lazy or not makes no difference to whether there is a match.
        let place = index
        if try quantifier() != nil {
            index = place
            throw error("a repetition of a repetition needs a group")
        }
        return .repetition(part, minimum: minimum, maximum: maximum)
    }

    private mutating func quantifier() throws(CELError) -> (Int, Int?)? {
        switch peek() {
        case "*":
            index += 1
            return (0, nil)
        case "+":
            index += 1
            return (1, nil)
        case "?":
            index += 1
            return (0, 1)
        case "{": return try bounds()
        default: return nil
        }
    }

    /// `{m}`, `{m,}` or `{m,n}`; any other brace is a literal.
    private mutating func bounds() throws(CELError) -> (Int, Int?)? {
        let start = index
        index += 1
        guard let minimum = number() else {
            index = start
            return nil
        }
        var maximum: Int? = minimum
        if take(",") { maximum = peek() == "}" ? nil : number() ?? -1 }
        guard take("}"), maximum != -1 else {
            index = start
            return nil
        }
        guard minimum <= Self.repetitionLimit, (maximum ?? 0) <= Self.repetitionLimit else {
            throw CELError(code: .limit, message: "a pattern repeats at most \(Self.repetitionLimit) times")
        }
        guard minimum <= maximum ?? minimum else { throw error("the bounds of the repetition are the wrong way round") }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = peek(), ("0"..."9").contains(scalar) {
            if digits.utf8.count < 6 { digits.unicodeScalars.append(scalar) }
            index += 1
        }
        return Int(digits)
    }

    /// What follows `(`: a group, or flags for the rest of the group around it.
    private mutating func group() throws(CELError) -> RegexSyntax {
        let outer = flags
        if take("?") {
            guard try isGroupAfterFlags() else { return .empty }
        }
        guard depth < Self.depthLimit else {
            throw CELError(code: .limit, message: "a pattern has at most \(Self.depthLimit) groups inside each other")
        }
        depth += 1
        let syntax = try alternatives()
        depth -= 1
        guard take(")") else { throw error("a group has no `)`") }
        flags = outer
        // A group of its own, so that a repetition after it repeats all of it.
        return .sequence([syntax])
    }

    /// After `(?`: sets flags or skips a name; false when `)` ended it without a group.
    private mutating func isGroupAfterFlags() throws(CELError) -> Bool {
        if peek() == "=" || peek() == "!" || peek() == "<" && (peek(1) == "=" || peek(1) == "!") {
            throw error("looking ahead or behind is not supported")
        }
        if peek() == "<" || peek() == "P" && peek(1) == "<" {
            while let scalar = next(), scalar != ">" {}
            guard scalars[index - 1] == ">" else { throw error("the name of a group has no `>`") }
            return true
        }
        var isOn = true
        while let scalar = next() {
            switch scalar {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotIncludesNewline = isOn
            case "-" where isOn: isOn = false
            case ":": return true
            case ")": return false
            default:
                index -= 1
                throw error("unknown flag `\(scalar)` of a group")
            }
        }
        throw error("a group has no `)`")
    }

    private mutating func escape() throws(CELError) -> RegexSyntax {
        switch peek() {
        case "b": return assertion(.wordBoundary)
        case "B": return assertion(.notWordBoundary)
        case "A": return assertion(.textStart)
        case "z": return assertion(.textEnd)
        case "1", "2", "3", "4", "5", "6", "7", "8", "9", "k":
            throw error("references to earlier groups are not supported")
        default: break
        }
        if let set = classEscape() { return .set(set) }
        return literal(try scalarEscape())
    }

    private mutating func assertion(_ assertion: RegexAssertion) -> RegexSyntax {
        index += 1
        return .assertion(assertion)
    }
}
