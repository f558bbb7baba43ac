// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// The API of a Baton server, for programs.
///
/// Values are the JSON of the API. Nothing that changes something is sent again by itself.
public struct APIClient: Sendable {
    /// The largest page of a list.
    public static let pageLimit = 500

    /// How requests get there.
    public let transport: any APITransport

    /// A client of the server that the transport leads to.
    public init(_ transport: any APITransport) { self.transport = transport }

    /// A client of a server.
    ///
    /// - Parameter tokens: Shows who asks.
    /// - Throws: `invalid` when that is no address of a server.
    public init(server: String, tokens: any AccessTokens = FixedToken(nil)) throws(ClientError) {
        transport = try HTTPTransport(server: server, tokens: tokens)
    }

    /// Sends a request.
    ///
    /// - Throws: `problem` when the answer is not 2xx.
    public func send(_ request: APIRequest) async throws(ClientError) -> APIResponse {
        try await transport.send(request).accepted()
    }

    /// Reads something.
    public func get(_ path: String, _ query: [(name: String, value: String)] = []) async throws(ClientError)
        -> JSONValue
    {
        try await send(APIRequest("GET", path, query: query)).json()
    }

    /// Tells the server something, under an idempotency key of its own.
    public func post(
        _ path: String,
        _ body: JSONValue = [:],
        query: [(name: String, value: String)] = []
    ) async throws(ClientError) -> JSONValue {
        var request = APIRequest("POST", path, query: query, json: body)
        request.headers.append(("idempotency-key", Self.makeKey()))
        return try await send(request).json()
    }

    /// Reads a list to its end, or to that many items. Pages may be short, or empty, where the server looked at many rows for
    /// few that fit.
    public func list(
        _ path: String,
        _ query: [(name: String, value: String)] = [],
        limit: Int
    ) async throws(ClientError) -> [JSONValue] {
        var (items, cursor): ([JSONValue], String?) = ([], nil)
        repeat {
            var query = query
            query.append(("limit", String(min(limit - items.count, Self.pageLimit))))
            if let cursor { query.append(("cursor", cursor)) }
            let page = try await get(path, query)
            guard let more = page["items"]?.arrayValue else {
                throw ClientError(.invalidAnswer, "the answer to GET \(path) is no list")
            }
            items += more
            cursor = page["next_cursor"]?.stringValue
        } while cursor != nil && items.count < limit
        return Array(items.prefix(limit))
    }

    /// The events after that number, or from now on.
    public func events(
        _ filter: EventSubscription.Filter = .init(),
        after last: Int64? = nil
    ) -> EventSubscription {
        EventSubscription(self, filter, after: last)
    }

    /// A key that no other request has.
    public static func makeKey() -> String {
        let words = [UInt64.random(in: .min ... .max), .random(in: .min ... .max)]
        return words.map { String($0, radix: 36) }.joined(separator: "-")
    }
}
