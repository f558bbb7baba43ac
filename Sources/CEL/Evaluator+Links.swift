// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension Evaluator {
    /// One step to the right in a chain.
    mutating func follow(_ link: Link, from value: CELValue) throws(CELError) -> CELValue {
        try charge(1)
        switch link.kind {
        case .field(let name): return try select(name, from: value, link.offset)
        case .index(let node): return try index(value, try evaluate(node), link.offset)
        case .optionalField(let name): return try selectOptional(name, from: value, link.offset)
        case .optionalIndex(let node): return try indexOptional(value, try evaluate(node), link.offset)
        case .call(let function, let nodes):
            do { return try call(function, value, nodes) } catch { throw error.located(at: link.offset) }
        case .matches(let program):
            do { return .bool(try matches(value, program)) } catch { throw error.located(at: link.offset) }
        case .comprehension(let comprehension): return try run(comprehension, over: value, link.offset)
        }
    }

    private mutating func select(_ name: String, from value: CELValue, _ offset: Int) throws(CELError) -> CELValue {
        switch value {
        case .json(.object(let object)):
            if let member = object[name] { return CELValue(member) }
        case .map(let entries):
            if let found = try entry(.string(name), of: entries) { return found }
        case .optional: return try selectOptional(name, from: value, offset)
        case .null: throw .missing("null has no field `\(name)`", at: offset)
        default: throw .failed("\(article(value.typeName)) has no fields, so no `\(name)`", at: offset)
        }
        throw .missing("there is no field `\(name)`", at: offset)
    }

    mutating func has(_ value: CELValue, _ name: String, _ offset: Int) throws(CELError) -> Bool {
        switch value {
        case .json(.object(let object)): return object[name] != nil
        case .map(let entries): return try entry(.string(name), of: entries) != nil
        case .optional(let content):
            return try content.map { (value) throws(CELError) in try has(value, name, offset) } ?? false
        case .null: throw .missing("null has no field `\(name)`", at: offset)
        default: throw .failed("\(article(value.typeName)) has no fields, so no `\(name)`", at: offset)
        }
    }

    mutating func index(_ value: CELValue, _ key: CELValue, _ offset: Int) throws(CELError) -> CELValue {
        if let elements = value.elements {
            guard let number = Number(key) else {
                throw .failed("a list is indexed by an int, not \(article(key.typeName))", at: offset)
            }
            guard let exact = number.exactInt else {
                throw .failed("the index \(number) is no whole number", at: offset)
            }
            guard exact >= 0, exact < elements.count else {
                throw .missing("the list has \(elements.count) elements, so no index \(exact)", at: offset)
            }
            return elements[Int(exact)]
        }
        switch value {
        case .json(.object), .map:
            guard key.isMapKey || Number(key) != nil else {
                throw .failed("\(article(key.typeName)) cannot be a key of a map", at: offset)
            }
            if let found = try lookUp(key, in: value) { return found }
            throw .missing("the map has no key \(key.shortText)", at: offset)
        case .optional: return try indexOptional(value, key, offset)
        case .null: throw .missing("null has no elements", at: offset)
        default: throw .failed("\(article(value.typeName)) cannot be indexed", at: offset)
        }
    }

    /// The value of a key, nil when the map does not have it.
    mutating func lookUp(_ key: CELValue, in map: CELValue) throws(CELError) -> CELValue? {
        switch map {
        case .json(.object(let object)):
            guard case .string(let name) = key else { return nil }
            return object[name].map { CELValue($0) }
        case .map(let entries): return try entry(key, of: entries)
        default: return nil
        }
    }

    /// Maps written in an expression are small; a search from the front is fine and is counted.
    mutating func entry(_ key: CELValue, of entries: [(CELValue, CELValue)]) throws(CELError) -> CELValue? {
        try charge(entries.count / 8)
        for (candidate, value) in entries where candidate.normalized.isSameScalar(as: key) { return value.normalized }
        return nil
    }
}
