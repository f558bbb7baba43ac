// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer

/// Whether a request comes from a page of this server itself (spec 11.7).
///
/// Browsers say where a request comes from in headers that pages cannot set: `Sec-Fetch-Site`, and `Origin` in older
/// ones. What says nothing counts as from elsewhere: programs show their credentials in a header, not in a cookie.
struct SameOrigin: Sendable {
    /// How people reach the server; `nil` when they come as they like.
    let publicURL: String?

    /// Whether a page of this server sent it.
    func sent(_ request: HTTPRequest) -> Bool {
        if let site = request.header("sec-fetch-site") { return site == "same-origin" }
        return request.header("origin").map { isOwn($0, of: request) } ?? false
    }

    /// Whether an origin is this server's, as the client calls it or as the settings do.
    func isOwn(_ origin: String, of request: HTTPRequest) -> Bool {
        if let publicURL, "\(publicURL)/".hasPrefix("\(origin)/") { return true }
        guard let authority = request.authority else { return false }
        return origin == "http://\(authority)" || origin == "https://\(authority)"
    }

    /// Refuses a request that uses or sets cookies and comes from elsewhere.
    func check(_ request: HTTPRequest) throws(Problem) {
        guard sent(request) else {
            throw Problem(
                403,
                "permission.denied",
                "a login in a cookie lets only pages of this server change something; `Sec-Fetch-Site` or `Origin` says whose "
                    + "a request is"
            )
        }
    }
}
