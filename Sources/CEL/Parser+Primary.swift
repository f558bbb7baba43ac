// Baton
// SPDX-License-Identifier: Apache-2.0

extension Parser {
    static func isKeyword(_ name: String) -> Bool {
        switch name {
        case "true", "false", "null", "in": true
        default: false
        }
    }

    /// Words the language keeps for itself; they may name fields but not variables.
    static let reservedWords: Set = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]

    private static let types: Set = [
        "bool", "bytes", "double", "int", "list", "map", "null_type", "optional_type", "string", "type", "uint",
    ]

    /// Every word that means something by itself; all others are told from these by one look.
    private static let words = reservedWords.union(types).union(Function.namespaces).union(["google", "net"])

    /// A literal, a name, a global call or something in brackets. A global call leaves its link in `links`.
    mutating func primary(_ links: inout [Link]) throws(CELError) -> Node {
        let token = current
        switch token.kind {
        case .int, .uint, .double: return .constant(try number(isNegative: false))
        case .symbol(.minus):
            advance()
            return .constant(try number(isNegative: true))
        case .string(let text):
            advance()
            return .constant(.string(text))
        case .bytes(let bytes):
            advance()
            return .constant(.bytes(bytes))
        case .identifier(let name): return try named(name, isAbsolute: false, &links)
        case .symbol(.dot):
            advance()
            guard case .identifier(let name) = current.kind else {
                throw .syntax("expected a name after `.`, found \(current.kind.description)", at: offset)
            }
            return try named(name, isAbsolute: true, &links)
        case .symbol(.openParenthesis):
            advance()
            let node = try nested { (parser) throws(CELError) in try parser.expression() }
            try expect(.closeParenthesis, "to close the group")
            return node
        case .symbol(.openBracket): return try listLiteral()
        case .symbol(.openBrace): return try mapLiteral()
        case .quotedName: throw .syntax("a name in backticks may only follow a `.`", at: offset)
        case .symbol, .end: throw .syntax("expected a value, found \(token.kind.description)", at: offset)
        }
    }

    private mutating func number(isNegative: Bool) throws(CELError) -> CELValue {
        let place = offset
        let kind = current.kind
        advance()
        switch kind {
        case .int(let magnitude):
            let value = isNegative ? Int64(exactly: -Int128(magnitude)) : Int64(exactly: magnitude)
            guard let value else { throw .syntax("the number does not fit an int (64 bits)", at: place) }
            return .int(value)
        case .uint(let value): return .uint(value)
        case .double(let value): return .double(isNegative ? -value : value)
        default: throw .syntax("expected a number, found \(kind.description)", at: place)
        }
    }

    private mutating func named(_ name: String, isAbsolute: Bool, _ links: inout [Link]) throws(CELError) -> Node {
        let place = offset
        if !isAbsolute, let value = Self.constant(name) {
            advance()
            return .constant(value)
        }
        guard name != "in" else { throw .syntax("expected a value, found `in`", at: place) }
        let hasMeaning = Self.words.contains(name)
        guard !Self.isKeyword(name), !hasMeaning || !Self.reservedWords.contains(name) else {
            throw .syntax("`\(name)` is a reserved word and cannot name a variable", at: place)
        }
        advance()
        if isAt(.openParenthesis) { return try globalCall(name, at: place, &links) }
        if !isAbsolute, let slot = locals.lastIndex(of: name) { return .local(slot) }
        guard hasMeaning else { return .variable(name, offset: place) }
        if Self.types.contains(name) { return .constant(.type(name)) }
        if name == "google", let type = wellKnownType() { return .constant(.type(type)) }
        if name == "net", let type = networkType() { return .constant(.type(type)) }
        if let call = namespacedCall(name) { return try globalCall(call, at: place, &links) }
        return .variable(name, offset: place)
    }

    private static func constant(_ name: String) -> CELValue? {
        switch name {
        case "true": .bool(true)
        case "false": .bool(false)
        case "null": .null
        default: nil
        }
    }

    /// `google.protobuf.Timestamp` and `.Duration`; the first word is taken already.
    private mutating func wellKnownType() -> String? {
        guard peek(0) == .symbol(.dot), peek(1) == .identifier("protobuf"), peek(2) == .symbol(.dot),
            case .identifier(let last) = peek(3), last == "Timestamp" || last == "Duration"
        else { return nil }
        for _ in 0..<4 { advance() }
        return "google.protobuf.\(last)"
    }

    /// `net.IP` and `net.CIDR`.
    private mutating func networkType() -> String? {
        guard peek(0) == .symbol(.dot), case .identifier(let last) = peek(1), last == "IP" || last == "CIDR" else {
            return nil
        }
        for _ in 0..<2 { advance() }
        return "net.\(last)"
    }

    /// The whole name of a call such as `math.abs(`, up to the parenthesis; the first word is taken already.
    private mutating func namespacedCall(_ name: String) -> String? {
        guard peek(0) == .symbol(.dot), case .identifier(let last) = peek(1), peek(2) == .symbol(.openParenthesis),
            Function.namespaces.contains(name), Function(rawValue: "\(name).\(last)") != nil || name == "cel"
        else { return nil }
        for _ in 0..<2 { advance() }
        return "\(name).\(last)"
    }

    private mutating func listLiteral() throws(CELError) -> Node {
        let start = offset
        advance()
        let elements = try nested { (parser) throws(CELError) in
            var elements: [(value: Node, isOptional: Bool)] = []
            while !parser.isAt(.closeBracket) {
                let isOptional = parser.take(.question)
                elements.append((try parser.expression(), isOptional))
                guard parser.take(.comma) else { break }
            }
            try parser.expect(.closeBracket, "to close the list")
            return elements
        }
        guard !elements.contains(where: \.isOptional) else { return .sparseList(elements, offset: start) }
        var constants: [CELValue] = []
        for case (.constant(let value), _) in elements { constants.append(value) }
        return constants.count == elements.count ? .constant(.list(constants)) : .list(elements.map(\.value))
    }

    private mutating func mapLiteral() throws(CELError) -> Node {
        let start = offset
        advance()
        let entries = try nested { (parser) throws(CELError) in
            var entries: [MapEntry] = []
            while !parser.isAt(.closeBrace) {
                let isOptional = parser.take(.question)
                let key = try parser.expression()
                try parser.expect(.colon, "after the key")
                entries.append(MapEntry(key: key, value: try parser.expression(), isOptional: isOptional))
                guard parser.take(.comma) else { break }
            }
            try parser.expect(.closeBrace, "to close the map")
            return entries
        }
        return .map(entries, offset: start)
    }
}
