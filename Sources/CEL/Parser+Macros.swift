// Baton
// SPDX-License-Identifier: Apache-2.0

extension Comprehension.Kind {
    /// The kind that a name in front of parentheses means.
    init?(name: String) {
        guard let kind = name == "existsOne" ? .existsOne : Self(rawValue: name) else { return nil }
        self = kind
    }

    /// How many variables the form takes.
    fileprivate var variableCounts: ClosedRange<Int> {
        switch self {
        case .all, .exists, .existsOne: 1...2
        case .filter, .map, .optMap, .optFlatMap, .sortBy: 1...1
        case .transformList, .transformMap, .transformMapEntry: 2...2
        }
    }

    /// A condition may stand before the body.
    fileprivate var takesCondition: Bool {
        switch self {
        case .map, .transformList, .transformMap, .transformMapEntry: true
        default: false
        }
    }
}

extension Parser {
    mutating func comprehension(
        _ kind: Comprehension.Kind,
        _ name: String,
        at place: Int
    ) throws(CELError) -> Comprehension {
        try expect(.openParenthesis, "before the arguments")
        var variables: [String] = []
        while variables.count < kind.variableCounts.upperBound, let variable = try takeVariable() {
            variables.append(variable)
        }
        guard kind.variableCounts.contains(variables.count) else {
            let wanted = kind.variableCounts.lowerBound == 2 ? "two new variables" : "a new variable"
            let form = kind.variableCounts.lowerBound == 2 ? "x, y, …" : "x, …"
            throw .syntax("`\(name)` needs \(wanted) and a body: list.\(name)(\(form))", at: offset)
        }
        guard Set(variables).count == variables.count else {
            throw .syntax("the two variables of `\(name)` need different names", at: offset)
        }
        locals += variables
        defer { locals.removeLast(variables.count) }
        let nodes = try nested { (parser) throws(CELError) in
            var nodes: [Node] = []
            repeat { nodes.append(try parser.expression()) } while parser.take(.comma)
            try parser.expect(.closeParenthesis, "after the arguments")
            return nodes
        }
        guard let body = nodes.last, nodes.count == 1 || kind.takesCondition && nodes.count == 2 else {
            let first = kind.variableCounts.lowerBound + 1
            let last = kind.variableCounts.upperBound + (kind.takesCondition ? 2 : 1)
            throw Function.wrongCount(name, count: nodes.count + variables.count, accepted: first...last, at: place)
        }
        return Comprehension(
            kind: kind,
            slot: locals.count - variables.count,
            isPair: variables.count == 2,
            condition: nodes.count == 2 ? nodes[0] : nil,
            body: body
        )
    }

    /// A name that a macro introduces, with the comma after it; nil, and nothing is taken, when there is none.
    private mutating func takeVariable() throws(CELError) -> String? {
        guard case .identifier(let name) = current.kind else { return nil }
        if options.hasTestMacros, name == "cel", let variable = try takeTestVariable() { return variable }
        guard peek(1) == .symbol(.comma), isVariableName(name) else { return nil }
        advance()
        advance()
        return name
    }

    private func isVariableName(_ name: String) -> Bool {
        !Self.isKeyword(name) && !Self.reservedWords.contains(name)
    }

    /// What follows `cel.bind`.
    mutating func bind(at place: Int) throws(CELError) -> Node {
        try expect(.openParenthesis, "before the arguments")
        guard let name = try takeVariable() else {
            throw .syntax("`cel.bind` needs a new variable, its value and a body: cel.bind(x, value, …)", at: offset)
        }
        return try nested { (parser) throws(CELError) in
            let value = try parser.expression()
            try parser.expect(.comma, "before the body of `cel.bind`")
            parser.locals.append(name)
            let body = try parser.expression()
            parser.locals.removeLast()
            try parser.expect(.closeParenthesis, "after the arguments")
            return .bind(value, body: body)
        }
    }
}

// MARK: Macros of the language's own tests

extension Parser {
    /// What follows `cel.block`: values that later ones and the body name by `cel.index(n)`.
    mutating func block() throws(CELError) -> Node {
        try expect(.openParenthesis, "before the arguments")
        try expect(.openBracket, "before the values of the block")
        let outer = locals.count
        var values: [Node] = []
        let body = try nested { (parser) throws(CELError) in
            repeat {
                values.append(try parser.expression())
                parser.locals.append("cel.index(\(values.count - 1))")
            } while parser.take(.comma)
            try parser.expect(.closeBracket, "after the values of the block")
            try parser.expect(.comma, "before the body of the block")
            let body = try parser.expression()
            try parser.expect(.closeParenthesis, "after the arguments")
            return body
        }
        locals.removeLast(locals.count - outer)
        return values.reversed().reduce(body) { .bind($1, body: $0) }
    }

    /// What follows `cel.index` and so on: constant numbers.
    mutating func testVariable(_ name: String, at place: Int) throws(CELError) -> Node {
        let name = try testVariableName(name)
        guard let slot = locals.lastIndex(of: name) else { throw .syntax("there is no \(name)", at: place) }
        return .local(slot)
    }

    private mutating func testVariableName(_ name: String) throws(CELError) -> String {
        try expect(.openParenthesis, "before the arguments")
        var numbers: [String] = []
        while case .int(let number) = current.kind {
            numbers.append(String(number))
            advance()
            guard take(.comma) else { break }
        }
        try expect(.closeParenthesis, "after the arguments")
        return "\(name)(\(numbers.joined(separator: ",")))"
    }

    /// `cel.iterVar(n, m),` in the place of a new variable.
    private mutating func takeTestVariable() throws(CELError) -> String? {
        guard peek(1) == .symbol(.dot), case .identifier(let last) = peek(2), last == "iterVar" || last == "accuVar",
            peek(3) == .symbol(.openParenthesis)
        else { return nil }
        let start = index
        for _ in 0..<3 { advance() }
        let name = try testVariableName("cel.\(last)")
        guard take(.comma) else {
            index = start
            return nil
        }
        return name
    }
}
