// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension Evaluator {
    /// Functions that make optional values or read them.
    mutating func optional(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError) -> CELValue {
        switch function {
        case .optionalNone: return .optional(nil)
        case .optionalOf: return .optional(value)
        case .optionalOfNonZeroValue: return .optional(value.isZero ? nil : value)
        case .optionalUnwrap, .unwrapOpt: return try unwrap(function, value)
        default: break
        }
        guard case .optional(let content) = value else { throw unsuitable(function, value) }
        switch function {
        case .hasValue: return .bool(content != nil)
        case .orValue:
            if let content { return content }
            return try evaluate(nodes[0])
        case .or:
            if content != nil { return value }
            let other = try evaluate(nodes[0])
            guard case .optional = other else { throw unsuitable(.or, other) }
            return other
        default:
            guard let content else { throw .missing("the optional value is empty") }
            return content
        }
    }

    /// The values of a list of optionals that are there.
    private mutating func unwrap(_ function: Function, _ value: CELValue) throws(CELError) -> CELValue {
        guard let elements = value.elements else { throw unsuitable(function, value) }
        try charge(elements.count)
        var result: [CELValue] = []
        for index in 0..<elements.count {
            guard case .optional(let content) = elements[index] else { throw unsuitable(function, elements[index]) }
            if let content { result.append(content) }
        }
        return .list(result)
    }

    /// `value.?name`: empty when there is no such field.
    mutating func selectOptional(
        _ name: String,
        from value: CELValue,
        _ offset: Int
    ) throws(CELError) -> CELValue {
        switch value {
        case .optional(nil): return value
        case .optional(let content?): return try selectOptional(name, from: content, offset)
        case .json(.object(let object)): return .optional(object[name].map { CELValue($0) })
        case .map(let entries): return .optional(try entry(.string(name), of: entries))
        case .null: throw .missing("null has no field `\(name)`", at: offset)
        default: throw .failed("\(article(value.typeName)) has no fields, so no `\(name)`", at: offset)
        }
    }

    /// `value[?key]`: empty when there is no such key or index.
    mutating func indexOptional(_ value: CELValue, _ key: CELValue, _ offset: Int) throws(CELError) -> CELValue {
        switch value {
        case .optional(nil): return value
        case .optional(let content?): return try indexOptional(content, key, offset)
        default:
            do { return .optional(try index(value, key, offset)) } catch {
                guard error.isMissing else { throw error }
                return .optional(nil)
            }
        }
    }

    /// A list literal in which `?` leaves out empty optionals.
    mutating func sparseList(
        _ elements: [(value: Node, isOptional: Bool)],
        _ offset: Int
    ) throws(CELError) -> CELValue {
        var values: [CELValue] = []
        for (node, isOptional) in elements {
            let value = try evaluate(node)
            guard isOptional else {
                values.append(value)
                continue
            }
            if let content = try content(value, offset) { values.append(content) }
        }
        return .list(values)
    }

    /// What is inside an optional that must be one.
    func content(_ value: CELValue, _ offset: Int) throws(CELError) -> CELValue? {
        guard case .optional(let content) = value else {
            throw .failed("`?` needs an optional value, not \(article(value.typeName))", at: offset)
        }
        return content
    }
}

extension CELValue {
    /// False, zero, empty or null: what `optional.ofNonZeroValue` leaves out.
    fileprivate var isZero: Bool {
        switch self {
        case .null, .optional(nil): true
        case .bool(let value): !value
        case .int(let value): value == 0
        case .uint(let value): value == 0
        case .double(let value): value == 0
        case .string(let value): value.isEmpty
        case .bytes(let value): value.isEmpty
        case .duration(let seconds, let nanoseconds): seconds == 0 && nanoseconds == 0
        case .timestamp(let seconds, let nanoseconds): seconds == 0 && nanoseconds == 0
        case .list, .map, .json: iterated.map { $0.count == 0 } ?? normalized.isZero
        case .optional, .type, .network: false
        }
    }
}
