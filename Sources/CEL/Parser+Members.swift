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
        if isAt(.openBrace), isName(node) {
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
            let isOptional = take(.question)
            let node = try nested { (parser) throws(CELError) in try parser.expression() }
            try expect(.closeBracket, "after the index")
            return Link(kind: isOptional ? .optionalIndex(node) : .index(node), offset: place)
        }
        guard take(.dot) else { return nil }
        let isOptional = take(.question)
        let nameOffset = offset
        let name = try selector()
        guard isAt(.openParenthesis) else {
            return Link(kind: isOptional ? .optionalField(name) : .field(name), offset: nameOffset)
        }
        guard !isOptional else { throw .syntax("after `.?` comes the name of a field, not a call", at: nameOffset) }
        return Link(kind: try receiverCall(name, at: nameOffset), offset: nameOffset)
    }

    private mutating func selector() throws(CELError) -> String {
        switch current.kind {
        case .identifier(let name) where !Self.isKeyword(name), .quotedName(let name):
            advance()
            return name
        case .identifier(let name):
            throw .syntax("`\(name)` cannot be a field name here; write [\"\(name)\"]", at: offset)
        default:
            throw .syntax("expected a field name after `.`, found \(current.kind.description)", at: offset)
        }
    }

    private mutating func receiverCall(_ name: String, at place: Int) throws(CELError) -> Link.Kind {
        if let kind = Comprehension.Kind(name: name) { return .comprehension(try comprehension(kind, name, at: place)) }
        let arguments = try self.arguments()
        do {
            let function = try Function.resolve(name, count: arguments.count, hasReceiver: true, at: place)
            return try call(function, arguments, at: place)
        } catch {
            return .call(.failing, [try deferred(error)])
        }
    }

    /// A node that fails when it is reached, where that is asked for.
    private func deferred(_ error: CELError) throws(CELError) -> Node {
        guard options.defersUnknownFunctions, error.code == .unknownFunction else { throw error }
        return .broken(error)
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
        case "cel.bind": return try bind(at: place)
        case "cel.block" where options.hasTestMacros: return try block()
        case "cel.index" where options.hasTestMacros: return try testVariable("cel.index", at: place)
        case "cel.iterVar" where options.hasTestMacros, "cel.accuVar" where options.hasTestMacros:
            return try testVariable(name, at: place)
        case "default":
            let nodes = try arguments()
            guard nodes.count == 2 else {
                throw Function.wrongCount(name, count: nodes.count, accepted: 2...2, at: place)
            }
            return .fallback(nodes[0], nodes[1])
        default:
            let nodes = try arguments()
            if Comprehension.Kind(name: name) != nil {
                throw CELError(
                    code: .unknownFunction,
                    message: "write `list.\(name)(x, …)` to call `\(name)`",
                    offset: place
                )
            }
            do {
                let function = try Function.resolve(name, count: nodes.count, hasReceiver: false, at: place)
                guard let first = nodes.first else { return .constant(.optional(nil)) }
                links = [Link(kind: try call(function, Array(nodes.dropFirst()), at: place), offset: place)]
                return first
            } catch {
                return try deferred(error)
            }
        }
    }

    private mutating func has(at place: Int) throws(CELError) -> Node {
        let nodes = try arguments()
        guard nodes.count == 1 else { throw Function.wrongCount("has", count: nodes.count, accepted: 1...1, at: place) }
        guard case .chain(let base, var links) = nodes[0], let last = links.popLast(), case .field(let name) = last.kind
        else { throw .syntax("`has` needs a field selection such as has(a.b)", at: place) }
        return .has(links.isEmpty ? base : .chain(base, links), field: name, offset: last.offset)
    }
}
