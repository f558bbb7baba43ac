// Baton
// SPDX-License-Identifier: Apache-2.0

extension Evaluator {
    /// Functions that make lists from lists, `lists.range`, and `reverse` of a string.
    mutating func list(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError) -> CELValue {
        switch (function, value) {
        case (.reverse, .string(let text)):
            try charge(text.utf8.count / 8)
            var result = ""
            result.unicodeScalars.append(contentsOf: text.unicodeScalars.reversed())
            return .string(result)
        case (.range, .int(let count)):
            guard count >= 0 else { throw .failed("`lists.range` needs a count from 0 on") }
            try charge(Int(count))
            return .list((0..<count).map { .int($0) })
        default: break
        }
        guard let elements = value.elements, function != .range else { throw unsuitable(function, value) }
        switch function {
        case .first: return .optional(elements.count > 0 ? elements[0] : nil)
        case .last: return .optional(elements.count > 0 ? elements[elements.count - 1] : nil)
        case .slice: return try slice(elements, nodes)
        default: break
        }
        try charge(elements.count)
        switch function {
        case .reverse: return .list((0..<elements.count).reversed().map { elements[$0] })
        case .distinct: return .list(try distinct(elements))
        case .sort: return .list(try sorted((0..<elements.count).map { elements[$0] }, by: nil))
        default:
            let depth = try nodes.first.map { (node) throws(CELError) in try evaluate(node) } ?? .int(1)
            guard case .int(let depth) = depth, depth >= 0 else { throw .failed("`flatten` takes an int from 0 on") }
            var result: [CELValue] = []
            try flatten(elements, Int(Swift.min(depth, 256)), into: &result)
            return .list(result)
        }
    }

    private mutating func slice(_ elements: Elements, _ nodes: [Node]) throws(CELError) -> CELValue {
        guard case .int(let start) = try evaluate(nodes[0]), case .int(let end) = try evaluate(nodes[1]) else {
            throw .failed("`slice` takes two ints")
        }
        guard start >= 0, start <= end, end <= elements.count else {
            throw .failed("`slice` from \(start) to \(end) is not inside a list of \(elements.count)")
        }
        try charge(Int(end - start))
        return .list((Int(start)..<Int(end)).map { elements[$0] })
    }

    private mutating func distinct(_ elements: Elements) throws(CELError) -> [CELValue] {
        var result: [CELValue] = []
        for index in 0..<elements.count where try !contains(.values(result), elements[index]) {
            result.append(elements[index])
        }
        return result
    }

    private mutating func contains(_ elements: Elements, _ value: CELValue) throws(CELError) -> Bool {
        for index in 0..<elements.count {
            try charge(1)
            if try equal(elements[index], value) { return true }
        }
        return false
    }

    private mutating func flatten(
        _ elements: Elements,
        _ depth: Int,
        into result: inout [CELValue]
    ) throws(CELError) {
        try charge(elements.count)
        for index in 0..<elements.count {
            let element = elements[index]
            if depth > 0, let inner = element.elements {
                try flatten(inner, depth - 1, into: &result)
            } else {
                result.append(element)
            }
        }
    }

    /// Sorts by the keys, or by the values themselves, and keeps the order of equals.
    mutating func sorted(_ values: [CELValue], by keys: [CELValue]?) throws(CELError) -> [CELValue] {
        let keys = keys ?? values
        for key in keys where key.typeName != keys[0].typeName {
            throw .failed("\(article(keys[0].typeName)) and \(article(key.typeName)) cannot be sorted together")
        }
        // One that has no order with itself is refused too.
        if let first = keys.first { _ = try order(first, first) }
        var places = Array(keys.indices)
        var width = 1
        while width < places.count {
            var merged: [Int] = []
            merged.reserveCapacity(places.count)
            for start in stride(from: 0, to: places.count, by: 2 * width) {
                var left = start
                let middle = Swift.min(start + width, places.count)
                var right = middle
                let end = Swift.min(start + 2 * width, places.count)
                while left < middle || right < end {
                    try charge(1)
                    let takesRight: Bool
                    if left == middle || right == end {
                        takesRight = left == middle
                    } else {
                        takesRight = try order(keys[places[right]], keys[places[left]]) == .less
                    }
                    merged.append(places[takesRight ? right : left])
                    if takesRight { right += 1 } else { left += 1 }
                }
            }
            places = merged
            width *= 2
        }
        return places.map { values[$0] }
    }

    /// Functions that take lists for sets.
    mutating func compareSets(_ function: Function, _ value: CELValue, _ node: Node) throws(CELError) -> Bool {
        let other = try evaluate(node)
        guard let first = value.elements, let second = other.elements else {
            throw unsuitable(function, value.elements == nil ? value : other)
        }
        switch function {
        case .setContains: return try isSubset(second, of: first)
        case .setEquivalent:
            guard try isSubset(second, of: first) else { return false }
            return try isSubset(first, of: second)
        default:
            for index in 0..<second.count where try contains(first, second[index]) { return true }
            return false
        }
    }

    private mutating func isSubset(_ elements: Elements, of others: Elements) throws(CELError) -> Bool {
        for index in 0..<elements.count where try !contains(others, elements[index]) { return false }
        return true
    }
}
