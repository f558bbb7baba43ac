// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a request is about: path and query, read strictly.
public struct RequestTarget: Sendable, Hashable {
    /// A name and a value of the query.
    public struct QueryItem: Sendable, Hashable {
        /// Decoded.
        public let name: String
        /// Decoded; empty without an equals sign.
        public let value: String
    }

    /// As it came: `/a%20b?c=d`, `http://host/a` or `*`.
    public let raw: String
    /// The decoded parts of the path between slashes: none for `/`, and an empty last one for a slash at the end. Never
    /// `.` or `..`, and never with a NUL; a part may hold a slash that was encoded.
    public let path: [String]
    /// The decoded items of the query in order.
    public let query: [QueryItem]
    /// The host of a target in absolute form.
    let authority: String?

    /// The path as it came, without the query: `/a%20b`.
    public var rawPath: Substring {
        raw.prefix { $0 != "?" }
    }

    /// The path with its parts decoded: `/a b`; ambiguous where a part holds a slash.
    public var decodedPath: String {
        let isPlain = raw.utf8.first == 0x2f && !raw.utf8.contains { $0 == 0x3f || $0 == 0x25 }
        return isPlain ? raw : "/" + path.joined(separator: "/")
    }

    /// The value of the first query item with that name.
    public func query(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// Reads origin form, absolute form and `*` (RFC 9112 3.2).
    ///
    /// - Throws: a defect for characters that must be encoded, broken encodings, text that is not UTF-8, and `.` or
    ///   `..` as a part of the path.
    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(RequestDefect) {
        guard !bytes.isEmpty, bytes.allSatisfy(Characters.isInTarget) else {
            throw .malformed("The request target has a character that must be encoded.")
        }
        raw = String(decoding: bytes, as: UTF8.self)
        if bytes.count == 1, bytes[0] == UInt8(ascii: "*") {
            (path, query, authority) = ([], [], nil)
            return
        }
        var rest = bytes[...]
        var authority: String?
        if bytes[0] != UInt8(ascii: "/") {
            guard let start = Self.skipScheme(bytes) else {
                throw .malformed("The request target is neither a path nor a URL.")
            }
            let isEnd: (UInt8) -> Bool = { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
            let end = bytes[start...].firstIndex(where: isEnd) ?? bytes.endIndex
            guard end > start else { throw .malformed("The request target has no host.") }
            authority = String(decoding: bytes[start..<end], as: UTF8.self)
            rest = bytes[end...]
        }
        self.authority = authority
        let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        path = try Self.readPath(rest[..<mark])
        query = mark < rest.endIndex ? try Self.readQuery(rest[(mark + 1)...]) : []
    }

    /// Reads the same from text.
    init(_ text: String) throws(RequestDefect) {
        var text = text
        let result: Result<RequestTarget, RequestDefect> = text.withUTF8 { bytes in
            do throws(RequestDefect) { return .success(try RequestTarget(bytes)) } catch { return .failure(error) }
        }
        self = try result.get()
    }

    private static func skipScheme(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        for scheme in ["http://", "https://"] {
            let count = scheme.utf8.count
            if bytes.count > count, bytes[..<count].lazy.map(Characters.lowercase).elementsEqual(scheme.utf8) {
                return count
            }
        }
        return nil
    }

    private static func readPath(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) throws(RequestDefect) -> [String] {
        guard bytes.count > 1 else { return [] }
        var parts: [String] = []
        var start = bytes.startIndex + 1
        while start <= bytes.endIndex {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
            let part = try decode(bytes[start..<end], plusIsSpace: false)
            guard part != ".", part != ".." else { throw .malformed("The path has a part that is . or .. .") }
            parts.append(part)
            start = end + 1
        }
        return parts
    }

    private static func readQuery(
        _ bytes: Slice<UnsafeBufferPointer<UInt8>>
    ) throws(RequestDefect) -> [QueryItem] {
        var items: [QueryItem] = []
        for part in bytes.split(separator: UInt8(ascii: "&")) {
            guard items.count < 1_000 else { throw .malformed("The query has more than 1000 items.") }
            let sign = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = sign < part.endIndex ? try decode(part[(sign + 1)...], plusIsSpace: true) : ""
            items.append(QueryItem(name: try decode(part[..<sign], plusIsSpace: true), value: value))
        }
        return items
    }

    private static func decode(
        _ bytes: Slice<UnsafeBufferPointer<UInt8>>,
        plusIsSpace: Bool
    ) throws(RequestDefect) -> String {
        let percent = UInt8(ascii: "%")
        let plus = UInt8(ascii: "+")
        guard bytes.contains(where: { $0 == percent || $0 == plus && plusIsSpace }) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            guard byte == percent else {
                decoded.append(byte == plus && plusIsSpace ? Characters.space : byte)
                continue
            }
            guard index + 1 < bytes.endIndex, let high = Characters.hexValue(bytes[index]),
                let low = Characters.hexValue(bytes[index + 1])
            else { throw .malformed("The request target has a percent sign without two hexadecimal digits.") }
            decoded.append(high << 4 | low)
            index += 2
        }
        guard !decoded.contains(0), let text = String(validating: decoded, as: UTF8.self) else {
            throw .malformed("The request target decodes to a NUL or to something that is not UTF-8.")
        }
        return text
    }
}
