// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// One evaluation: walks the nodes and counts steps.
struct Evaluator {
    /// Visits of an instruction of a pattern that make one step.
    static let visitsPerStep = 8

    private let scope: any CELScope
    private let stepLimit: Int
    private(set) var stepsLeft: Int
    /// Values of comprehension variables, the innermost last.
    var locals: [CELValue] = []
    /// Lists and maps around the values being compared.
    var comparisonDepth = 0

    init(scope: some CELScope, stepLimit: Int) {
        self.scope = scope
        self.stepLimit = stepLimit
        stepsLeft = stepLimit
    }

    /// What stands for a secret.
    func secretHandle(_ name: String) -> String? { scope.secret(name) }

    /// Counts steps, before the work they stand for is done.
    mutating func charge(_ steps: Int) throws(CELError) {
        stepsLeft -= steps
        guard stepsLeft >= 0 else { throw exhausted }
    }

    /// The error of an evaluation without steps.
    var exhausted: CELError { CELError(code: .cost, message: "the evaluation needs more than \(stepLimit) steps") }

    /// Counts the copying, comparing or reading of that many bytes.
    mutating func charge(bytes: Int) throws(CELError) {
        try charge(bytes / 64)
    }

    mutating func evaluate(_ node: Node) throws(CELError) -> CELValue {
        try charge(1)
        switch node {
        case .constant(let value): return value
        case .local(let slot): return locals[slot]
        case .variable(let name, let offset):
            guard let value = scope.variable(name) else { throw .missing("there is no variable `\(name)`", at: offset) }
            return value.normalized
        case .chain(let base, let links):
            var value = try evaluate(base)
            for link in links { value = try follow(link, from: value) }
            return value
        case .binary(let first, let operations):
            var value = try evaluate(first)
            for operation in operations {
                value = try apply(operation, value, try evaluate(operation.right))
            }
            return value
        case .and(let nodes, let offset): return try shortCircuit(nodes, stopsAt: false, offset)
        case .or(let nodes, let offset): return try shortCircuit(nodes, stopsAt: true, offset)
        case .not(let node, let count, let offset):
            try charge(count)
            guard case .bool(let value) = try evaluate(node) else { throw .failed("`!` needs a bool", at: offset) }
            return .bool(count.isMultiple(of: 2) ? value : !value)
        case .negate(let node, let count, let offset): return try negate(node, count: count, offset)
        case .conditional(let branches, let otherwise, let offset):
            return try conditional(branches, otherwise: otherwise, offset)
        case .list(let nodes):
            var values: [CELValue] = []
            values.reserveCapacity(nodes.count)
            for node in nodes { values.append(try evaluate(node)) }
            return .list(values)
        case .sparseList(let elements, let offset): return try sparseList(elements, offset)
        case .map(let entries, let offset): return try map(entries, offset)
        case .has(let base, let field, let offset): return .bool(try has(try evaluate(base), field, offset))
        case .fallback(let first, let second): return try fallback(first, second)
        case .bind(let node, let body):
            locals.append(try evaluate(node))
            defer { locals.removeLast() }
            return try evaluate(body)
        case .broken(let error): throw error
        }
    }

    /// A value that must be a bool.
    mutating func bool(_ node: Node, _ purpose: String, _ offset: Int) throws(CELError) -> Bool {
        let value = try evaluate(node)
        guard case .bool(let result) = value else {
            throw .failed("\(purpose) needs a bool, not \(article(value.typeName))", at: offset)
        }
        return result
    }

    /// `&&` and `||`: a deciding value wins over an error on either side.
    private mutating func shortCircuit(_ nodes: [Node], stopsAt decisive: Bool, _ offset: Int) throws(CELError)
        -> CELValue
    {
        var failure: CELError?
        for node in nodes {
            do {
                if try bool(node, decisive ? "`||`" : "`&&`", offset) == decisive { return .bool(decisive) }
            } catch {
                guard error.code != .cost else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!decisive)
    }

    private mutating func conditional(
        _ branches: [(condition: Node, value: Node)],
        otherwise: Node,
        _ offset: Int
    ) throws(CELError) -> CELValue {
        for branch in branches where try bool(branch.condition, "`?:`", offset) {
            return try evaluate(branch.value)
        }
        return try evaluate(otherwise)
    }

    private mutating func fallback(_ first: Node, _ second: Node) throws(CELError) -> CELValue {
        do {
            let value = try evaluate(first)
            switch value {
            case .null, .optional(nil): break
            case .optional(let content?): return content
            default: return value
            }
        } catch {
            guard error.isMissing else { throw error }
        }
        return try evaluate(second)
    }

    private mutating func map(_ entries: [MapEntry], _ offset: Int) throws(CELError) -> CELValue {
        var result: [(CELValue, CELValue)] = []
        result.reserveCapacity(entries.count)
        for part in entries {
            let key = try evaluate(part.key)
            guard key.isMapKey else { throw .failed("\(article(key.typeName)) cannot be a key of a map", at: offset) }
            guard try entry(key, of: result) == nil else { throw .failed("the map has a key twice", at: offset) }
            let value = try evaluate(part.value)
            guard part.isOptional else {
                result.append((key, value))
                continue
            }
            if let content = try content(value, offset) { result.append((key, content)) }
        }
        return .map(result)
    }
}

/// `an int`, `a string`.
func article(_ typeName: String) -> String {
    "aeiou".utf8.contains(typeName.utf8.first ?? 0) && typeName != "uint" ? "an \(typeName)" : "a \(typeName)"
}

extension CELValue {
    /// Bool, int, uint or string.
    var isMapKey: Bool {
        switch self {
        case .bool, .int, .uint, .string: true
        default: false
        }
    }

    /// The elements of a list, nil for anything else.
    var elements: Elements? {
        switch self {
        case .list(let values): .values(values)
        case .json(.array(let values)): .json(values)
        default: nil
        }
    }

    /// The elements of a list or the keys of a map, nil for anything else.
    var iterated: Elements? {
        switch self {
        case .map(let entries): .keys(entries)
        case .json(.object(let object)): .names(object.members)
        default: elements
        }
    }
}

/// Something to run over, converted one element at a time.
enum Elements {
    case values([CELValue])
    case json([JSONValue])
    case keys([(CELValue, CELValue)])
    case names([JSONObject.Member])

    var count: Int {
        switch self {
        case .values(let values): values.count
        case .json(let values): values.count
        case .keys(let entries): entries.count
        case .names(let members): members.count
        }
    }

    subscript(index: Int) -> CELValue {
        switch self {
        case .values(let values): values[index].normalized
        case .json(let values): CELValue(values[index])
        case .keys(let entries): entries[index].0.normalized
        case .names(let members): .string(members[index].key)
        }
    }
}
