// Baton
// SPDX-License-Identifier: Apache-2.0

extension Evaluator {
    /// Functions that count characters, which are code points, and `strings.quote`.
    mutating func place(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError) -> CELValue {
        guard case .string(let text) = value else { throw unsuitable(function, value) }
        try charge(bytes: text.utf8.count)
        switch function {
        case .lowerAscii: return .string(Self.mapped(text) { (65...90).contains($0) ? $0 + 32 : $0 })
        case .upperAscii: return .string(Self.mapped(text) { (97...122).contains($0) ? $0 - 32 : $0 })
        case .quote:
            try charge(text.utf8.count / 8)
            return .string(Self.quoted(text))
        case .charAt:
            let scalars = try scalars(text)
            let index = try index(nodes[0], function, limit: scalars.count)
            return .string(index == scalars.count ? "" : String(scalars[index]))
        case .substring: return try substring(text, nodes)
        default: return .int(Int64(try find(function, text, nodes)))
        }
    }

    private mutating func scalars(_ text: String) throws(CELError) -> [Unicode.Scalar] {
        try charge(text.utf8.count / 16)
        return Array(text.unicodeScalars)
    }

    /// An argument from 0 to `limit`.
    private mutating func index(_ node: Node, _ function: Function, limit: Int) throws(CELError) -> Int {
        guard case .int(let index) = try evaluate(node) else {
            throw .failed("`\(function.rawValue)` needs an int as place")
        }
        guard (0...Int64(limit)).contains(index) else {
            throw .failed("`\(function.rawValue)`: \(index) is not a place from 0 to \(limit)")
        }
        return Int(index)
    }

    private mutating func substring(_ text: String, _ nodes: [Node]) throws(CELError) -> CELValue {
        let scalars = try scalars(text)
        let start = try index(nodes[0], .substring, limit: scalars.count)
        let end = nodes.count > 1 ? try index(nodes[1], .substring, limit: scalars.count) : scalars.count
        guard start <= end else { throw .failed("`substring` from \(start) to \(end) is the wrong way round") }
        var result = ""
        result.unicodeScalars.append(contentsOf: scalars[start..<end])
        return .string(result)
    }

    /// The place of the first or last occurrence, -1 when there is none.
    private mutating func find(_ function: Function, _ text: String, _ nodes: [Node]) throws(CELError) -> Int {
        let pattern = try scalars(try self.text(nodes[0], function))
        let scalars = try scalars(text)
        let isFirst = function == .indexOf
        var place: Int?
        if nodes.count > 1 { place = try index(nodes[1], function, limit: scalars.count) }
        if pattern.isEmpty { return place ?? (isFirst ? 0 : scalars.count) }
        let search = SequenceSearch(isFirst ? pattern : pattern.reversed())
        if isFirst { return search.first(in: scalars, from: place ?? 0) ?? -1 }
        // The last occurrence is the first one of the reversed texts.
        let count = scalars.count
        let from = place.map { Swift.max(0, count - $0 - pattern.count) } ?? 0
        return search.first(in: scalars.reversed(), from: from).map { count - $0 - pattern.count } ?? -1
    }

    private static func mapped(_ text: String, _ change: (UInt8) -> UInt8) -> String {
        String(decoding: text.utf8.map(change), as: UTF8.self)
    }

    /// The text as a literal in double quotes.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{7}": result += "\\a"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{B}": result += "\\v"
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// `base64.encode` and `base64.decode`.
    mutating func base64(_ function: Function, _ value: CELValue) throws(CELError) -> CELValue {
        switch (function, value) {
        case (.encode, .bytes(let bytes)):
            try charge(bytes: bytes.count * 2)
            return .string(Base64.encode(bytes))
        case (.decode, .string(let text)):
            try charge(bytes: text.utf8.count * 2)
            guard let bytes = Base64.decode(text) else { throw .failed("the text \(value.shortText) is not base 64") }
            return .bytes(bytes)
        default: throw unsuitable(function, value)
        }
    }
}
