// Baton
// SPDX-License-Identifier: Apache-2.0

/// A string split into text and the expressions inside `${…}`; nothing is parsed yet.
///
/// `$${` is a literal `${`. The end of an expression is found behind its strings, comments and braces.
public struct TemplateText: Sendable, Equatable {
    /// One part of the string.
    public enum Segment: Sendable, Equatable {
        /// Text as it will appear.
        case text(String)
        /// The text of an expression without the blanks around it, and its UTF-8 byte offset in the string.
        case expression(String, offset: Int)
    }

    /// The parts, in order; no two texts in a row, no empty text.
    public let segments: [Segment]

    /// Splits `text`.
    ///
    /// - Throws: `syntax` when a `${` has no end, or nothing is inside; the offset is the one of `${`.
    public init(_ text: String) throws(CELError) {
        guard text.utf8.contains(UInt8(ascii: "$")) else {
            segments = text.isEmpty ? [] : [.text(text)]
            return
        }
        if let only = Self.onlyExpression(text) {
            segments = [only]
            return
        }
        var scanner = TemplateScanner(bytes: Array(text.utf8))
        segments = try scanner.segments()
    }

    /// What most templates are: one `${…}` with nothing inside that can hide its end.
    private static func onlyExpression(_ text: String) -> Segment? {
        let only = text.utf8.withContiguousStorageIfAvailable { bytes -> Segment? in
            let end = bytes.count - 1
            guard end > 2, bytes[0] == UInt8(ascii: "$"), bytes[1] == UInt8(ascii: "{"),
                bytes[end] == UInt8(ascii: "}"),
                !isBlank(bytes[2]), !isBlank(bytes[end - 1])
            else { return nil }
            for index in 2..<end {
                switch bytes[index] {
                case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "/"), UInt8(ascii: "{"), UInt8(ascii: "}"):
                    return nil
                default: break
                }
            }
            let source = String(decoding: UnsafeBufferPointer(rebasing: bytes[2..<end]), as: UTF8.self)
            return .expression(source, offset: 2)
        }
        return only ?? nil
    }

    fileprivate static func isBlank(_ byte: UInt8) -> Bool { byte == 9 || byte == 10 || byte == 13 || byte == 32 }

    /// Whether any part is an expression.
    public var hasExpressions: Bool {
        segments.contains { if case .expression = $0 { true } else { false } }
    }
}

/// Finds where expressions begin and end.
private struct TemplateScanner {
    let bytes: [UInt8]
    var index = 0

    mutating func segments() throws(CELError) -> [TemplateText.Segment] {
        var segments: [TemplateText.Segment] = []
        var text: [UInt8] = []
        while index < bytes.count {
            if isAt("$"), isAt("$", 1), isAt("{", 2) {
                text += "${".utf8
                index += 3
            } else if isAt("$"), isAt("{", 1) {
                if !text.isEmpty { segments.append(.text(String(decoding: text, as: UTF8.self))) }
                text = []
                segments.append(try expression())
            } else {
                text.append(bytes[index])
                index += 1
            }
        }
        if !text.isEmpty { segments.append(.text(String(decoding: text, as: UTF8.self))) }
        return segments
    }

    /// Whether this byte stands so far behind the index.
    private func isAt(_ byte: Unicode.Scalar, _ distance: Int = 0) -> Bool {
        index + distance < bytes.count && bytes[index + distance] == UInt8(ascii: byte)
    }

    /// `${` is at the index; afterwards the index is behind the closing brace.
    private mutating func expression() throws(CELError) -> TemplateText.Segment {
        let opening = index
        index += 2
        let start = index
        var depth = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): try skipString(opening)
            case UInt8(ascii: "/") where isAt("/", 1):
                while index < bytes.count, bytes[index] != 10 { index += 1 }
            case UInt8(ascii: "{"):
                depth += 1
                index += 1
            case UInt8(ascii: "}") where depth == 0:
                let end = index
                index += 1
                return try trimmed(start..<end, opening)
            case UInt8(ascii: "}"):
                depth -= 1
                index += 1
            default: index += 1
            }
        }
        throw .syntax("the `${` that starts here has no closing `}`", at: opening)
    }

    private func trimmed(_ range: Range<Int>, _ opening: Int) throws(CELError) -> TemplateText.Segment {
        guard let first = range.first(where: { !TemplateText.isBlank(bytes[$0]) }),
            let last = range.last(where: { !TemplateText.isBlank(bytes[$0]) })
        else { throw .syntax("there is no expression inside `${…}`", at: opening) }
        return .expression(String(decoding: bytes[first...last], as: UTF8.self), offset: first)
    }

    /// A quote is at the index. Raw strings have an `r` right before their quote.
    private mutating func skipString(_ opening: Int) throws(CELError) {
        let quote = bytes[index]
        let isRaw = isRawPrefix(index - 1)
        let isTriple = index + 2 < bytes.count && bytes[index + 1] == quote && bytes[index + 2] == quote
        let start = index
        index += isTriple ? 3 : 1
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), !isRaw {
                index += 2
            } else if bytes[index] == quote, !isTriple || closesTriple(quote) {
                index += isTriple ? 3 : 1
                return
            } else {
                index += 1
            }
        }
        throw .syntax("the string that starts here has no closing quote", at: start)
    }

    private func closesTriple(_ quote: UInt8) -> Bool {
        index + 2 < bytes.count && bytes[index + 1] == quote && bytes[index + 2] == quote
    }

    /// `r`, `R`, `br` and so on, not the last letter of a name.
    private func isRawPrefix(_ place: Int) -> Bool {
        guard bytes[place] == UInt8(ascii: "r") || bytes[place] == UInt8(ascii: "R") else { return false }
        var before = place - 1
        if bytes[before] == UInt8(ascii: "b") || bytes[before] == UInt8(ascii: "B") { before -= 1 }
        return !bytes[before].isIdentifierStart && !bytes[before].isDigit
    }
}
