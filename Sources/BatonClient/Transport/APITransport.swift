// Baton
// SPDX-License-Identifier: Apache-2.0

/// Brings requests to a server: over a network, or within the process.
public protocol APITransport: Sendable {
    /// Where they go, for messages: a URL.
    var place: String { get }

    /// Sends a request and reads the whole answer, whatever its status.
    func send(_ request: APIRequest) async throws(ClientError) -> APIResponse

    /// Sends a request and gives the answer when its head is there.
    ///
    /// - Parameter silence: The stream fails with `timeout` when nothing came for that long.
    func stream(_ request: APIRequest, silence: Duration) async throws(ClientError) -> any APIStream
}

/// An answer whose body is read while it comes. It ends when the value goes away.
public protocol APIStream: Sendable {
    /// 200–599.
    var status: Int { get }
    /// Names in lower case.
    var headers: [(name: String, value: String)] { get }

    /// What came since the last call, at least one byte; `nil` at the end. One task at a time may read.
    func next() async throws(ClientError) -> [UInt8]?

    /// Ends it.
    func cancel()
}

/// What shows the server who asks.
public protocol AccessTokens: Sendable {
    /// What goes into `Authorization: Bearer`; `nil` when there is nothing to show.
    func current() async throws(ClientError) -> String?

    /// Another one after the server refused that one; `nil` when there is none.
    func next(after refused: String) async throws(ClientError) -> String?
}

/// One that does not change, such as an API key or the token of a data folder.
public struct FixedToken: AccessTokens {
    private let text: String?

    /// - Parameter text: `nil` shows nothing.
    public init(_ text: String?) { self.text = text }

    /// The token.
    public func current() -> String? { text }

    /// There is no other one.
    public func next(after refused: String) -> String? { nil }
}
