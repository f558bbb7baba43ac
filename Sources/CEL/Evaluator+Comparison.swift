// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension CELValue {
    /// Equality of bools, numbers and strings; false for all other types.
    func isSameScalar(as other: CELValue) -> Bool {
        switch (self, other) {
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        default: Number(self).flatMap { left in Number(other).flatMap { left.order($0) } } == .equal
        }
    }

    /// For messages: a scalar as it would be written, cut when long.
    var shortText: String {
        switch self {
        case .string(let text): "\"\(text.unicodeScalars.count > 40 ? "\(text.prefix(40))…" : text)\""
        case .bool(let value): String(value)
        default: Number(self).map(\.description) ?? typeName
        }
    }
}

extension String {
    /// Equal without normalisation, unlike `==`.
    func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let left = utf8.span
        let right = other.utf8.span
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }
}

extension Evaluator {
    /// Equality of the language: numbers across types, other types only with themselves.
    mutating func equal(_ left: CELValue, _ right: CELValue) throws(CELError) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.string(let left), .string(let right)):
            try charge(bytes: Swift.min(left.utf8.count, right.utf8.count))
            return left.hasSameBytes(as: right)
        case (.bytes(let left), .bytes(let right)):
            try charge(bytes: Swift.min(left.count, right.count))
            return left == right
        case (.timestamp(let left, let leftRest), .timestamp(let right, let rightRest)),
            (.duration(let left, let leftRest), .duration(let right, let rightRest)):
            return left == right && leftRest == rightRest
        case (.type(let left), .type(let right)): return left == right
        case (.network(let left), .network(let right)): return left == right
        case (.optional(let left), .optional(let right)): return try equalOptionals(left, right)
        default: break
        }
        guard left.iterated != nil, right.iterated != nil else { return left.isSameScalar(as: right) }
        guard comparisonDepth < CELValue.depthLimit else { throw .tooDeep }
        comparisonDepth += 1
        defer { comparisonDepth -= 1 }
        if let left = left.elements, let right = right.elements { return try equal(left, right) }
        if left.elements == nil, right.elements == nil { return try equalMaps(left, right) }
        return false
    }

    private mutating func equalOptionals(_ left: CELValue?, _ right: CELValue?) throws(CELError) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        guard comparisonDepth < CELValue.depthLimit else { throw .tooDeep }
        comparisonDepth += 1
        defer { comparisonDepth -= 1 }
        return try equal(left, right)
    }

    private mutating func equal(_ left: Elements, _ right: Elements) throws(CELError) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count {
            try charge(1)
            guard try equal(left[index], right[index]) else { return false }
        }
        return true
    }

    private mutating func equalMaps(_ left: CELValue, _ right: CELValue) throws(CELError) -> Bool {
        guard let leftKeys = left.iterated, let rightKeys = right.iterated, leftKeys.count == rightKeys.count else {
            return false
        }
        for index in 0..<leftKeys.count {
            try charge(1)
            let key = leftKeys[index]
            guard let mine = try lookUp(key, in: left), let other = try lookUp(key, in: right),
                try equal(mine, other)
            else { return false }
        }
        return true
    }

    /// `x in y`: an element of a list or a key of a map.
    mutating func contains(_ container: CELValue, _ value: CELValue) throws(CELError) -> Bool {
        if let elements = container.elements {
            for index in 0..<elements.count {
                try charge(1)
                if try equal(elements[index], value) { return true }
            }
            return false
        }
        guard container.iterated != nil else {
            throw .failed("`in` needs a list or a map on the right, not \(article(container.typeName))")
        }
        return try lookUp(value, in: container) != nil
    }

    /// Nil when one of them is NaN.
    mutating func order(_ left: CELValue, _ right: CELValue) throws(CELError) -> Order? {
        if let first = Number(left), let second = Number(right) { return first.order(second) }
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try charge(bytes: Swift.min(left.utf8.count, right.utf8.count))
            if left.utf8.lexicographicallyPrecedes(right.utf8) { return .less }
            return left.hasSameBytes(as: right) ? .equal : .greater
        case (.bytes(let left), .bytes(let right)):
            try charge(bytes: Swift.min(left.count, right.count))
            if left.lexicographicallyPrecedes(right) { return .less }
            return left == right ? .equal : .greater
        case (.bool(let left), .bool(let right)): return Order(left ? 1 : 0, right ? 1 : 0)
        case (.timestamp(let left, let leftRest), .timestamp(let right, let rightRest)),
            (.duration(let left, let leftRest), .duration(let right, let rightRest)):
            return left == right ? Order(leftRest, rightRest) : Order(left, right)
        default:
            throw .failed("\(article(left.typeName)) and \(article(right.typeName)) cannot be compared by size")
        }
    }
}
