// Baton
// SPDX-License-Identifier: Apache-2.0

/// The smallest unit of the text, with its place.
struct Token: Sendable {
    enum Kind: Sendable, Equatable {
        case identifier(String)
        /// A name in backticks; only allowed after a point.
        case quotedName(String)
        /// The magnitude; the sign belongs to the parser.
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case symbol(Symbol)
        case end
    }

    let kind: Kind
    /// UTF-8 byte offset of the first byte.
    let offset: Int
}

/// Operators and punctuation.
enum Symbol: String, Sendable {
    case and = "&&"
    case or = "||"
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case remainder = "%"
    case not = "!"
    case question = "?"
    case colon = ":"
    case dot = "."
    case comma = ","
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBracket = "["
    case closeBracket = "]"
    case openBrace = "{"
    case closeBrace = "}"
}

extension Symbol {
    /// The longest symbol that begins with these two bytes.
    init?(_ first: UInt8, _ second: UInt8) {
        switch (Unicode.Scalar(first), Unicode.Scalar(second)) {
        case ("&", "&"): self = .and
        case ("|", "|"): self = .or
        case ("=", "="): self = .equal
        case ("!", "="): self = .notEqual
        case ("<", "="): self = .lessOrEqual
        case (">", "="): self = .greaterOrEqual
        case ("<", _): self = .less
        case (">", _): self = .greater
        case ("+", _): self = .plus
        case ("-", _): self = .minus
        case ("*", _): self = .times
        case ("/", _): self = .divide
        case ("%", _): self = .remainder
        case ("!", _): self = .not
        case ("?", _): self = .question
        case (":", _): self = .colon
        case (".", _): self = .dot
        case (",", _): self = .comma
        case ("(", _): self = .openParenthesis
        case (")", _): self = .closeParenthesis
        case ("[", _): self = .openBracket
        case ("]", _): self = .closeBracket
        case ("{", _): self = .openBrace
        case ("}", _): self = .closeBrace
        default: return nil
        }
    }
}

extension Token.Kind {
    /// How an error message names the token.
    var description: String {
        switch self {
        case .identifier(let name): "`\(name)`"
        case .quotedName: "a name in backticks"
        case .int, .uint, .double: "a number"
        case .string: "a string"
        case .bytes: "a bytes literal"
        case .symbol(let symbol): "`\(symbol.rawValue)`"
        case .end: "the end of the expression"
        }
    }
}
