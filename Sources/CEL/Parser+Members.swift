// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

import Text

extension Parser {
    /// A primary with selections, indexes and calls to its right.
    mutating func member() throws(CELError) -> Node {
        var links: [Link] = []
        var node = try primary(&links)
        if case .chain(let base, let inner) = node {
            node = base
            links = inner + links
        }
        while let link = try nextLink() { links.append(link) }
        if current.kind == .symbol(.openBrace), isName(node) {
            throw .syntax("messages cannot be built here; write a map as {\"key\": value}", at: offset)
        }
        return links.isEmpty ? node : .chain(node, links)
    }

    private func isName(_ node: Node) -> Bool {
        switch node {
        case .variable, .local, .constant(.type): true
        default: false
        }
    }

    private mutating func nextLink() throws(CELError) -> Link? {
        let place = offset
        if take(.openBracket) {
            if current.kind == .symbol(.question) { throw .syntax("optional values are not supported", at: offset) }
            let node = try nested { (parser) throws(CELError) in try parser.expression() }
            try expect(.closeBracket, "after the index")
            return Link(kind: .index(node), offset: place)
        }
        guard take(.dot) else { return nil }
        if current.kind == .symbol(.question) { throw .syntax("optional values are not supported", at: offset) }
        let nameOffset = offset
        let name = try selector()
        guard current.kind == .symbol(.openParenthesis) else { return Link(kind: .field(name), offset: nameOffset) }
        return Link(kind: try receiverCall(name, at: nameOffset), offset: nameOffset)
    }

    private mutating func selector() throws(CELError) -> String {
        switch current.kind {
        case .identifier(let name) where !Self.keywords.contains(name), .quotedName(let name):
            advance()
            return name
        case .identifier(let name):
            throw .syntax("`\(name)` cannot be a field name here; write [\"\(name)\"]", at: offset)
        default:
            throw .syntax("expected a field name after `.`, found \(current.kind.description)", at: offset)
        }
    }

    private mutating func receiverCall(_ name: String, at place: Int) throws(CELError) -> Link.Kind {
        if let kind = Comprehension.Kind(rawValue: name) { return .comprehension(try comprehension(kind, at: place)) }
        let arguments = try self.arguments()
        let function = try Function.resolve(name, count: arguments.count, hasReceiver: true, at: place)
        return try call(function, arguments, at: place)
    }

    /// Compiles a constant pattern once.
    private func call(_ function: Function, _ arguments: [Node], at place: Int) throws(CELError) -> Link.Kind {
        guard function == .matches, case .constant(.string(let pattern)) = arguments[0] else {
            return .call(function, arguments)
        }
        do { return .matches(try Pattern(pattern)) } catch {
            throw CELError(code: error.code == .limit ? .limit : .syntax, message: error.message, offset: place)
        }
    }

    /// `( a, b )`; the opening one is the current token.
    mutating func arguments() throws(CELError) -> [Node] {
        try expect(.openParenthesis, "before the arguments")
        return try nested { (parser) throws(CELError) in
            var nodes: [Node] = []
            if parser.take(.closeParenthesis) { return nodes }
            repeat { nodes.append(try parser.expression()) } while parser.take(.comma)
            try parser.expect(.closeParenthesis, "after the arguments")
            return nodes
        }
    }

    /// A function called without a receiver; its first argument becomes the base of a chain.
    mutating func globalCall(_ name: String, at place: Int, _ links: inout [Link]) throws(CELError) -> Node {
        switch name {
        case "has": return try has(at: place)
        case "default":
            let nodes = try arguments()
            guard nodes.count == 2 else {
                throw Function.wrongCount(name, count: nodes.count, accepted: 2...2, at: place)
            }
            return .fallback(nodes[0], nodes[1])
        default:
            let nodes = try arguments()
            if Comprehension.Kind(rawValue: name) != nil {
                throw CELError(
                    code: .unknownFunction,
                    message: "write `list.\(name)(x, …)` to call `\(name)`",
                    offset: place
                )
            }
            let function = try Function.resolve(name, count: nodes.count, hasReceiver: false, at: place)
            links = [Link(kind: try call(function, Array(nodes.dropFirst()), at: place), offset: place)]
            return nodes[0]
        }
    }

    private mutating func has(at place: Int) throws(CELError) -> Node {
        let nodes = try arguments()
        guard nodes.count == 1 else { throw Function.wrongCount("has", count: nodes.count, accepted: 1...1, at: place) }
        guard case .chain(let base, var links) = nodes[0], let last = links.popLast(), case .field(let name) = last.kind
        else { throw .syntax("`has` needs a field selection such as has(a.b)", at: place) }
        return .has(links.isEmpty ? base : .chain(base, links), field: name, offset: last.offset)
    }

    private mutating func comprehension(_ kind: Comprehension.Kind, at place: Int) throws(CELError) -> Comprehension {
        try expect(.openParenthesis, "before the arguments")
        guard case .identifier(let variable) = current.kind, !Self.keywords.contains(variable),
            !Self.reservedWords.contains(variable), peek(1) == .symbol(.comma)
        else {
            throw .syntax("`\(kind.rawValue)` needs a new variable and a body: list.\(kind.rawValue)(x, …)", at: offset)
        }
        advance()
        advance()
        locals.append(variable)
        defer { locals.removeLast() }
        let nodes = try nested { (parser) throws(CELError) in
            var nodes: [Node] = []
            repeat { nodes.append(try parser.expression()) } while parser.take(.comma)
            try parser.expect(.closeParenthesis, "after the arguments")
            return nodes
        }
        guard let body = nodes.last, nodes.count == 1 || kind == .map && nodes.count == 2 else {
            throw Function.wrongCount(
                kind.rawValue,
                count: nodes.count + 1,
                accepted: 2...(kind == .map ? 3 : 2),
                at: place
            )
        }
        let condition = nodes.count == 2 ? nodes[0] : nil
        return Comprehension(kind: kind, slot: locals.count - 1, condition: condition, body: body)
    }
}
