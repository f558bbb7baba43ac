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

    /// A request is handed around a lot, so a copy of it is one reference.
    private final class Content: Sendable {
        let head: RequestHead
        let body: HTTPBody
        let remoteAddress: SocketAddress
        let isSecure: Bool

        init(_ head: RequestHead, _ body: HTTPBody, _ remoteAddress: SocketAddress, _ isSecure: Bool) {
            (self.head, self.body, self.remoteAddress, self.isSecure) = (head, body, remoteAddress, isSecure)
        }
    }

    private let content: Content

    /// As it came, a token: usually in upper case.
    public var method: String { content.head.method }
    /// Path and query.
    public var target: RequestTarget { content.head.target }
    /// Without the fields that only frame the message on the wire of HTTP/2.
    public var headers: HTTPHeaders { content.head.headers }
    /// Read it once.
    public var body: HTTPBody { content.body }
    /// The other side of the connection, which may be a proxy.
    public var remoteAddress: SocketAddress { content.remoteAddress }
    /// It came over TLS that ends here.
    public var isSecure: Bool { content.isSecure }
    /// How it came.
    public var version: Version { content.head.version }
    /// What the client called this server (`Host`, `:authority` or the target); `nil` only for HTTP/1.0.
    public var authority: String? { content.head.authority }

    /// The decoded parts of the path between slashes.
    public var path: [String] { content.head.target.path }

    /// The value of the first header with that name (any case).
    public func header(_ name: String) -> String? { content.head.headers[name] }

    /// The value of the first query item with that name.
    public func query(_ name: String) -> String? { content.head.target.query(name) }

    init(
        head: RequestHead,
        body: HTTPBody,
        remoteAddress: SocketAddress,
        isSecure: Bool
    ) {
        content = Content(head, body, remoteAddress, isSecure)
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
