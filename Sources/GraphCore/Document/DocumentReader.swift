// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads a ``GraphDocument`` from JSON text.
struct DocumentReader {
    /// The longest input in bytes. A document has at most 4 MiB, but may be spelled out wider in JSON.
    static let byteLimit = 16 << 20
    /// The most nodes, and the most edges and dependencies together.
    static let nodeLimit = 100_000
    static let edgeLimit = 1_000_000

    let document: GraphDocument
    var json: JSONReader

    static func read(_ input: [UInt8]) throws(GraphFailure) -> GraphDocument {
        guard input.count <= byteLimit else {
            throw GraphFailure("E102", "the input is larger than \(byteLimit >> 20) MiB", at: byteLimit)
        }
        var reader = Self(document: GraphDocument(input: input), json: JSONReader(input))
        try reader.readTop()
        return reader.document
    }

    private mutating func readTop() throws(GraphFailure) {
        guard try json.kind() == .object else {
            throw GraphFailure("E105", "a document must be an object", at: json.position)
        }
        var seen = SeenKeys()
        try json.beginObject()
        while let key = try nextKey(&seen) {
            switch key {
            case .nodes: try readItems(.nodeList)
            case .edges: try readItems(.edgeList)
            case .options: try readOptions()
            default: try json.skip()
            }
        }
        try json.finish()
    }

    /// Reads a list of objects.
    private mutating func readItems(_ list: Place) throws(GraphFailure) {
        guard try json.kind() == .array else {
            report("E105", list, "this must be a list")
            return try json.skip()
        }
        var index = 0
        try json.beginArray()
        while try json.nextItem() {
            if case .nodeList = list { try readNode(index) } else { try readEdge(index) }
            index += 1
        }
    }

    /// The next key of the object; those that are no words are skipped with their values.
    mutating func nextKey(_ seen: inout SeenKeys) throws(GraphFailure) -> Word? {
        while let key = try json.nextKey() {
            if let word = Word(key) {
                try seen.note(word, json)
                return word
            }
            try json.skip()
        }
        return nil
    }

    // MARK: - values

    mutating func report(_ code: StaticString, _ place: Place, _ message: Message) {
        document.problems.report(code, place, message)
    }

    /// The text, or `nil` if it is another value, which is skipped.
    mutating func text() throws(GraphFailure) -> Text? {
        guard try json.kind() == .string else { return try skipped() }
        return try document.texts.add { bytes throws(GraphFailure) in try json.readString(into: &bytes) }
    }

    /// The text if it is a word, or `nil` if it is another value.
    mutating func word() throws(GraphFailure) -> Word? {
        guard let text = try text() else { return nil }
        return Word(document.texts[text])
    }

    /// A number cut to a range, or `nil` if it is another value, which is skipped.
    mutating func length(in range: ClosedRange<Int64>) throws(GraphFailure) -> Int64? {
        guard try json.kind() == .number else { return try skipped() }
        return min(max(try json.number(), range.lowerBound), range.upperBound)
    }

    /// Where a value is in the input; `nil` for `null`, which is as good as nothing.
    mutating func raw() throws(GraphFailure) -> Text? {
        let isNull = try json.kind() == .null
        let start = json.position
        try json.skip()
        return isNull ? nil : Text(start: start, end: json.position)
    }

    /// A condition, and whether it is the constant false.
    mutating func readCondition() throws(GraphFailure) -> (raw: Text?, isNever: Bool) {
        guard let raw = try raw() else { return (nil, false) }
        let bytes = document.input[raw.start..<raw.end]
        return (raw, bytes.isEqual(to: "false") || bytes.isEqual(to: "\"false\""))
    }

    mutating func skipped<Value>() throws(GraphFailure) -> Value? {
        try json.skip()
        return nil
    }
}
