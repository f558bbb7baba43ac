// Baton
// SPDX-License-Identifier: Apache-2.0

extension TypeCheck {
    mutating func operation(_ operation: Operation, _ left: CELType, _ right: CELType) -> CELType {
        switch operation.symbol {
        case .equal, .notEqual:
            if !left.isComparable(to: right) { _ = refuse(operation, left, right) }
            return .bool
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            if !left.isOrdered(with: right) { _ = refuse(operation, left, right) }
            return .bool
        case .isIn:
            if !isMember(left, of: right) { _ = refuse(operation, left, right) }
            return .bool
        case .add, .subtract, .multiply, .divide, .remainder:
            return Self.arithmetic(operation.symbol, left, right) ?? refuse(operation, left, right)
        }
    }

    private mutating func refuse(_ operation: Operation, _ left: CELType, _ right: CELType) -> CELType {
        let areNumbers = left.isNumeric && right.isNumeric
        let hint = areNumbers ? "; convert one with int(…), uint(…) or double(…)" : ""
        let types = "\(article(left.description)) and \(article(right.description))"
        return fail(.wrongType, "`\(operation.symbol.rawValue)` does not work on \(types)\(hint)", operation.offset)
    }

    private func isMember(_ value: CELType, of container: CELType) -> Bool {
        switch container {
        case .dyn: true
        case .list(let element): value.isComparable(to: element)
        case .map(let key, _): value.isComparable(to: key)
        case .object: value.isComparable(to: .string)
        default: false
        }
    }

    /// The type of the result, nil when the operator does not work on the two.
    static func arithmetic(_ symbol: BinaryOperator, _ left: CELType, _ right: CELType) -> CELType? {
        switch (left, right) {
        case (.dyn, .dyn): return .dyn
        case (.dyn, let known), (let known, .dyn): return withUnknown(symbol, known)
        case (.int, .int), (.uint, .uint): return left
        case (.double, .double): return symbol == .remainder ? nil : .double
        case (.number, .int), (.int, .number), (.number, .number): return .number
        case (.number, .double), (.double, .number): return symbol == .remainder ? nil : .double
        case (.string, .string), (.bytes, .bytes): return symbol == .add ? left : nil
        case (.list(let first), .list(let second)): return symbol == .add ? .list(first.joined(second)) : nil
        case (.timestamp, .duration): return symbol == .add || symbol == .subtract ? .timestamp : nil
        case (.duration, .timestamp): return symbol == .add ? .timestamp : nil
        case (.duration, .duration): return symbol == .add || symbol == .subtract ? .duration : nil
        case (.timestamp, .timestamp): return symbol == .subtract ? .duration : nil
        default: return nil
        }
    }

    /// One side is not known.
    private static func withUnknown(_ symbol: BinaryOperator, _ known: CELType) -> CELType? {
        switch known {
        case .int, .uint: known
        case .double: symbol == .remainder ? nil : known
        case .number: .number
        case .string, .bytes: symbol == .add ? known : nil
        case .list: symbol == .add ? .list(.dyn) : nil
        case .timestamp, .duration: symbol == .add || symbol == .subtract ? .dyn : nil
        default: nil
        }
    }

    // MARK: Chains

    mutating func follow(_ link: Link, from type: CELType) -> CELType {
        switch link.kind {
        case .field(let name): return select(name, from: type, link.offset)
        case .index(let node): return index(type, self.type(of: node), node, link.offset)
        case .optionalField(let name): return optionalField(name, from: type, link.offset)
        case .optionalIndex(let node): return optionalIndex(type, node, link.offset)
        case .call(let function, let nodes): return call(function, type, nodes, link.offset)
        case .matches:
            require(.string, type, "`matches`", link.offset)
            return .bool
        case .comprehension(let macro): return run(macro, over: type, link.offset)
        }
    }

    private mutating func optionalIndex(_ type: CELType, _ node: Node, _ offset: Int) -> CELType {
        let key = self.type(of: node)
        switch type {
        case .object:
            if case .constant(.string(let name)) = node { return optionalField(name, from: type, offset) }
            return .optional(.dyn)
        case .optional: return index(type, key, node, offset)
        case .null: return .optional(.dyn)
        default: return .boundedOptional(index(type, key, node, offset))
        }
    }

    private mutating func run(_ macro: Comprehension, over type: CELType, _ offset: Int) -> CELType {
        let name = "`\(macro.kind.rawValue)`"
        let first: CELType
        var second = CELType.dyn
        switch (type, macro.kind) {
        case (.dyn, _): first = .dyn
        case (.optional(let content), .optMap), (.optional(let content), .optFlatMap): first = content
        case (_, .optMap), (_, .optFlatMap):
            first = fail(.wrongType, "\(name) needs an optional value, not \(article(type.description))", offset)
        case (.list(let element), _):
            first = macro.isPair ? .int : element
            second = element
        case (.map(let key, let value), _):
            first = key
            second = value
        case (.object, _): first = .string
        default: first = fail(.wrongType, "\(name) needs a list or a map, not \(article(type.description))", offset)
        }
        locals.append(first)
        if macro.isPair { locals.append(second) }
        defer { locals.removeLast(macro.isPair ? 2 : 1) }
        if let condition = macro.condition { require(.bool, self.type(of: condition), name, offset) }
        return result(of: macro, first, self.type(of: macro.body), offset)
    }

    private mutating func result(
        of macro: Comprehension,
        _ first: CELType,
        _ body: CELType,
        _ offset: Int
    ) -> CELType {
        let name = "`\(macro.kind.rawValue)`"
        switch macro.kind {
        case .all, .exists, .existsOne:
            require(.bool, body, name, offset)
            return .bool
        case .filter:
            require(.bool, body, name, offset)
            return .boundedList(first)
        case .sortBy: return .boundedList(first)
        case .map, .transformList: return .boundedList(body)
        case .transformMap: return .boundedMap(first, body)
        case .transformMapEntry:
            switch body {
            case .map, .dyn: return body
            case .object: return .dyn
            default: return fail(.wrongType, "the body of \(name) is \(article(body.description)), not a map", offset)
            }
        case .optMap: return .boundedOptional(body)
        case .optFlatMap:
            switch body {
            case .optional: return body
            case .dyn: return .optional(.dyn)
            default:
                let message = "the body of \(name) is \(article(body.description)), not an optional value"
                return fail(.wrongType, message, offset)
            }
        }
    }
}
