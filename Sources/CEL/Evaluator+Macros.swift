// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension Evaluator {
    mutating func run(
        _ macro: Comprehension,
        over value: CELValue,
        _ offset: Int
    ) throws(CELError) -> CELValue {
        locals.append(.null)
        if macro.isPair { locals.append(.null) }
        defer { locals.removeLast(macro.isPair ? 2 : 1) }
        if macro.kind == .optMap || macro.kind == .optFlatMap { return try runOptional(macro, value, offset) }
        guard let elements = value.iterated else {
            throw .failed("`\(macro.kind.rawValue)` needs a list or a map, not \(article(value.typeName))", at: offset)
        }
        let source = Source(value: value, elements: elements)
        switch macro.kind {
        case .all: return try quantify(macro, source, stopsAt: false, offset)
        case .exists: return try quantify(macro, source, stopsAt: true, offset)
        case .existsOne: return .bool(try countTrue(macro, source, offset) == 1)
        case .transformMap, .transformMapEntry: return .map(try collectEntries(macro, source, offset))
        case .sortBy:
            let keys = try collect(macro, source, offset)
            do { return .list(try sorted((0..<elements.count).map { elements[$0] }, by: keys)) } catch {
                throw error.located(at: offset)
            }
        default: return .list(try collect(macro, source, offset))
        }
    }

    /// What a macro runs over.
    private struct Source {
        let value: CELValue
        let elements: Elements
    }

    /// Gives the variables their values for one element.
    private mutating func enter(_ macro: Comprehension, _ source: Source, _ index: Int) throws(CELError) {
        try charge(1)
        if macro.isPair {
            (locals[macro.slot], locals[macro.slot + 1]) = source.value.pair(index, in: source.elements)
        } else {
            locals[macro.slot] = source.elements[index]
        }
    }

    private mutating func runOptional(
        _ macro: Comprehension,
        _ value: CELValue,
        _ offset: Int
    ) throws(CELError) -> CELValue {
        guard case .optional(let content) = value else {
            throw .failed(
                "`\(macro.kind.rawValue)` needs an optional value, not \(article(value.typeName))",
                at: offset
            )
        }
        guard let content else { return value }
        locals[macro.slot] = content
        let result = try evaluate(macro.body)
        if macro.kind == .optMap { return .optional(result) }
        guard case .optional = result else {
            throw .failed("the body of `optFlatMap` is \(article(result.typeName)), not an optional value", at: offset)
        }
        return result
    }

    /// `all` and `exists` treat errors as `&&` and `||` do.
    private mutating func quantify(
        _ macro: Comprehension,
        _ source: Source,
        stopsAt decisive: Bool,
        _ offset: Int
    ) throws(CELError) -> CELValue {
        var failure: CELError?
        for index in 0..<source.elements.count {
            try enter(macro, source, index)
            do {
                let isTrue = try bool(macro.body, "`\(macro.kind.rawValue)`", offset)
                if isTrue == decisive { return .bool(decisive) }
            } catch {
                guard error.code != .cost else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!decisive)
    }

    private mutating func countTrue(
        _ macro: Comprehension,
        _ source: Source,
        _ offset: Int
    ) throws(CELError) -> Int {
        var count = 0
        for index in 0..<source.elements.count {
            try enter(macro, source, index)
            if try bool(macro.body, "`exists_one`", offset) { count += 1 }
        }
        return count
    }

    /// Elements or results of `filter`, `map`, `transformList` and `sortBy`.
    private mutating func collect(
        _ macro: Comprehension,
        _ source: Source,
        _ offset: Int
    ) throws(CELError) -> [CELValue] {
        var result: [CELValue] = []
        for index in 0..<source.elements.count {
            try enter(macro, source, index)
            if macro.kind == .filter {
                if try bool(macro.body, "`filter`", offset) { result.append(locals[macro.slot]) }
                continue
            }
            guard try passes(macro, offset) else { continue }
            result.append(try evaluate(macro.body))
        }
        return result
    }

    private mutating func passes(_ macro: Comprehension, _ offset: Int) throws(CELError) -> Bool {
        guard let condition = macro.condition else { return true }
        return try bool(condition, "`\(macro.kind.rawValue)`", offset)
    }

    /// `transformMap` keeps the keys, `transformMapEntry` takes them from maps.
    private mutating func collectEntries(
        _ macro: Comprehension,
        _ source: Source,
        _ offset: Int
    ) throws(CELError) -> [(CELValue, CELValue)] {
        var result: [(CELValue, CELValue)] = []
        for index in 0..<source.elements.count {
            try enter(macro, source, index)
            guard try passes(macro, offset) else { continue }
            let key = locals[macro.slot]
            let value = try evaluate(macro.body)
            if macro.kind == .transformMap {
                result.append((key, value))
                continue
            }
            guard value.elements == nil, let keys = value.iterated else {
                throw .failed("the body of `transformMapEntry` is \(article(value.typeName)), not a map", at: offset)
            }
            for place in 0..<keys.count {
                let pair = value.pair(place, in: keys)
                guard try entry(pair.0, of: result) == nil else { throw .failed("the map has a key twice", at: offset) }
                result.append(pair)
            }
        }
        return result
    }
}

extension CELValue {
    /// Index and element of a list or key and value of a map; `elements` are those of this value.
    func pair(_ index: Int, in elements: Elements) -> (CELValue, CELValue) {
        switch self {
        case .map(let entries): (entries[index].0.normalized, entries[index].1.normalized)
        case .json(.object(let object)): (.string(object.members[index].key), CELValue(object.members[index].value))
        default: (.int(Int64(index)), elements[index])
        }
    }
}
