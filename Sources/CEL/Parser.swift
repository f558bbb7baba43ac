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
        if parser.current.kind == .end { throw .syntax("the expression is empty", at: 0) }
        let node = try parser.expression()
        guard parser.current.kind == .end else {
            throw .syntax(
                "expected an operator or the end, found \(parser.current.kind.description)",
                at: parser.offset
            )
        }
        return node
    }

    var current: Token { tokens[index] }

    var offset: Int { tokens[index].offset }

    /// A token further on; the last one is repeated for ever.
    func peek(_ distance: Int) -> Token.Kind {
        tokens[Swift.min(index + distance, tokens.count - 1)].kind
    }

    mutating func advance() {
        if index < tokens.count - 1 { index += 1 }
    }

    mutating func take(_ symbol: Symbol) -> Bool {
        guard current.kind == .symbol(symbol) else { return false }
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
            if current.kind == .symbol(.question) { throw .syntax("put the inner `?:` in parentheses", at: offset) }
            try expect(.colon, "between the two values of `?:`")
            branches.append((node, value))
            node = try disjunction()
        }
        return branches.isEmpty ? node : .conditional(branches, otherwise: node, offset: start)
    }

    private mutating func disjunction() throws(CELError) -> Node {
        let start = offset
        var operands = [try conjunction()]
        while take(.or) { operands.append(try conjunction()) }
        return operands.count == 1 ? operands[0] : .or(operands, offset: start)
    }

    private mutating func conjunction() throws(CELError) -> Node {
        let start = offset
        var operands = [try relation()]
        while take(.and) { operands.append(try relation()) }
        return operands.count == 1 ? operands[0] : .and(operands, offset: start)
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
        switch current.kind {
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
        while current.kind == .symbol(.plus) || current.kind == .symbol(.minus) {
            let symbol: BinaryOperator = current.kind == .symbol(.plus) ? .add : .subtract
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
            switch current.kind {
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
        if current.kind == .symbol(.not) {
            while take(.not) { count += 1 }
            guard current.kind != .symbol(.minus) else { throw .syntax("`!` needs a bool, not a number", at: offset) }
            return .not(try member(), count: count, offset: start)
        }
        while current.kind == .symbol(.minus), !isNumber(peek(1)) {
            advance()
            count += 1
        }
        guard count == 0 || current.kind != .symbol(.not) else {
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
