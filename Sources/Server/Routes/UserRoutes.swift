// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Accounts, as administrators see them.
struct UserRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/admin/users",
                Contract(
                    "listUsers",
                    "The accounts of the tenant.",
                    .administration,
                    .may(.manageUsers),
                    query: [.limit, .cursor("^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$")],
                    .page("User")
                ),
                list
            ),
            Route(
                "POST",
                "/v1/admin/users",
                Contract(
                    "createUser",
                    "Makes an account for somebody.",
                    .administration,
                    .may(.manageUsers),
                    body: .json(
                        .object(
                            .required("email", .text(3...254, pattern: "^[!-?A-~]+@[!-?A-~]+$")),
                            .optional("name", .text(1...200)),
                            .optional("password", .text(12...1024)),
                            .optional("role", .choice(Role.self))
                        )
                    ),
                    Contract.Answer(201, "The account.", .named("User")),
                    .problem(409, "The address is taken.")
                ).checkingFurther(),
                create
            ),
            Route(
                "GET",
                "/v1/admin/users/{user}",
                Contract("showUser", "One account.", .administration, .may(.manageUsers), .ok(.named("User")))
            ) { call throws(Problem) in
                let (id, caller): (UserID, Principal) = (try call.id("user", "user"), call.caller)
                let user = try await service.accounts { identity throws(IdentityError) in
                    try identity.accounts.user(id, for: caller)
                }
                return .json(user.json, headers: ["etag": "\"\(user.revision)\""])
            },
            Route(
                "PATCH",
                "/v1/admin/users/{user}",
                Contract(
                    "changeUser",
                    "Changes an account; disabling it and a new password end its logins.",
                    .administration,
                    .may(.manageUsers),
                    headers: [.ifMatch],
                    body: .json(
                        .object(
                            .optional("name", .text(1...200)),
                            .optional("role", .choice(Role.self)),
                            .optional("is_disabled", .flag),
                            .optional("password", .text(12...1024))
                        )
                    ),
                    .ok(.named("User")),
                    .problem(412, "The account was changed meanwhile.")
                ).checkingFurther(),
                change
            ),
        ]
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (caller, limit, after) = (call.caller, call.limit, try call.cursor { UserID($0) })
        let users = try await service.accounts { identity throws(IdentityError) in
            try identity.accounts.users(for: caller, after: after, limit: limit)
        }
        return .page(users.map(\.json), next: users.count == limit ? users.last?.id.description : nil)
    }

    @Sendable private func create(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (caller, fields, origin) = (call.caller, call.fields, call.origin)
        let user = try await service.accounts { identity throws(IdentityError) in
            try identity.accounts.create(
                email: fields.requiredText("email"),
                name: fields.text("name") ?? fields.requiredText("email"),
                password: fields.text("password"),
                role: fields.text("role").flatMap(Role.init) ?? .user,
                by: caller,
                origin
            )
        }
        return .json(user.json, status: 201, headers: ["location": "/v1/admin/users/\(user.id)"])
    }

    @Sendable private func change(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (caller, fields, origin) = (call.caller, call.fields, call.origin)
        let id: UserID = try call.id("user", "user")
        var patch = UserPatch()
        patch.name = fields.text("name")
        patch.role = fields.text("role").flatMap(Role.init)
        patch.isDisabled = fields.optionalFlag("is_disabled")
        patch.password = fields.text("password")
        if let tag = call.expectedTag {
            guard let revision = Int(tag) else { throw .etagMismatch }
            patch.revision = revision
        }
        let wanted = patch
        do throws(Problem) {
            let user = try await service.accounts { identity throws(IdentityError) in
                try identity.accounts.update(id, wanted, by: caller, origin)
            }
            return .json(user.json, headers: ["etag": "\"\(user.revision)\""])
        } catch {
            throw error.status == 409 && wanted.revision != nil ? .etagMismatch : error
        }
    }
}

extension Problem {
    /// The thing was changed since the client read it.
    static let etagMismatch = Problem(412, "etag.mismatch", "it was changed meanwhile; read it again")
}
