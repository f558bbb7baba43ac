// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import Model

/// The login of a browser, in cookies that scripts cannot read and that requests of other sites go without (spec 11.1).
///
/// Over HTTPS the names have prefixes that browsers hold to, so that no other host of the domain can set them.
struct SessionCookies: Sendable {
    /// Where the refresh token is sent at all.
    private static let refreshPath = "/v1/auth"
    private let isSecure: Bool
    let access: String?
    let refresh: String?

    /// Reads the cookies of a request.
    init(_ request: HTTPRequest, publicURL: String?) {
        isSecure = request.isSecure || publicURL?.hasPrefix("https://") ?? false
        var found: [String: String] = [:]
        for field in request.headers.values("cookie") {
            for pair in field.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2 else { continue }
                let name = String(parts[0].trimmedOfBlanks)
                // The first one has the longest path, which is ours.
                if found[name] == nil { found[name] = String(parts[1].trimmedOfBlanks) }
            }
        }
        (access, refresh) = (found[Self.accessName(isSecure)], found[Self.refreshName(isSecure)])
    }

    private static func accessName(_ isSecure: Bool) -> String { isSecure ? "__Host-baton_access" : "baton_access" }
    private static func refreshName(_ isSecure: Bool) -> String {
        isSecure ? "__Secure-baton_refresh" : "baton_refresh"
    }

    /// Gives the browser a login.
    func set(_ login: Login, at now: Timestamp, in response: inout HTTPResponse) {
        let accessSpan = (login.accessExpiresAt - now).milliseconds / 1000
        let refreshSpan = (login.refreshExpiresAt - now).milliseconds / 1000
        response.headers.add("set-cookie", cookie(Self.accessName(isSecure), login.accessToken, "/", accessSpan))
        response.headers.add(
            "set-cookie",
            cookie(Self.refreshName(isSecure), login.refreshToken, Self.refreshPath, refreshSpan)
        )
    }

    /// Takes it away.
    func clear(in response: inout HTTPResponse) {
        response.headers.add("set-cookie", cookie(Self.accessName(isSecure), "", "/", 0))
        response.headers.add("set-cookie", cookie(Self.refreshName(isSecure), "", Self.refreshPath, 0))
    }

    private func cookie(_ name: String, _ value: String, _ path: String, _ seconds: Int64) -> String {
        "\(name)=\(value); Path=\(path); Max-Age=\(max(0, seconds)); HttpOnly; SameSite=Strict"
            + (isSecure ? "; Secure" : "")
    }
}
