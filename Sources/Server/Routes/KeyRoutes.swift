// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// API keys: credentials of programs (spec 11.1).
struct KeyRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/auth/keys",
                Contract(
                    "listKeys",
                    "One's own API keys, without the keys.",
                    .accounts,
                    .may(.manageProfile),
                    .page("APIKey")
                )
            ) { call throws(Problem) in
                let caller = call.caller
                let keys = try await service.accounts { identity throws(IdentityError) in
                    try identity.keys.keys(for: caller)
                }
                return .page(keys.map { .object($0.json) }, next: nil)
            },
            Route(
                "POST",
                "/v1/auth/keys",
                Contract(
                    "createKey",
                    "Makes an API key, which is shown this once.",
                    .accounts,
                    .may(.manageProfile),
                    body: .json(
                        .object(
                            .required("name", .text(1...200)),
                            .optional("role", .choice(Role.self), "Within the user's own; that when left out."),
                            .optional("scopes", .list(.text(1...100), 1...50), "Such as `runs.read` or `runs.*`."),
                            .optional("expires_at", .time),
                            .optional("user", .id("usr"), "Whose key it is; others than one's own by administrators.")
                        )
                    ),
                    Contract.Answer(201, "The key.", .named("APIKey")),
                    .problem(409, "The credential belongs to no account.")
                ).checkingFurther().showingSecret(),
                create
            ),
            Route(
                "DELETE",
                "/v1/auth/keys/{key}",
                Contract("revokeKey", "Ends a key at once.", .accounts, .may(.manageProfile), .nothing)
            ) { call throws(Problem) in
                let id: APIKeyID = try call.id("key", "key")
                let (caller, origin) = (call.caller, call.origin)
                try await service.accounts { identity throws(IdentityError) in
                    try identity.keys.revoke(id, by: caller, origin)
                }
                return HTTPResponse(status: 204)
            },
        ]
    }

    @Sendable private func create(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (caller, fields, origin) = (call.caller, call.fields, call.origin)
        let user: UserID? = fields.id("user")
        guard user != nil || caller.user != nil else {
            throw Problem(409, "state.conflict", "the credential belongs to no account; name one with `user`")
        }
        let expiresAt = try fields.time("expires_at")
        let (key, text) = try await service.accounts { identity throws(IdentityError) in
            try identity.keys.create(
                name: fields.requiredText("name"),
                role: fields.text("role").flatMap(Role.init),
                scopes: fields.texts("scopes") ?? ["*"],
                expiresAt: expiresAt,
                for: user,
                by: caller,
                origin
            )
        }
        var body = key.json
        body["key"] = .string(text)
        return .json(.object(body), status: 201)
    }
}

extension APIKey {
    /// The key without the key.
    fileprivate var json: JSONObject {
        var result: JSONObject = [
            "id": .string(id.description), "user": .string(user.description), "name": .string(name),
            "prefix": .string(prefix), "role": .string(role.rawValue),
            "scopes": .array(scopes.map(JSONValue.string)), "created_at": .string(createdAt.description),
        ]
        result["expires_at"] = expiresAt.map { .string($0.description) }
        result["last_used_at"] = lastUsedAt.map { .string($0.description) }
        result["revoked_at"] = revokedAt.map { .string($0.description) }
        return result
    }
}
