// Baton
// SPDX-License-Identifier: Apache-2.0

/// A place in a JSON value (RFC 6901): `/jobs/0/name`; the empty text is the whole value.
public struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    /// A text that is not a pointer.
    public struct SyntaxError: Error, Sendable, CustomStringConvertible {
        /// What is wrong.
        public let message: String
        /// What is wrong.
        public var description: String { message }
    }

    /// The names and positions on the way, without escapes.
    public private(set) var tokens: [String]

    /// The whole value.
    public static let root = JSONPointer(tokens: [])

    /// A pointer of these names and positions.
    public init(tokens: [String]) { self.tokens = tokens }

    /// Reads the text form, in which `~1` stands for `/` and `~0` for `~`.
    public init(_ text: String) throws(SyntaxError) {
        tokens = []
        guard !text.isEmpty else { return }
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw SyntaxError(message: "a JSON Pointer must be empty or start with \"/\", \(text) does not")
        }
        for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            tokens.append(try Self.unescape(Substring(part)))
        }
    }

    /// The place one step further, at a member.
    public func appending(_ name: String) -> JSONPointer { JSONPointer(tokens: tokens + [name]) }

    /// The place one step further, at an element.
    public func appending(_ index: Int) -> JSONPointer { appending(String(index)) }

    /// Whether the other place is this one or one inside of it.
    func isPrefix(of other: JSONPointer) -> Bool {
        tokens.count <= other.tokens.count && zip(tokens, other.tokens).allSatisfy { $0.hasSameBytes(as: $1) }
    }

    /// The text form.
    public var description: String { tokens.map { "/\(Self.escape($0))" }.joined() }

    /// The position that a token names: digits without leading zeros; `nil` when it names none.
    static func index(_ token: String) -> Int? {
        guard let first = token.utf8.first, first != UInt8(ascii: "0") || token.utf8.count == 1 else { return nil }
        guard token.utf8.count <= 18 else { return nil }
        var index = 0
        for byte in token.utf8 {
            guard case UInt8(ascii: "0")...UInt8(ascii: "9") = byte else { return nil }
            index = index * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return index
    }

    private static func unescape(_ part: Substring) throws(SyntaxError) -> String {
        var bytes: [UInt8] = []
        var isEscape = false
        for byte in part.utf8 {
            switch (isEscape, byte) {
            case (false, UInt8(ascii: "~")): isEscape = true
            case (false, _): bytes.append(byte)
            case (true, UInt8(ascii: "0")): bytes.append(UInt8(ascii: "~"))
            case (true, UInt8(ascii: "1")): bytes.append(UInt8(ascii: "/"))
            default: throw badEscape(part)
            }
            if byte != UInt8(ascii: "~") { isEscape = false }
        }
        if isEscape { throw badEscape(part) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func badEscape(_ part: Substring) -> SyntaxError {
        SyntaxError(message: "in a JSON Pointer \"~\" must be followed by 0 or 1, in \"\(part)\" it is not")
    }

    private static func escape(_ token: String) -> String {
        var bytes: [UInt8] = []
        for byte in token.utf8 {
            switch byte {
            case UInt8(ascii: "~"): bytes += [UInt8(ascii: "~"), UInt8(ascii: "0")]
            case UInt8(ascii: "/"): bytes += [UInt8(ascii: "~"), UInt8(ascii: "1")]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONValue {
    /// The value at a place; `nil` when there is none. Elements are named by their position without leading zeros; `-`,
    /// the place after the last element, is never there.
    public subscript(pointer: JSONPointer) -> JSONValue? {
        var current = self
        for token in pointer.tokens {
            guard let next = current.step(token) else { return nil }
            current = next
        }
        return current
    }

    private func step(_ token: String) -> JSONValue? {
        switch self {
        case .object(let object): return object[token]
        case .array:
            return JSONPointer.index(token).flatMap { self[$0] }
        default: return nil
        }
    }
}
