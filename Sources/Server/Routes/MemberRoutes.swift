// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// With whom projects are shared (spec 11.2).
struct MemberRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/projects/{project}/members",
                Contract(
                    "listMembers",
                    "With whom a project is shared.",
                    .accounts,
                    .may(.shareProjects),
                    .page("Member"),
                    .problem(403, "Only administrators and operators of the project may share it.")
                )
            ) { call throws(Problem) in
                let (project, caller) = (call.parameter("project"), call.caller)
                let members = try await service.accounts { identity throws(IdentityError) in
                    try identity.requireControl(of: project, caller)
                    return try identity.memberships.members(of: project, for: caller)
                }
                return .page(members.map(\.json), next: nil)
            },
            Route(
                "PUT",
                "/v1/projects/{project}/members/{user}",
                Contract(
                    "setMember",
                    "Shares a project with a user, or changes how.",
                    .accounts,
                    .may(.shareProjects),
                    body: .json(
                        .object(
                            .required("role", .choice(ProjectRole.self)),
                            .optional(
                                "groups",
                                .list(.text(1...100, pattern: "^[a-z0-9_]+(\\.[a-z0-9_]+)*$"), 0...20),
                                "Names for assignees such as `role:approver`."
                            )
                        )
                    ),
                    .ok(.named("Member"))
                ),
                set
            ),
            Route(
                "DELETE",
                "/v1/projects/{project}/members/{user}",
                Contract(
                    "removeMember",
                    "Shares a project no more with a user.",
                    .accounts,
                    .may(.shareProjects),
                    .nothing
                )
            ) { call throws(Problem) in
                let (project, caller, origin) = (call.parameter("project"), call.caller, call.origin)
                let user: UserID = try call.id("user", "user")
                try await service.accounts { identity throws(IdentityError) in
                    try identity.requireControl(of: project, caller)
                    try identity.memberships.remove(project: project, user: user, by: caller, origin)
                }
                return HTTPResponse(status: 204)
            },
        ]
    }

    @Sendable private func set(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (project, caller, fields, origin) = (call.parameter("project"), call.caller, call.fields, call.origin)
        let user: UserID = try call.id("user", "user")
        let role = fields.text("role").flatMap(ProjectRole.init) ?? .viewer
        let member = try await service.accounts { identity throws(IdentityError) in
            try identity.requireControl(of: project, caller)
            return try identity.memberships.set(
                project: project,
                user: user,
                role: role,
                groups: fields.texts("groups") ?? [],
                by: caller,
                origin
            )
        }
        return .json(member.json)
    }
}

extension IdentityServices {
    /// Refuses who is neither an administrator nor an operator of the project; who is no member does not see it.
    ///
    /// - Parameter what: For the message: `share it`.
    func requireControl(
        of project: String,
        _ caller: Principal,
        to what: String = "share it"
    ) throws(IdentityError) {
        if caller.role == .admin { return }
        let grant = try memberships.memberships(of: caller).grant(tenant: caller.tenant, project: project)
        switch grant {
        case nil: throw IdentityError(.notFound, "There is no project `\(project)`.")
        case .operator: return
        default: throw IdentityError(.denied, "Only operators of `\(project)` may \(what).")
        }
    }
}

extension MemberRow {
    fileprivate var json: JSONValue {
        [
            "user": .string(key.user.description), "project": .string(key.project), "role": .string(role.rawValue),
            "groups": .array(groups.map(JSONValue.string)), "added_by": .string(addedBy),
            "added_at": .string(addedAt.description),
        ]
    }
}
