// Baton
// SPDX-License-Identifier: Apache-2.0

public import Reactor

/// What a client asks.
public struct HTTPRequest: Sendable {
    /// How it came.
    public enum Version: String, Sendable, Hashable {
        /// HTTP/1.0.
        case http1_0 = "HTTP/1.0"
        /// HTTP/1.1.
        case http1_1 = "HTTP/1.1"
        /// HTTP/2.
        case http2 = "HTTP/2"
    }

    /// As it came, a token: usually in upper case.
    public let method: String
    /// Path and query.
    public let target: RequestTarget
    /// Without the fields that only frame the message on the wire of HTTP/2.
    public let headers: HTTPHeaders
    /// Read it once.
    public let body: HTTPBody
    /// The other side of the connection, which may be a proxy.
    public let remoteAddress: SocketAddress
    /// It came over TLS that ends here.
    public let isSecure: Bool
    /// How it came.
    public let version: Version
    /// What the client called this server (`Host`, `:authority` or the target); `nil` only for HTTP/1.0.
    public let authority: String?

    /// The decoded parts of the path between slashes.
    public var path: [String] { target.path }

    /// The value of the first header with that name (any case).
    public func header(_ name: String) -> String? { headers[name] }

    /// The value of the first query item with that name.
    public func query(_ name: String) -> String? { target.query(name) }

    init(
        head: RequestHead,
        body: HTTPBody,
        remoteAddress: SocketAddress,
        isSecure: Bool
    ) {
        method = head.method
        target = head.target
        headers = head.headers
        version = head.version
        authority = head.authority
        self.body = body
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
    }
}

/// A request without its body.
struct RequestHead: Sendable, Equatable {
    var method: String
    var target: RequestTarget
    var version: HTTPRequest.Version
    var headers: HTTPHeaders
    var authority: String?
}
