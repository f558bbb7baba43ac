// Baton
// SPDX-License-Identifier: Apache-2.0

extension Evaluator {
    /// An argument that must be a string.
    mutating func text(_ node: Node, _ function: Function) throws(CELError) -> String {
        let value = try evaluate(node)
        guard case .string(let text) = value else {
            throw .failed("`\(function.rawValue)` needs a string here, not \(article(value.typeName))")
        }
        try charge(bytes: text.utf8.count)
        return text
    }

    /// Functions on strings, and `join`.
    mutating func text(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError) -> CELValue {
        if function == .join { return .string(try join(value, nodes.first)) }
        guard case .string(let text) = value else { throw unsuitable(function, value) }
        try charge(bytes: text.utf8.count)
        switch function {
        case .startsWith: return .bool(text.utf8.starts(with: try self.text(nodes[0], function).utf8))
        case .endsWith:
            return .bool(text.utf8.reversed().starts(with: try self.text(nodes[0], function).utf8.reversed()))
        case .contains:
            let search = SequenceSearch(Array((try self.text(nodes[0], function)).utf8))
            return .bool(search.first(in: Array(text.utf8), from: 0) != nil)
        case .lower: return .string(text.lowercased())
        case .upper: return .string(text.uppercased())
        case .trim: return .string(trim(text))
        case .split: return try split(text, nodes)
        default: return .string(try replace(text, nodes))
        }
    }

    private func trim(_ text: String) -> String {
        let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(scalars[first...last])
    }

    private mutating func join(_ value: CELValue, _ node: Node?) throws(CELError) -> String {
        guard let elements = value.elements else { throw unsuitable(.join, value) }
        var separator = ""
        if let node { separator = try text(node, .join) }
        var result = ""
        for index in 0..<elements.count {
            guard case .string(let part) = elements[index] else {
                throw .failed("`join` needs a list of strings, not of \(elements[index].typeName)")
            }
            try charge(1)
            try charge(bytes: separator.utf8.count + part.utf8.count)
            if index > 0 { result += separator }
            result += part
        }
        return result
    }

    /// The optional limit of `split` and `replace`; none when negative.
    private mutating func limit(_ node: Node?, _ function: Function) throws(CELError) -> Int {
        guard let node else { return .max }
        guard case .int(let limit) = try evaluate(node) else {
            throw .failed("`\(function.rawValue)` takes an int as limit")
        }
        return limit < 0 ? .max : Int(limit)
    }

    /// At most `limit` parts; an empty separator parts every character from the next.
    private mutating func split(_ text: String, _ nodes: [Node]) throws(CELError) -> CELValue {
        let separator = try self.text(nodes[0], .split)
        let limit = try limit(nodes.count > 1 ? nodes[1] : nil, .split)
        guard limit > 0 else { return .list([]) }
        let bytes = Array(text.utf8)
        let search = SequenceSearch(Array((separator).utf8))
        var parts: [CELValue] = []
        var start = 0
        while parts.count < limit - 1 {
            let cut = separator.isEmpty ? bytes.characterEnd(start) : search.first(in: bytes, from: start)
            guard let cut, !separator.isEmpty || cut < bytes.count else { break }
            try charge(1)
            parts.append(.string(String(decoding: bytes[start..<cut], as: UTF8.self)))
            start = cut + separator.utf8.count
        }
        if !separator.isEmpty || !bytes.isEmpty {
            parts.append(.string(String(decoding: bytes[start...], as: UTF8.self)))
        }
        return .list(parts)
    }

    /// At most `limit` replacements; an empty pattern stands before every character and at the end.
    private mutating func replace(_ text: String, _ nodes: [Node]) throws(CELError) -> String {
        let pattern = try self.text(nodes[0], .replace)
        let replacement = Array(try self.text(nodes[1], .replace).utf8)
        let limit = try limit(nodes.count > 2 ? nodes[2] : nil, .replace)
        let bytes = Array(text.utf8)
        let search = SequenceSearch(Array((pattern).utf8))
        var result: [UInt8] = []
        var start = 0
        var count = 0
        while count < limit, let found = search.first(in: bytes, from: start) {
            try charge(1)
            try charge(bytes: replacement.count)
            result += bytes[start..<found]
            result += replacement
            count += 1
            start = found + search.pattern.count
            if search.pattern.isEmpty {
                guard found < bytes.count else { break }
                let end = bytes.characterEnd(found)
                result += bytes[found..<end]
                start = end
            }
        }
        result += bytes[start...]
        return String(decoding: result, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Where the character of UTF-8 that starts at `index` ends.
    fileprivate func characterEnd(_ index: Int) -> Int {
        var end = Swift.min(index + 1, count)
        while end < count, self[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }
}

/// Finds a sequence in another in time proportional to both (Knuth, Morris and Pratt).
struct SequenceSearch<Element: Equatable> {
    let pattern: [Element]
    /// For each prefix of the pattern, the length of the longest one that also ends it.
    private let borders: [Int]

    init(_ pattern: [Element]) {
        self.pattern = pattern
        var borders = Array(repeating: 0, count: pattern.count)
        var length = 0
        for index in pattern.indices.dropFirst() {
            while length > 0, pattern[index] != pattern[length] { length = borders[length - 1] }
            if pattern[index] == pattern[length] { length += 1 }
            borders[index] = length
        }
        self.borders = borders
    }

    /// The first place at or after `start`; an empty pattern is everywhere.
    func first(in elements: [Element], from start: Int) -> Int? {
        guard !pattern.isEmpty else { return start }
        var length = 0
        for index in start..<Swift.max(start, elements.count) {
            while length > 0, elements[index] != pattern[length] { length = borders[length - 1] }
            if elements[index] == pattern[length] { length += 1 }
            if length == pattern.count { return index + 1 - length }
        }
        return nil
    }
}
