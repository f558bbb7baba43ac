// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTP

/// The address of a server, as people write it, in one normal form.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    /// Scheme, host and port, and a path if there is one; without a slash at the end.
    public let text: String
    /// What is sent cannot be read on the way: it is encrypted or stays on this machine.
    public let isPrivate: Bool

    /// - Parameter text: `https://baton.example.org`, `localhost:7420`, …; without a scheme `http` is meant for this
    ///   machine and `https` for others.
    /// - Throws: `invalid`.
    public init(_ text: String) throws(ClientError) {
        let scheme = text.contains("://") ? "" : Self.isLocal(text) ? "http://" : "https://"
        guard let url = try? HTTPURL(scheme + text), !url.target.contains("?") else {
            throw ClientError(.invalid, "`\(text)` is no address of a server; one is http://127.0.0.1:7420")
        }
        var whole = url.description
        while whole.hasSuffix("/") { whole.removeLast() }
        self.text = whole
        isPrivate = url.scheme == "https" || Self.isLocal(url.bracketedHost)
    }

    private static func isLocal(_ text: String) -> Bool {
        let host = text.hasPrefix("[") ? text.prefix { $0 != "]" }.dropFirst() : text.prefix { $0 != ":" && $0 != "/" }
        return ["localhost", "::1", "0:0:0:0:0:0:0:1"].contains(host) || host.hasPrefix("127.")
    }

    /// The text.
    public var description: String { text }
}
