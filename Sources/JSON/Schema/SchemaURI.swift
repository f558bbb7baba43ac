// Baton
// SPDX-License-Identifier: Apache-2.0

/// A URI taken apart (RFC 3986, appendix B), as far as references between schemas need it.
struct SchemaURI {
    private var scheme: String?
    private var authority: String?
    private var path: String
    private var query: String?
    /// What is behind `#`, without escapes undone; `nil` when there is no `#`.
    private(set) var fragment: String?

    /// Takes any text.
    init(_ text: String) {
        var rest = Substring(text)
        if let hash = rest.firstIndex(of: "#") {
            fragment = String(rest[rest.index(after: hash)...])
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        if let colon = rest.firstIndex(of: ":"), Self.isScheme(rest[..<colon]) {
            scheme = String(rest[..<colon])
            rest = rest[rest.index(after: colon)...]
        }
        if rest.hasPrefix("//") {
            let start = rest.dropFirst(2)
            let end = start.firstIndex(of: "/") ?? start.endIndex
            authority = String(start[..<end])
            rest = start[end...]
        }
        path = String(rest)
    }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first | 0x20 >= 97, first | 0x20 <= 122 else { return false }
        return text.utf8.allSatisfy { byte in
            97...122 ~= byte | 0x20 || 48...57 ~= byte || byte == 43 || byte == 45 || byte == 46
        }
    }

    /// The text up to `#`.
    var withoutFragment: String {
        var text = scheme.map { "\($0):" } ?? ""
        if let authority { text += "//\(authority)" }
        return text + path + (query.map { "?\($0)" } ?? "")
    }

    /// The fragment with escapes undone; `nil` when they are wrong.
    var decodedFragment: String? {
        var bytes: [UInt8] = []
        var rest = (fragment ?? "").utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let code = UInt8(String(Substring(rest.prefix(2))), radix: 16) else { return nil }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// What the reference means in a schema with the given URI (RFC 3986, section 5.2.2).
    func resolved(against base: SchemaURI) -> SchemaURI {
        var result = self
        if scheme != nil {
            result.path = Self.withoutDots(path)
            return result
        }
        result.scheme = base.scheme
        if authority != nil {
            result.path = Self.withoutDots(path)
            return result
        }
        result.authority = base.authority
        if path.isEmpty {
            result.path = base.path
            result.query = query ?? base.query
        } else {
            result.path = Self.withoutDots(path.hasPrefix("/") ? path : base.merged(path))
        }
        return result
    }

    private func merged(_ other: String) -> String {
        if authority != nil, path.isEmpty { return "/\(other)" }
        guard let slash = path.lastIndex(of: "/") else { return other }
        return path[...slash] + other
    }

    private static func withoutDots(_ path: String) -> String {
        guard path.contains("/.") || path.hasPrefix(".") else { return path }
        var parts: [Substring] = []
        let all = path.split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in all.enumerated() {
            let isLast = index == all.count - 1
            switch part {
            case ".": if isLast { parts.append("") }
            case "..":
                if parts.count > 1 || parts.first.map({ !$0.isEmpty }) ?? false { parts.removeLast() }
                if isLast { parts.append("") }
            default: parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }
}
