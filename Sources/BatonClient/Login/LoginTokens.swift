// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// What a login gives out.
public struct LoginTokens: Sendable, Equatable {
    /// For requests; short-lived.
    public var access: String
    /// When it ends, by this machine's clock.
    public var expiresAt: Timestamp
    /// To be exchanged for the next pair, once.
    public var refresh: String

    /// Puts tokens together.
    public init(access: String, expiresAt: Timestamp, refresh: String) {
        (self.access, self.expiresAt, self.refresh) = (access, expiresAt, refresh)
    }

    /// Reads `{access_token, expires_in, refresh_token}`; `expires_in` in seconds.
    public init(json: JSONValue, now: Timestamp) throws(ClientError) {
        guard let access = json["access_token"]?.stringValue, let refresh = json["refresh_token"]?.stringValue,
            let seconds = json["expires_in"]?.intValue
        else { throw ClientError(.invalidAnswer, "the answer to the login holds no tokens") }
        self.init(access: access, expiresAt: now + .seconds(seconds), refresh: refresh)
    }
}

extension APIClient {
    /// Logs in with a password.
    ///
    /// - Returns: The tokens, and who it is: `{id, email, name, role}`.
    /// - Throws: `problem` with `auth.required` when address or password are wrong, `auth.locked` after too many attempts.
    public func logIn(
        email: String,
        password: String,
        now: Timestamp
    ) async throws(ClientError) -> (tokens: LoginTokens, user: JSONValue) {
        let answer = try await askPublicly("/v1/auth/login", ["email": .string(email), "password": .string(password)])
        return (try LoginTokens(json: answer, now: now), answer["user"] ?? .null)
    }

    /// Exchanges a refresh token, once: the old one is worth nothing afterwards.
    ///
    /// - Throws: `problem` with `auth.required` when the login has ended.
    public func refresh(_ token: String, now: Timestamp) async throws(ClientError) -> LoginTokens {
        let answer = try await askPublicly("/v1/auth/refresh", ["refresh_token": .string(token)])
        return try LoginTokens(json: answer, now: now)
    }

    /// Not sent again by itself: a refresh token that is used twice ends the login.
    private func askPublicly(_ path: String, _ body: JSONValue) async throws(ClientError) -> JSONValue {
        var request = APIRequest("POST", path, json: body)
        request.isPublic = true
        return try await send(request).json()
    }
}
