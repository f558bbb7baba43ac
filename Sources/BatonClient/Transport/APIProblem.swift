// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Why a server refused a request: problem details (RFC 9457) with the codes of the API.
public struct APIProblem: Sendable, Equatable {
    /// What is wrong with one part of the request.
    public struct Item: Sendable, Equatable {
        /// JSON Pointer into the body, or the name of a query item or header.
        public let path: String
        /// A stable spelling.
        public let code: String
        /// One sentence.
        public let message: String
    }

    /// The HTTP status.
    public let status: Int
    /// A stable spelling, such as `not_found`; `http` when the answer came of something else than a Baton server.
    public let code: String
    /// One sentence.
    public let detail: String
    /// What is wrong where.
    public let items: [Item]
    /// Names the request in the log of the server.
    public let requestID: String?
    /// When it may be tried again.
    public let retryAfter: Duration?
    /// The whole body; `.null` when it is no JSON.
    public let body: JSONValue

    /// Reads an answer that is not 2xx.
    public init(_ response: APIResponse) {
        status = response.status
        body = (try? JSONValue(parsing: response.body)) ?? .null
        code = body["code"]?.stringValue ?? "http"
        detail = body["detail"]?.stringValue ?? body["title"]?.stringValue ?? "the server answered \(response.status)"
        items = (body["errors"]?.arrayValue ?? []).map { item in
            Item(
                path: item["path"]?.stringValue ?? "",
                code: item["code"]?.stringValue ?? "",
                message: item["message"]?.stringValue ?? ""
            )
        }
        requestID = body["request_id"]?.stringValue ?? response.header("x-request-id")
        retryAfter = response.header("retry-after").flatMap { Int64($0) }.map { .seconds(max(0, $0)) }
    }
}
