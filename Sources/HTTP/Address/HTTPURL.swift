// Baton
// SPDX-License-Identifier: Apache-2.0

/// An absolute `http` or `https` URL, taken apart strictly: what two parsers could read differently is refused.
public struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    /// Why a text is no URL for us; `rule` is the short name that refusals show.
    public struct Invalid: Error, Equatable {
        /// For example `scheme` or `user info`.
        public let rule: String
        /// One sentence for people.
        public let message: String
    }

    /// `http` or `https`.
    public let scheme: String
    /// In lower case, without brackets and without a final dot. An address in any spelling is in its normal form.
    public let host: String
    /// The address, if the host is one.
    public let address: IPAddress?
    /// From 1; the scheme's own port if the text has none.
    public let port: Int
    /// Path and query, at least `/`; without the fragment.
    public let target: String

    /// Takes a URL of at most 8 KiB apart.
    public init(_ text: String) throws(Invalid) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 8192 else { throw Invalid(rule: "length", message: "a URL has at most 8192 bytes") }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }) else {
            throw Invalid(
                rule: "characters",
                message: "a URL has no spaces, controls, backslashes or non-ASCII letters"
            )
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else {
            throw Invalid(rule: "scheme", message: "the URL does not begin with http:// or https://")
        }
        scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw Invalid(rule: "scheme", message: "only http and https are allowed, not \(scheme)")
        }
        let rest = bytes[(colon + 3)...]
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let authority = rest[..<(end ?? rest.endIndex)]
        guard !authority.contains(UInt8(ascii: "@")) else {
            throw Invalid(rule: "user info", message: "a URL may not carry a user name or password")
        }
        let (name, portText) = try Self.split(authority)
        (host, address) = try Self.normal(name)
        port = try Self.port(portText, scheme)
        let tail = rest[(end ?? rest.endIndex)...].prefix { $0 != UInt8(ascii: "#") }
        let path = String(decoding: tail, as: UTF8.self)
        target = path.hasPrefix("/") ? path : "/" + path
    }

    /// The host as a URL writes it: IPv6 in brackets.
    public var bracketedHost: String {
        if case .v6 = address { "[\(host)]" } else { host }
    }

    /// Host and port, the port always written.
    public var authority: String { "\(bracketedHost):\(port)" }

    /// The normal form of the whole URL.
    public var description: String {
        let isUsual = port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(bracketedHost)\(isUsual ? "" : ":\(port)")\(target)"
    }

    /// Scheme, host and port are the same, so credentials may be sent on.
    public func hasSameOrigin(as other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// The URL that `reference` means on this page (RFC 3986, section 5.2).
    public func resolving(_ reference: String) throws(Invalid) -> HTTPURL {
        let plain = String(reference.prefix { $0 != "#" })
        if plain.isEmpty { return self }
        if let colon = plain.firstIndex(of: ":"), !plain[..<colon].contains(where: { "/?#".contains($0) }) {
            return try HTTPURL(plain)
        }
        let root = "\(scheme)://\(authority)"
        if plain.hasPrefix("//") { return try HTTPURL("\(scheme):\(plain)") }
        if plain.hasPrefix("/") { return try HTTPURL(root + plain) }
        let path = String(target.prefix { $0 != "?" })
        if plain.hasPrefix("?") { return try HTTPURL(root + path + plain) }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "/"
        return try HTTPURL(root + Self.withoutDots(folder + plain))
    }

    private static func split(_ authority: ArraySlice<UInt8>) throws(Invalid) -> (String, String?) {
        let text = String(decoding: authority, as: UTF8.self)
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else {
                throw Invalid(rule: "host", message: "the bracket of an IPv6 address is not closed")
            }
            let after = text[text.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else {
                throw Invalid(rule: "host", message: "nothing but a port may follow an IPv6 address")
            }
            return (String(text[...close]), after.isEmpty ? nil : String(after.dropFirst()))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw Invalid(rule: "host", message: "an IPv6 address needs brackets") }
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
    }

    private static func normal(_ name: String) throws(Invalid) -> (String, IPAddress?) {
        if name.hasPrefix("[") {
            guard let address = IPAddress(String(name.dropFirst().dropLast())), case .v6 = address else {
                throw Invalid(rule: "host", message: "\(name) is no IPv6 address")
            }
            return (address.description, address)
        }
        var host = name.lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        guard isHostName(host) else { throw Invalid(rule: "host", message: "\"\(name)\" is no host name") }
        if let address = IPAddress(host) { return (address.description, address) }
        // A last label that is a number makes other parsers read an address; it is no name of the DNS.
        if let last = host.split(separator: ".").last?.utf8.first, last >= 48, last <= 57,
            let label = host.split(separator: ".").last,
            label.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) || label.hasPrefix("0x")
        {
            throw Invalid(rule: "host", message: "\"\(name)\" looks like an address but is none")
        }
        return (host, nil)
    }

    private static func isHostName(_ host: String) -> Bool {
        let isPlain = host.utf8.allSatisfy { byte in
            (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || byte == 45 || byte == 46 || byte == 95
        }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        return isPlain && host.utf8.count <= 253 && labels.allSatisfy { !$0.isEmpty && $0.utf8.count <= 63 }
    }

    private static func port(_ text: String?, _ scheme: String) throws(Invalid) -> Int {
        guard let text, !text.isEmpty else { return scheme == "https" ? 443 : 80 }
        guard text.utf8.count <= 5, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let port = Int(text),
            (1...65535).contains(port)
        else { throw Invalid(rule: "port", message: "\"\(text)\" is no port from 1 to 65535") }
        return port
    }

    /// Removes `.` and `..` (RFC 3986, section 5.2.4) from a path that may have a query.
    private static func withoutDots(_ target: String) -> String {
        let path = target.prefix { $0 != "?" }
        var parts: [Substring] = []
        let all = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, part) in all.enumerated() {
            let isLast = index == all.count - 1
            if part == ".." { _ = parts.popLast() }
            if part == "." || part == ".." {
                if isLast { parts.append("") }
            } else {
                parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/") + target.dropFirst(path.count)
    }
}
