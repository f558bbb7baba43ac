// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads JSON text (RFC 8259) step by step, without building a tree.
///
/// The module JSON is not used because this one is also compiled as Embedded Swift, where its `String` keys, existential
/// errors and recursion would not do. Nothing here recurses; what is not asked for is checked and skipped.
struct JSONReader {
    /// What a value is.
    enum Kind { case object, array, string, number, bool, null }

    /// The most that arrays and objects may be nested.
    static let depthLimit = 64
    /// Numbers are cut to whole ones and to this size.
    static let numberLimit: Int64 = 1_000_000_000

    let input: [UInt8]
    /// The next byte to read.
    var position = 0
    private var depth = 0
    /// A container was opened and nothing in it was read yet.
    private var isFirst = false
    private var scratch: [UInt8] = []

    init(_ input: [UInt8]) { self.input = input }

    var byte: UInt8? { position < input.count ? input[position] : nil }

    // MARK: - values

    /// What comes next; nothing is consumed but white space.
    mutating func kind() throws(GraphFailure) -> Kind {
        skipSpace()
        switch byte {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"): return .number
        case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number
        case nil: throw failure("the text ends where a value should be")
        default: throw failure("a value should be here")
        }
    }

    mutating func beginObject() throws(GraphFailure) { try open() }

    mutating func beginArray() throws(GraphFailure) { try open() }

    /// The next key of the object, which is valid until the next call; `nil` after the last, when the object is closed.
    mutating func nextKey() throws(GraphFailure) -> ArraySlice<UInt8>? {
        guard try next(before: UInt8(ascii: "}")) else { return nil }
        guard byte == UInt8(ascii: "\"") else { throw failure("a key in quotes should be here") }
        var key = scratch
        scratch = []
        key.removeAll(keepingCapacity: true)
        try readString(into: &key)
        scratch = key
        skipSpace()
        guard byte == UInt8(ascii: ":") else { throw failure("`:` should be here") }
        position += 1
        return scratch[...]
    }

    /// Whether the array has another item; if not, it is closed.
    mutating func nextItem() throws(GraphFailure) -> Bool { try next(before: UInt8(ascii: "]")) }

    mutating func bool() throws(GraphFailure) -> Bool {
        if byte == UInt8(ascii: "t") {
            try expect("true")
            return true
        }
        try expect("false")
        return false
    }

    /// Consumes any value.
    mutating func skip() throws(GraphFailure) {
        // Whether the containers that were opened here are objects; the innermost is the lowest bit.
        var kinds: UInt64 = 0
        var open = 0
        repeat {
            switch try kind() {
            case .object:
                try beginObject()
                kinds = kinds << 1 | 1
                open += 1
            case .array:
                try beginArray()
                kinds <<= 1
                open += 1
            case .string: try skipString()
            case .number: _ = try number()
            case .bool: _ = try bool()
            case .null: try expect("null")
            }
            while open > 0 {
                let hasMore = kinds & 1 == 1 ? try nextKey() != nil : try nextItem()
                if hasMore { break }
                kinds >>= 1
                open -= 1
            }
        } while open > 0
    }

    /// Nothing but white space may follow.
    mutating func finish() throws(GraphFailure) {
        skipSpace()
        if position < input.count { throw failure("nothing should follow the document") }
    }

    // MARK: - parts

    func failure(_ message: Message) -> GraphFailure { GraphFailure("E101", message, at: position) }

    mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func expect(_ literal: StaticString) throws(GraphFailure) {
        let end = position + literal.utf8CodeUnitCount
        guard end <= input.count, input[position..<end].isEqual(to: literal) else { throw failure("this is no value") }
        position = end
    }

    private mutating func open() throws(GraphFailure) {
        guard depth < Self.depthLimit else {
            throw GraphFailure("E102", "values are nested deeper than \(Self.depthLimit)", at: position)
        }
        depth += 1
        position += 1
        isFirst = true
    }

    private mutating func next(before end: UInt8) throws(GraphFailure) -> Bool {
        skipSpace()
        let wasFirst = isFirst
        isFirst = false
        if byte == end {
            position += 1
            depth -= 1
            return false
        }
        guard !wasFirst else { return true }
        guard byte == UInt8(ascii: ",") else {
            throw failure(end == UInt8(ascii: "}") ? "`,` or `}` should be here" : "`,` or `]` should be here")
        }
        position += 1
        skipSpace()
        return true
    }
}
