// Baton
// SPDX-License-Identifier: Apache-2.0

/// Recursive descent over tokens. Only brackets recurse; operators and selections loop.
struct Parser {
    let options: CELExpression.Options
    let tokens: [Token]
    var index = 0
    var depth = 0
    /// Variables of the comprehensions around the current place, the innermost last.
    var locals: [String] = []

    static func parse(_ source: String, _ options: CELExpression.Options) throws(CELError) -> Node {
        let limit = options.byteLimit
        guard source.utf8.count <= limit else {
            throw CELError(code: .limit, message: "the expression is longer than \(limit) bytes", offset: limit)
        }
        var parser = Parser(options: options, tokens: try Lexer.tokens(of: source))
        if parser.isAtEnd { throw .syntax("the expression is empty", at: 0) }
        let node = try parser.expression()
        guard parser.isAtEnd else {
            throw .syntax(
                "expected an operator or the end, found \(parser.current.kind.description)",
                at: parser.offset
            )
        }
        return node
    }

    var current: Token { tokens[index] }

    /// Whether the current token is this symbol; no token is copied to find out.
    func isAt(_ symbol: Symbol) -> Bool {
        if case .symbol(let found) = tokens[index].kind { found == symbol } else { false }
    }

    var isAtEnd: Bool {
        if case .end = tokens[index].kind { true } else { false }
    }

    var offset: Int { tokens[index].offset }

    /// A token further on; the last one is repeated for ever.
    func peek(_ distance: Int) -> Token.Kind {
        tokens[Swift.min(index + distance, tokens.count - 1)].kind
    }

    mutating func advance() {
        if index < tokens.count - 1 { index += 1 }
    }

    mutating func take(_ symbol: Symbol) -> Bool {
        guard isAt(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Symbol, _ purpose: String) throws(CELError) {
        guard take(symbol) else {
            throw .syntax("expected `\(symbol.rawValue)` \(purpose), found \(current.kind.description)", at: offset)
        }
    }

    /// One level deeper while `body` parses what is inside brackets.
    mutating func nested<Result>(_ body: (inout Parser) throws(CELError) -> Result) throws(CELError) -> Result {
        guard depth < options.depthLimit else {
            throw CELError(
                code: .limit,
                message: "more than \(options.depthLimit) brackets inside each other",
                offset: offset
            )
        }
        depth += 1
        let result = try body(&self)
        depth -= 1
        return result
    }

    mutating func expression() throws(CELError) -> Node {
        let start = offset
        var branches: [(condition: Node, value: Node)] = []
        var node = try disjunction()
        while take(.question) {
            let value = try disjunction()
            if isAt(.question) { throw .syntax("put the inner `?:` in parentheses", at: offset) }
            try expect(.colon, "between the two values of `?:`")
            branches.append((node, value))
            node = try disjunction()
        }
        return branches.isEmpty ? node : .conditional(branches, otherwise: node, offset: start)
    }

    private mutating func disjunction() throws(CELError) -> Node {
        let start = offset
        let first = try conjunction()
        guard isAt(.or) else { return first }
        var operands = [first]
        while take(.or) { operands.append(try conjunction()) }
        return .or(operands, offset: start)
    }

    private mutating func conjunction() throws(CELError) -> Node {
        let start = offset
        let first = try relation()
        guard isAt(.and) else { return first }
        var operands = [first]
        while take(.and) { operands.append(try relation()) }
        return .and(operands, offset: start)
    }

    private mutating func relation() throws(CELError) -> Node {
        let first = try sum()
        var operations: [Operation] = []
        while let symbol = relationOperator() {
            let place = offset
            advance()
            operations.append(Operation(symbol: symbol, right: try sum(), offset: place))
        }
        return operations.isEmpty ? first : .binary(first, operations)
    }

    private func relationOperator() -> BinaryOperator? {
        switch tokens[index].kind {
        case .identifier("in"): .isIn
        case .symbol(.equal): .equal
        case .symbol(.notEqual): .notEqual
        case .symbol(.less): .less
        case .symbol(.lessOrEqual): .lessOrEqual
        case .symbol(.greater): .greater
        case .symbol(.greaterOrEqual): .greaterOrEqual
        default: nil
        }
    }

    private mutating func sum() throws(CELError) -> Node {
        let first = try product()
        var operations: [Operation] = []
        while isAt(.plus) || isAt(.minus) {
            let symbol: BinaryOperator = isAt(.plus) ? .add : .subtract
            let place = offset
            advance()
            operations.append(Operation(symbol: symbol, right: try product(), offset: place))
        }
        return operations.isEmpty ? first : .binary(first, operations)
    }

    private mutating func product() throws(CELError) -> Node {
        let first = try unary()
        var operations: [Operation] = []
        while true {
            let symbol: BinaryOperator
            switch tokens[index].kind {
            case .symbol(.times): symbol = .multiply
            case .symbol(.divide): symbol = .divide
            case .symbol(.remainder): symbol = .remainder
            default: return operations.isEmpty ? first : .binary(first, operations)
            }
            let place = offset
            advance()
            operations.append(Operation(symbol: symbol, right: try unary(), offset: place))
        }
    }

    private mutating func unary() throws(CELError) -> Node {
        let start = offset
        var count = 0
        if isAt(.not) {
            while take(.not) { count += 1 }
            guard !isAt(.minus) else { throw .syntax("`!` needs a bool, not a number", at: offset) }
            return .not(try member(), count: count, offset: start)
        }
        while isAt(.minus), !isNumber(peek(1)) {
            advance()
            count += 1
        }
        guard count == 0 || !isAt(.not) else {
            throw .syntax("`-` needs a number, not a bool", at: offset)
        }
        let operand = try member()
        return count == 0 ? operand : .negate(operand, count: count, offset: start)
    }

    private func isNumber(_ kind: Token.Kind) -> Bool {
        switch kind {
        case .int, .double: true
        default: false
        }
    }
}
