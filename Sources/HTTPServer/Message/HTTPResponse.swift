// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a handler answers.
public struct HTTPResponse: Sendable {
    /// What follows the head.
    public enum Body: Sendable {
        /// Nothing.
        case none
        /// Bytes that are there.
        case bytes([UInt8])
        /// Bytes that are made while they are sent.
        case stream(ResponseStream)
        /// A part of a file.
        case file(FileRange)
        /// The connection becomes a WebSocket.
        case webSocket(WebSocketUpgrade)
    }

    /// 200–599.
    public var status: Int
    /// Without those that frame the message (`content-length`, `transfer-encoding`, `connection`…), which the server
    /// sets itself; the ones given are dropped.
    public var headers: HTTPHeaders
    /// Sent besides, the fields of ``headers`` first. Checked and encoded once for all answers that have them.
    public var commonHeaders: CommonHeaders?
    /// What follows the head.
    public var body: Body

    /// An answer as it is.
    public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Bytes with a type.
    public static func bytes(
        _ bytes: [UInt8],
        type: String,
        status: Int = 200,
        headers: HTTPHeaders = HTTPHeaders()
    ) -> Self {
        var headers = headers
        headers["content-type"] = type
        return Self(status: status, headers: headers, body: .bytes(bytes))
    }

    /// JSON that is encoded already.
    public static func json(_ bytes: [UInt8], status: Int = 200, headers: HTTPHeaders = HTTPHeaders()) -> Self {
        .bytes(bytes, type: "application/json", status: status, headers: headers)
    }

    /// Plain text.
    public static func text(_ text: String, status: Int = 200) -> Self {
        .bytes(Array(text.utf8), type: "text/plain; charset=utf-8", status: status)
    }

    /// Bytes that are made while they are sent.
    ///
    /// - Parameters:
    ///   - length: How many come, if that is known; another number breaks the connection off.
    ///   - produce: Runs in the task of the handler, after it returned. Ends the body by returning; by throwing it breaks
    ///     off, which the client sees.
    public static func stream(
        status: Int = 200,
        headers: HTTPHeaders = HTTPHeaders(),
        length: Int? = nil,
        produce: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) -> Self {
        Self(status: status, headers: headers, body: .stream(ResponseStream(length: length, produce: produce)))
    }

    /// A problem (RFC 9457) as the server itself answers it.
    ///
    /// - Parameters:
    ///   - code: A stable spelling; ASCII without quotes and backslashes, as `detail`.
    static func problem(status: Int, code: String, detail: String) -> Self {
        let title = StatusLine.reason(status)
        let start = #"{"type":"about:blank","title":"\#(title)","status":\#(status),"#
        let text = start + #""detail":"\#(detail)","code":"\#(code)"}"#
        return .bytes(Array(text.utf8), type: "application/problem+json", status: status)
    }
}

/// A body that is made while it is sent.
public struct ResponseStream: Sendable {
    /// Sent while nothing else is, so that nobody in between takes the connection for dead.
    struct KeepAlive: Sendable {
        let interval: Duration
        let bytes: [UInt8]
    }

    let length: Int?
    let produce: @Sendable (ResponseWriter) async throws -> Void
    var keepAlive: KeepAlive?
    /// What the body follows, for those who can without a task; `produce` does the same.
    var followed: (any Followed)?
}

/// Answers requests. Runs in a task of its own on the thread of the connection, which it must not block; cancelled when
/// the client goes away or the server's time to stop is over.
public typealias HTTPHandler = @Sendable (HTTPRequest) async -> HTTPResponse

extension HTTPResponse {
    /// The reason phrase of a status (RFC 9110 15); "Status" for numbers without one.
    public static func reason(of status: Int) -> String { StatusLine.reason(status) }
}
