// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads the syntax of RE2 or ECMA-262 without what a matcher of linear time cannot do.
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

    let syntax: Pattern.Syntax
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0
    private(set) var flags = Flags()
    private var sets: [RegexSet] = []

    /// The parts of a pattern and the classes of characters that they name.
    static func parse(
        _ pattern: String,
        syntax: Pattern.Syntax
    ) throws(PatternError) -> (root: RegexSyntax, sets: [RegexSet]) {
        guard pattern.utf8.count <= sizeLimit else {
            throw PatternError.limit("the pattern is longer than \(sizeLimit) bytes")
        }
        var parser = RegexParser(syntax: syntax, scalars: Array(pattern.unicodeScalars))
        let root = try parser.alternatives()
        guard parser.peek() == nil else { throw parser.error("`)` without `(`") }
        return (root, parser.sets)
    }

    private init(syntax: Pattern.Syntax, scalars: [Unicode.Scalar]) {
        self.syntax = syntax
        self.scalars = scalars
    }

    func error(_ message: String) -> PatternError {
        PatternError(code: .syntax, message: "the pattern is wrong at character \(index + 1): \(message)")
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

    private mutating func alternatives() throws(PatternError) -> RegexSyntax {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(PatternError) -> RegexSyntax {
        var parts: [RegexSyntax] = []
        while let scalar = peek(), scalar != "|", scalar != ")" {
            let part = try atom()
            parts.append(try repeated(part))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func atom() throws(PatternError) -> RegexSyntax {
        guard let scalar = next() else { return .empty }
        switch scalar {
        case "(": return try group()
        case "[": return set(try bracketSet(ignoresCase: flags.ignoresCase))
        case ".": return anyCharacter()
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        case "*", "+", "?":
            index -= 1
            throw error("nothing to repeat before `\(scalar)`")
        default: return literal(scalar.value)
        }
    }

    private mutating func literal(_ scalar: UInt32) -> RegexSyntax {
        guard flags.ignoresCase else { return .scalar(scalar) }
        let variants = RegexSet.caseVariants(scalar)
        return variants.count == 1 ? .scalar(scalar) : set(RegexSet(ranges: variants.map { $0...$0 }))
    }

    private mutating func set(_ set: RegexSet) -> RegexSyntax {
        sets.append(set)
        return .set(sets.count - 1)
    }

    private mutating func anyCharacter() -> RegexSyntax {
        if flags.dotIncludesNewline { return set(.everything) }
        var set = syntax == .ecma ? RegexSet.ecmaNewlines : .newline
        set.isNegated = true
        return self.set(set)
    }

    private mutating func repeated(_ part: RegexSyntax) throws(PatternError) -> RegexSyntax {
        guard let (minimum, maximum) = try quantifier() else { return part }
        _ = take("?")  // Lazy or not makes no difference to whether there is a match.
        let place = index
        if try quantifier() != nil {
            index = place
            throw error("a repetition of a repetition needs a group")
        }
        return .repetition(part, minimum: minimum, maximum: maximum)
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
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
    private mutating func bounds() throws(PatternError) -> (Int, Int?)? {
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
            throw .limit("a pattern repeats at most \(Self.repetitionLimit) times")
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
    private mutating func group() throws(PatternError) -> RegexSyntax {
        let outer = flags
        if take("?") {
            guard try isGroupAfterFlags() else { return .empty }
        }
        guard depth < Self.depthLimit else {
            throw .limit("a pattern has at most \(Self.depthLimit) groups inside each other")
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
    private mutating func isGroupAfterFlags() throws(PatternError) -> Bool {
        if peek() == "=" || peek() == "!" || peek() == "<" && (peek(1) == "=" || peek(1) == "!") {
            throw error("looking ahead or behind is not supported")
        }
        if peek() == "<" || syntax == .re2 && peek() == "P" && peek(1) == "<" {
            try groupName()
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
            case ")" where syntax == .re2: return false
            default:
                index -= 1
                throw error("unknown flag `\(scalar)` of a group")
            }
        }
        throw error("a group has no `)`")
    }

    private mutating func groupName() throws(PatternError) {
        while let scalar = next(), scalar != ">" {}
        guard scalars[index - 1] == ">" else { throw error("the name of a group has no `>`") }
    }

    private mutating func escape() throws(PatternError) -> RegexSyntax {
        switch peek() {
        case "b": return assertion(.wordBoundary)
        case "B": return assertion(.notWordBoundary)
        case "A" where syntax == .re2: return assertion(.textStart)
        case "z" where syntax == .re2: return assertion(.textEnd)
        case "1", "2", "3", "4", "5", "6", "7", "8", "9", "k":
            throw error("references to earlier groups are not supported")
        default: break
        }
        if var set = try classEscape() {
            set.ignoresCase = flags.ignoresCase
            return self.set(set)
        }
        return literal(try scalarEscape())
    }

    private mutating func assertion(_ assertion: RegexAssertion) -> RegexSyntax {
        index += 1
        return .assertion(assertion)
    }
}
