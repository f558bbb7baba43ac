// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
public import Identity
public import JSON
internal import Model
internal import RateLimits
internal import Store

/// Logins and one's own profile (spec 11.1).
struct AccountRoutes: Sendable {
    let service: Service
    var publicURL: String?

    private static let email = Shape.text(3...254, pattern: "^[!-?A-~]+@[!-?A-~]+$").example("ada@example.org")
    private static let password = Shape.text(12...1024)

    var routes: [Route] {
        [
            Route(
                "POST",
                "/v1/auth/register",
                Contract(
                    "register",
                    "Makes an account; the first one is the administrator's, later ones need open registration.",
                    .accounts,
                    .everyone,
                    body: .json(
                        .object(
                            .required("email", Self.email),
                            .required("name", .text(1...200)),
                            .required("password", Self.password, "At least 12 characters.")
                        )
                    ),
                    kind: .register,
                    Contract.Answer(201, "The account.", .named("User")),
                    .problem(403, "Registration is closed."),
                    .problem(409, "The address is taken.")
                ).checkingFurther(),
                register
            ),
            Route(
                "POST",
                "/v1/auth/login",
                Contract(
                    "logIn",
                    "Gives tokens for an address and a password.",
                    .accounts,
                    .everyone,
                    body: .json(
                        .object(
                            .required("email", Self.email),
                            .required("password", .text(1...1024)),
                            .optional("cookie", .flag, "For browsers: the tokens come in cookies, not in the answer.")
                        )
                    ),
                    kind: .login,
                    .ok(.named("Login")),
                    .problem(401, "The address or the password is wrong."),
                    .problem(403, "A page of another origin asks for cookies."),
                    .problem(423, "Too many failures; `Retry-After` says when to try again.")
                ),
                logIn
            ),
            Route(
                "POST",
                "/v1/auth/refresh",
                Contract(
                    "refreshLogin",
                    "Exchanges a refresh token for new tokens, once.",
                    .accounts,
                    .everyone,
                    body: .optional(Self.refreshToken),
                    .ok(.named("Login")),
                    .problem(401, "The token is unknown, old or spent."),
                    .problem(403, "A page of another origin sent the cookie.")
                ),
                refresh
            ),
            Route(
                "POST",
                "/v1/auth/logout",
                Contract(
                    "logOut",
                    "Ends the login that a refresh token belongs to.",
                    .accounts,
                    .everyone,
                    body: .optional(Self.refreshToken),
                    .nothing,
                    .problem(403, "A page of another origin sent the cookie.")
                ),
                logOut
            ),
            Route(
                "GET",
                "/v1/auth/me",
                Contract(
                    "showMe",
                    "Who asks, and what the credential lets through.",
                    .accounts,
                    .may(.readWorkflows),
                    .ok(Self.me)
                ),
                me
            ),
            Route(
                "PATCH",
                "/v1/auth/me",
                Contract(
                    "changeMe",
                    "Changes one's own name or password; a new password ends all logins.",
                    .accounts,
                    .may(.manageProfile),
                    body: .optional(
                        .optional("name", .text(1...200)),
                        .optional("password", Self.password),
                        .optional("old_password", .text(1...1024), "Needed for a new password.")
                    ),
                    .ok(.named("User")),
                    .problem(409, "The credential belongs to no account.")
                ).checkingFurther(),
                change
            ),
        ]
    }

    private static let refreshToken = Shape.Field.optional(
        "refresh_token",
        .text(1...200),
        "Left out, it is that of the cookie."
    )

    private static let me = Shape.answer(
        .required("actor", .text),
        .required("role", .text),
        .required("tenant", .text),
        .required("scopes", .list(.text)),
        .optional("user", .named("User"))
    )

    @Sendable private func register(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (fields, origin) = (call.fields, call.origin)
        let user = try await service.accounts { identity throws(IdentityError) in
            try identity.accounts.register(
                email: fields.requiredText("email"),
                name: fields.requiredText("name"),
                password: fields.requiredText("password"),
                origin
            )
        }
        return .json(user.json, status: 201)
    }

    @Sendable private func logIn(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (fields, origin) = (call.fields, call.origin)
        let wantsCookie = fields.flag("cookie")
        // Else a page of others could log its reader in as somebody else.
        if wantsCookie { try SameOrigin(publicURL: publicURL).check(call.request) }
        let login = try await service.accounts { identity throws(IdentityError) in
            try identity.sessions.logIn(
                email: fields.requiredText("email"),
                password: fields.requiredText("password"),
                origin
            )
        }
        return answer(login, call, inCookie: wantsCookie)
    }

    @Sendable private func refresh(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (given, origin) = (try refreshToken(call), call.origin)
        guard let (token, isCookie) = given else {
            throw Problem(IdentityError(.required, "There is neither a `refresh_token` nor a cookie of a login."))
        }
        let login = try await service.accounts { identity throws(IdentityError) in
            try identity.sessions.refresh(token, origin)
        }
        return answer(login, call, inCookie: isCookie)
    }

    @Sendable private func logOut(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (given, origin) = (try refreshToken(call), call.origin)
        if let (token, _) = given {
            try await service.accounts { identity throws(IdentityError) in
                try identity.sessions.logOut(token, origin)
            }
        }
        var response = HTTPResponse(status: 204)
        if given?.isCookie ?? true { SessionCookies(call.request, publicURL: publicURL).clear(in: &response) }
        return response
    }

    /// The refresh token of the body, else that of the cookie, which only pages of this server may use.
    private func refreshToken(_ call: APICall) throws(Problem) -> (token: String, isCookie: Bool)? {
        if let token = call.fields.text("refresh_token") { return (token, false) }
        let cookies = SessionCookies(call.request, publicURL: publicURL)
        guard cookies.access != nil || cookies.refresh != nil else { return nil }
        try SameOrigin(publicURL: publicURL).check(call.request)
        return cookies.refresh.map { ($0, true) }
    }

    /// Tokens in the answer, or in cookies that scripts cannot read.
    private func answer(_ login: Login, _ call: APICall, inCookie: Bool) -> HTTPResponse {
        let now = service.clock.wall()
        var json: JSONObject = [
            "token_type": .string(inCookie ? "Cookie" : "Bearer"),
            "expires_in": .int((login.accessExpiresAt - now).milliseconds / 1000),
            "refresh_expires_in": .int((login.refreshExpiresAt - now).milliseconds / 1000), "user": login.user.json,
        ]
        guard inCookie else {
            json["access_token"] = .string(login.accessToken)
            json["refresh_token"] = .string(login.refreshToken)
            return .json(.object(json))
        }
        var response = HTTPResponse.json(.object(json))
        SessionCookies(call.request, publicURL: publicURL).set(login, at: now, in: &response)
        return response
    }

    @Sendable private func me(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let caller = call.caller
        var body: JSONObject = [
            "actor": .string(caller.actor), "role": .string(caller.role.rawValue), "tenant": .string(caller.tenant),
            "scopes": .array(caller.scopes.map { .string($0.description) }),
        ]
        if let id = caller.user {
            body["user"] = try await service.accounts { identity throws(IdentityError) in
                try identity.accounts.user(id, for: caller)
            }.json
        }
        return .json(.object(body))
    }

    @Sendable private func change(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (caller, fields, origin) = (call.caller, call.fields, call.origin)
        guard let id = caller.user else {
            throw Problem(409, "state.conflict", "the credential belongs to no account")
        }
        let password = fields.text("password")
        guard password == nil || fields.text("old_password") != nil else {
            throw .invalid("/old_password", "is needed for a new password")
        }
        let user = try await service.accounts { identity throws(IdentityError) in
            if let password, let old = fields.text("old_password") {
                try identity.accounts.changePassword(of: caller, from: old, to: password, origin)
            }
            guard let name = fields.text("name") else { return try identity.accounts.user(id, for: caller) }
            var patch = UserPatch()
            patch.name = name
            return try identity.accounts.update(id, patch, by: caller, origin)
        }
        return .json(user.json)
    }
}

extension User {
    /// The account, without what must stay secret.
    public var json: JSONValue {
        [
            "id": .string(id.description), "email": .string(email), "name": .string(name),
            "role": .string(role.rawValue), "tenant": .string(tenant), "is_disabled": .bool(isDisabled),
            "has_password": .bool(hasPassword), "created_at": .string(createdAt.description),
            "updated_at": .string(updatedAt.description), "revision": .int(Int64(revision)),
        ]
    }
}
