// Baton
// SPDX-License-Identifier: Apache-2.0

/// URIs (RFC 3986), IRIs (RFC 3987) and templates of them (RFC 6570).
enum URIFormats {
    static func isURI(_ text: String, isInternational: Bool) -> Bool {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), isScheme(text.utf8[..<colon]) else {
            return false
        }
        return isHierarchy(text.utf8[text.utf8.index(after: colon)...], isInternational)
    }

    static func isReference(_ text: String, isInternational: Bool) -> Bool {
        if isURI(text, isInternational: isInternational) { return true }
        // A colon in the first segment would make what is before it a scheme.
        let segment = text.utf8.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return !segment.contains(UInt8(ascii: ":")) && isHierarchy(text.utf8[...], isInternational)
    }

    private static func isScheme(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, 97...122 ~= first | 0x20 else { return false }
        return bytes.allSatisfy { TextFormats.isLetterOrDigit($0) || "+-.".utf8.contains($0) }
    }

    /// Everything behind the scheme.
    private static func isHierarchy(_ bytes: Substring.UTF8View, _ isInternational: Bool) -> Bool {
        var rest = bytes
        var fragment: Substring.UTF8View?
        var query: Substring.UTF8View?
        if let hash = rest.firstIndex(of: UInt8(ascii: "#")) {
            fragment = rest[rest.index(after: hash)...]
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        if rest.starts(with: "//".utf8) {
            let start = rest.dropFirst(2)
            let authority = start.prefix { $0 != UInt8(ascii: "/") }
            guard isAuthority(authority, isInternational) else { return false }
            rest = start.dropFirst(authority.count)
        }
        return hasOnly(":@/", rest, isInternational)
            && query.map { hasOnly(":@/?", $0, isInternational, allowsPrivate: true) } ?? true
            && fragment.map { hasOnly(":@/?", $0, isInternational) } ?? true
    }

    private static func isAuthority(_ authority: Substring.UTF8View, _ isInternational: Bool) -> Bool {
        var host = authority
        if let at = host.lastIndex(of: UInt8(ascii: "@")) {
            guard hasOnly(":", host[..<at], isInternational) else { return false }
            host = host[host.index(after: at)...]
        }
        if host.first == UInt8(ascii: "[") {
            guard let end = host.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let literal = String(Substring(host[host.index(after: host.startIndex)..<end]))
            return (HostFormats.isIPv6(literal) || isFutureAddress(literal)) && isPort(host[host.index(after: end)...])
        }
        let name = host.prefix { $0 != UInt8(ascii: ":") }
        return hasOnly("", name, isInternational) && isPort(host.dropFirst(name.count))
    }

    private static func isPort(_ bytes: Substring.UTF8View) -> Bool {
        bytes.isEmpty || bytes.first == UInt8(ascii: ":") && bytes.dropFirst().allSatisfy { 48...57 ~= $0 }
    }

    private static func isFutureAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let mark = parts[0].first, mark | 0x20 == UInt8(ascii: "v") else { return false }
        return parts[0].count > 1 && parts[0].dropFirst().allSatisfy(TextFormats.isHexDigit) && !parts[1].isEmpty
            && hasOnly(":", parts[1], false) && !parts[1].contains(UInt8(ascii: "%"))
    }

    /// Whether there are only unreserved characters, escapes, sub-delimiters and the ones given.
    private static func hasOnly(
        _ more: String,
        _ bytes: Substring.UTF8View,
        _ isInternational: Bool,
        allowsPrivate: Bool = false
    ) -> Bool {
        var rest = bytes
        var hasOthers = false
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard isEscape(rest) else { return false }
                rest = rest.dropFirst(2)
            } else if byte >= 0x80 {
                hasOthers = true
            } else if !TextFormats.isLetterOrDigit(byte), !"-._~!$&'()*+,;=".utf8.contains(byte),
                !more.utf8.contains(byte)
            {
                return false
            }
        }
        guard hasOthers else { return true }
        return isInternational
            && Substring(bytes).unicodeScalars.allSatisfy { $0.isASCII || isForeign($0, allowsPrivate) }
    }

    private static func isEscape(_ rest: Substring.UTF8View) -> Bool {
        rest.count >= 2 && rest.prefix(2).allSatisfy(TextFormats.isHexDigit)
    }

    /// `ucschar` and, in queries, `iprivate`.
    private static func isForeign(_ scalar: Unicode.Scalar, _ allowsPrivate: Bool) -> Bool {
        switch scalar.value {
        case 0xA0...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFEF: true
        case 0xE000...0xF8FF, 0xF_0000...0xF_FFFD, 0x10_0000...0x10_FFFD: allowsPrivate
        case 0xE_0000...0xE_0FFF: false
        default: scalar.value >= 0x1_0000 && scalar.value & 0xFFFF < 0xFFFE
        }
    }
}

// Templates.
extension URIFormats {
    static func isTemplate(_ text: String) -> Bool {
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "{"):
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")), isExpression(rest[..<end]) else { return false }
                rest = rest[rest.index(after: end)...]
            case UInt8(ascii: "%"): guard isEscape(rest) else { return false }
            case 0...0x20, 0x7F, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
                UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "}"):
                return false
            default: break
            }
        }
        return text.unicodeScalars.allSatisfy { $0.isASCII || isForeign($0, true) }
    }

    private static func isExpression(_ bytes: Substring.UTF8View) -> Bool {
        var rest = bytes
        if let first = rest.first, "+#./;?&=,!@|".utf8.contains(first) { rest = rest.dropFirst() }
        return rest.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).allSatisfy(isVariable)
    }

    private static func isVariable(_ bytes: Substring.UTF8View) -> Bool {
        var name = bytes
        if name.last == UInt8(ascii: "*") {
            name = name.dropLast()
        } else if let colon = name.firstIndex(of: UInt8(ascii: ":")) {
            let length = name[name.index(after: colon)...]
            guard 1...4 ~= length.count, length.first != UInt8(ascii: "0"), length.allSatisfy({ 48...57 ~= $0 }) else {
                return false
            }
            name = name[..<colon]
        }
        return name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isName)
    }

    private static func isName(_ bytes: Substring.UTF8View) -> Bool {
        var rest = bytes
        guard !rest.isEmpty else { return false }
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard isEscape(rest) else { return false }
                rest = rest.dropFirst(2)
            } else if !TextFormats.isLetterOrDigit(byte), byte != UInt8(ascii: "_") {
                return false
            }
        }
        return true
    }
}
