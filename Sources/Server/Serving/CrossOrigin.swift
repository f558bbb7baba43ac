// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer

/// Which pages of other origins may call the API (`server.cors.origins`, the Fetch standard). Off without origins.
///
/// Such pages show credentials in headers that they set themselves; the cookies of a login are for pages of the server
/// alone, so there is no `Access-Control-Allow-Credentials`.
struct CrossOrigin: Sendable {
    let origins: [String]

    /// The answer to a browser that asks before it sends a request; `nil` when this is none.
    func preflight(_ request: HTTPRequest) -> HTTPResponse? {
        guard request.method == "OPTIONS", !origins.isEmpty, request.header("origin") != nil,
            request.header("access-control-request-method") != nil
        else { return nil }
        var response = HTTPResponse(status: 204)
        response.headers["vary"] = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        guard isAllowed(request) else { return response }
        response.headers["access-control-allow-methods"] = "GET, HEAD, POST, PUT, PATCH, DELETE"
        response.headers["access-control-allow-headers"] =
            "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, If-Range, Last-Event-ID, "
            + "Prefer, Range, X-Request-Id"
        response.headers["access-control-max-age"] = "600"
        return response
    }

    /// Lets the page read the answer.
    func permit(_ request: HTTPRequest, _ response: inout HTTPResponse) {
        guard !origins.isEmpty else { return }
        if !origins.contains("*") { response.headers["vary"] = response.headers["vary"] ?? "Origin" }
        guard isAllowed(request), let origin = request.header("origin") else { return }
        response.headers["access-control-allow-origin"] = origins.contains("*") ? "*" : origin
        response.headers["access-control-expose-headers"] =
            "ETag, Location, Content-Range, Accept-Ranges, Retry-After, RateLimit-Limit, RateLimit-Remaining, "
            + "RateLimit-Reset, X-Request-Id"
    }

    /// Whether pages of the origin that the request names may call the API.
    func isAllowed(_ request: HTTPRequest) -> Bool {
        guard let origin = request.header("origin") else { return false }
        return origins.contains("*") || origins.contains(origin)
    }
}
