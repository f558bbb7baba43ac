// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Reads JSON with the position of every value. What a number or an escape means is left to the JSON module.
struct JSONSourceReader {
    private let text: [UInt8]
    private var offset = 0
    private var builder = SourceTreeBuilder()
    private var line: Int32 = 1
    /// What is taken from an offset for its column: where the line starts and the bytes of it that start no scalar.
    private var columnBase = -1

    /// The tree, and keys that were written twice. The text is valid UTF-8.
    static func read(_ text: [UInt8]) throws(SourceFailure) -> (root: SourceNode, duplicates: [SourceFailure]) {
        var reader = Self(text: text)
        try reader.value()
        reader.skipSpace()
        guard reader.offset == text.count else { throw reader.syntax("expected nothing after the document") }
        guard let root = reader.builder.root else { throw reader.syntax("the document is empty") }
        return (root, reader.builder.duplicates)
    }

    private init(text: [UInt8]) {
        self.text = text
    }

    private mutating func value() throws(SourceFailure) {
        skipSpace()
        switch peek() {
        case UInt8(ascii: "{"): try container(mapping: true, end: UInt8(ascii: "}"))
        case UInt8(ascii: "["): try container(mapping: false, end: UInt8(ascii: "]"))
        case UInt8(ascii: "\""): builder.add(.init(node: try string()))
        case nil: throw syntax("the text ends where a value should be")
        default: builder.add(.init(node: try word()))
        }
    }

    /// Recursion is bounded, since the builder refuses to open more than its limit of levels.
    private mutating func container(mapping: Bool, end: UInt8) throws(SourceFailure) {
        try builder.open(mapping: mapping, at: position)
        offset += 1
        skipSpace()
        if !take(end) {
            repeat {
                if mapping { try key() }
                try value()
                skipSpace()
            } while take(UInt8(ascii: ","))
            guard take(end) else { throw syntax("expected `,` or `\(Unicode.Scalar(end))`") }
        }
        _ = builder.close()
    }

    private mutating func key() throws(SourceFailure) {
        skipSpace()
        guard peek() == UInt8(ascii: "\"") else { throw syntax("expected a key in quotes") }
        let node = try string()
        if case .text(let text) = node.content { builder.setKey(text, at: node.position) }
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw syntax("expected `:` after the key") }
    }

    private mutating func string() throws(SourceFailure) -> SourceNode {
        let start = offset
        let position = position
        var isVerbatim = true
        offset += 1
        while let byte = peek(), byte != UInt8(ascii: "\"") {
            if byte < 0x20 { throw syntax("a control character in text must be escaped") }
            if byte == UInt8(ascii: "\\") {
                isVerbatim = false
                offset += 1
            }
            advance(over: byte)
        }
        guard take(UInt8(ascii: "\"")) else { throw .syntax("the text in quotes has no end", at: position) }
        if isVerbatim {
            // All of the text is known to be UTF-8.
            let content = UTF8Span(unchecked: text.span.extracting(start + 1..<offset - 1))
            return SourceNode(.text(String(copying: content)), at: position, textColumn: position.column + 1)
        }
        return SourceNode(try scalar(from: start, at: position), at: position)
    }

    /// A number, `true`, `false` or `null`.
    private mutating func word() throws(SourceFailure) -> SourceNode {
        let start = offset
        let position = position
        while let byte = peek(), !delimiters.contains(byte) { advance(over: byte) }
        return SourceNode(try scalar(from: start, at: position), at: position)
    }

    private func scalar(from start: Int, at position: SourcePosition) throws(SourceFailure) -> SourceNode.Content {
        do {
            switch try JSONValue(parsing: Array(text[start..<offset])) {
            case .null: return .null
            case .bool(let value): return .bool(value)
            case .int(let value): return .int(value)
            case .double(let value): return .double(value)
            case .string(let value): return .text(value)
            case .array, .object: throw SourceFailure.syntax("expected a value", at: position)
            }
        } catch let error as JSONError {
            let place = SourcePosition(line: position.line, column: position.column + Int32(error.column - 1))
            throw .syntax("not valid JSON: \(error.message)", at: place)
        } catch {
            throw .syntax("expected a value", at: position)
        }
    }

    private func peek() -> UInt8? { offset < text.count ? text[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            if byte == 0x0a {
                line += 1
                columnBase = offset
            }
            offset += 1
        }
    }

    /// Moves over a byte that ends no line.
    private mutating func advance(over byte: UInt8) {
        if byte & 0xc0 == 0x80 { columnBase += 1 }
        offset += 1
    }

    private var position: SourcePosition { SourcePosition(line: line, column: Int32(offset - columnBase)) }

    private mutating func syntax(_ message: String) -> SourceFailure {
        offset = min(offset, text.count)
        return .syntax("not valid JSON: \(message)", at: position)
    }
}

private let delimiters = Set(" \t\r\n,:[]{}\"".utf8)
