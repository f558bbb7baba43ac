// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

/// Finds mistakes in an expression from the types of its variables.
///
/// Whatever is not known is `dyn`, which goes with everything, so an expression that could work is not refused. Two
/// things that work at run time are refused all the same because they are never meant: `==`, `!=` and `in` between
/// types of which no values are equal. Numbers are compared across types, and null with everything.
public struct CELChecker: Sendable {
    /// What checking found.
    public struct Result: Sendable {
        /// The type of the value; `dyn` where there are errors or nothing is known.
        public let type: CELType
        /// Every mistake, in the order in which they were found.
        public let errors: [CELTypeError]
    }

    private let environment: TypeEnvironment

    /// A checker for expressions that read these variables.
    public init(_ environment: TypeEnvironment) {
        self.environment = environment
    }

    /// Checks one expression.
    public func check(_ expression: CELExpression) -> Result {
        var check = TypeCheck(environment: environment)
        let type = check.type(of: expression.root)
        return Result(type: type, errors: check.errors)
    }
}

/// One walk over an expression.
struct TypeCheck {
    let environment: TypeEnvironment
    private(set) var errors: [CELTypeError] = []
    /// Types of comprehension variables, the innermost last.
    var locals: [CELType] = []
    /// Inside the first argument of `default` what does not exist is fine.
    private var isTested = false
    private var speller = Speller()

    init(environment: TypeEnvironment) {
        self.environment = environment
    }

    /// Records a mistake; the type of what is wrong is not known then.
    mutating func fail(_ kind: CELTypeError.Kind, _ message: String, _ offset: Int) -> CELType {
        errors.append(CELTypeError(kind: kind, message: message, offset: offset))
        return .dyn
    }

    mutating func type(of node: Node) -> CELType {
        switch node {
        case .constant(let value): return CELType(of: value)
        case .local(let slot): return slot < locals.count ? locals[slot] : .dyn
        case .variable(let name, let offset): return variable(name, offset)
        case .list(let nodes):
            let types = nodes.map { type(of: $0) }
            return .boundedList(CELType.joined(types))
        case .sparseList(let elements, let offset):
            let types = elements.map { $0.isOptional ? content(of: $0.value, offset) : type(of: $0.value) }
            return .boundedList(CELType.joined(types))
        case .map(let entries, let offset): return map(entries, offset)
        case .not(let node, _, let offset):
            require(.bool, type(of: node), "`!`", offset)
            return .bool
        case .negate(let node, _, let offset): return negation(type(of: node), offset)
        case .and(let nodes, let offset): return logic(nodes, "`&&`", offset)
        case .or(let nodes, let offset): return logic(nodes, "`||`", offset)
        case .conditional(let branches, let otherwise, let offset):
            var types: [CELType] = []
            for (condition, value) in branches {
                require(.bool, type(of: condition), "`?:`", offset)
                types.append(type(of: value))
            }
            types.append(type(of: otherwise))
            return CELType.joined(types)
        case .binary(let first, let operations):
            return operations.reduce(type(of: first)) { left, operation in
                self.operation(operation, left, type(of: operation.right))
            }
        case .chain(let base, let links):
            return links.reduce(type(of: base)) { value, link in follow(link, from: value) }
        case .has(let base, let field, let offset):
            _ = select(field, from: type(of: base), offset, mayBeMissing: true)
            return .bool
        case .fallback(let first, let second): return fallback(first, second)
        case .bind(let value, let body):
            locals.append(type(of: value))
            defer { locals.removeLast() }
            return type(of: body)
        case .broken(let error): return fail(.unknownFunction, error.message, error.offset ?? 0)
        }
    }

    private mutating func variable(_ name: String, _ offset: Int) -> CELType {
        if let type = environment.type(of: name) { return type }
        guard !isTested else { return .dyn }
        let hint = speller.nearest(to: name, among: environment.names).map { "; did you mean `\($0)`?" } ?? ""
        return fail(.unknownVariable, "there is no variable `\(name)`\(hint)", offset)
    }

    private mutating func map(_ entries: [MapEntry], _ offset: Int) -> CELType {
        var keys: [CELType] = []
        var values: [CELType] = []
        for entry in entries {
            let key = type(of: entry.key)
            switch key {
            case .dyn, .bool, .int, .uint, .number, .string: keys.append(key)
            default: keys.append(fail(.wrongType, "\(article(key.description)) cannot be a key of a map", offset))
            }
            values.append(entry.isOptional ? content(of: entry.value, offset) : type(of: entry.value))
        }
        return .boundedMap(CELType.joined(keys), CELType.joined(values))
    }

    /// The type inside an optional that must be one.
    private mutating func content(of node: Node, _ offset: Int) -> CELType {
        switch type(of: node) {
        case .optional(let content): return content
        case .dyn: return .dyn
        case let other:
            return fail(.wrongType, "`?` needs an optional value, not \(article(other.description))", offset)
        }
    }

    private mutating func logic(_ nodes: [Node], _ name: String, _ offset: Int) -> CELType {
        for node in nodes { require(.bool, type(of: node), name, offset) }
        return .bool
    }

    /// Records a mistake unless the type is the wanted one or unknown.
    mutating func require(_ wanted: CELType, _ type: CELType, _ purpose: String, _ offset: Int) {
        guard type != wanted, type != .dyn else { return }
        _ = fail(
            .wrongType,
            "\(purpose) needs \(article(wanted.description)), not \(article(type.description))",
            offset
        )
    }

    private mutating func negation(_ type: CELType, _ offset: Int) -> CELType {
        switch type {
        case .dyn, .int, .double, .number: type
        default: fail(.wrongType, "`-` does not work on \(article(type.description))", offset)
        }
    }

    private mutating func fallback(_ first: Node, _ second: Node) -> CELType {
        let outer = isTested
        isTested = true
        var type = type(of: first)
        isTested = outer
        if case .optional(let content) = type { type = content }
        let other = self.type(of: second)
        return type == .null ? other : type.joined(other)
    }

    // MARK: Fields

    mutating func select(
        _ name: String,
        from type: CELType,
        _ offset: Int,
        mayBeMissing: Bool = false
    ) -> CELType {
        switch type {
        case .dyn: return .dyn
        case .map(_, let value): return value
        case .optional(let content): return optionalField(name, from: content, offset)
        case .object(let shape):
            if let field = shape.fields[name] { return field }
            guard shape.isClosed, !mayBeMissing, !isTested else { return .dyn }
            let hint = speller.nearest(to: name, among: shape.fields.keys.sorted()).map { "; did you mean `\($0)`?" }
            return fail(.unknownField, "there is no field `\(name)`\(hint ?? "")", offset)
        case .null where isTested: return .dyn
        default: return fail(.wrongType, "\(article(type.description)) has no fields, so no `\(name)`", offset)
        }
    }

    /// What `.?name` gives.
    mutating func optionalField(_ name: String, from type: CELType, _ offset: Int) -> CELType {
        switch type {
        case .dyn: return .optional(.dyn)
        case .null where isTested: return .optional(.dyn)
        case .map(_, let value): return .boundedOptional(value)
        case .object(let shape): return .boundedOptional(shape.fields[name] ?? .dyn)
        case .optional(let content): return optionalField(name, from: content, offset)
        default: return fail(.wrongType, "\(article(type.description)) has no fields, so no `\(name)`", offset)
        }
    }

    mutating func index(_ type: CELType, _ key: CELType, _ node: Node, _ offset: Int) -> CELType {
        switch type {
        case .dyn: return .dyn
        case .null where isTested: return .dyn
        case .list(let element):
            guard key == .dyn || key.isNumeric else {
                return fail(.wrongType, "a list is indexed by an int, not \(article(key.description))", offset)
            }
            return element
        case .map(let wanted, let value):
            guard wanted.isComparable(to: key), key != .null else {
                let message = "the keys of the map are of the type \(wanted), not \(key)"
                return fail(.wrongType, message, offset)
            }
            return value
        case .object:
            if case .constant(.string(let name)) = node { return select(name, from: type, offset) }
            return .dyn
        case .optional(let content):
            return .boundedOptional(element(of: index(content, key, node, offset)))
        default: return fail(.wrongType, "\(article(type.description)) cannot be indexed", offset)
        }
    }

    private func element(of type: CELType) -> CELType {
        if case .optional(let content) = type { content } else { type }
    }
}
