// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
public import JSON
internal import Model
public import Secrets
internal import Store

/// Secrets of the tenant and of projects: values come in and never go out (spec 11.6).
struct SecretRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        routes(at: "/v1/secrets", "") + routes(at: "/v1/projects/{project}/secrets", "Project")
    }

    private func routes(at path: String, _ suffix: String) -> [Route] {
        let place = suffix.isEmpty ? "of the tenant" : "of a project"
        return [
            Route(
                "GET",
                path,
                Contract(
                    "list\(suffix)Secrets",
                    "Names and versions of the secrets \(place).",
                    .secrets,
                    .may(.listSecrets),
                    .page("Secret")
                ),
                list
            ),
            Route(
                "PUT",
                path + "/{secret}",
                Contract(
                    "set\(suffix)Secret",
                    "Gives a secret \(place) a value, which is never shown again.",
                    .secrets,
                    .may(.writeSecrets),
                    body: .json(
                        .object(
                            .optional("value", .text(4...65_536), "The value; without it a random one is made."),
                            .optional("bytes", .integer(8...1024), "Random bytes of a made value; 32 when left out."),
                            .optional("reason", .reason)
                        )
                    ),
                    .ok(.named("Secret")),
                    .problem(409, "Somebody else gave it a value at the same time.")
                ),
                set
            ),
            Route(
                "DELETE",
                path + "/{secret}",
                Contract(
                    "remove\(suffix)Secret",
                    "Removes a secret \(place).",
                    .secrets,
                    .may(.writeSecrets),
                    .nothing
                ),
                remove
            ),
        ]
    }

    /// The scope that the path names, if the caller may do that there.
    private func scope(_ call: APICall, _ permission: Permission) async throws(Problem) -> SecretScope {
        guard call.parameters["project"] != nil else {
            guard call.caller.role == .admin || permission == .listSecrets else {
                throw Problem(403, "permission.denied", "only administrators change secrets of the tenant")
            }
            return .tenant
        }
        let (project, caller) = (call.parameter("project"), call.caller)
        try await service.accounts { identity throws(IdentityError) in
            let thing = Ownership(tenant: caller.tenant, owner: "", project: project)
            try identity.access(caller, permission, on: thing).check("project `\(project)`")
        }
        return .project(project)
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (scope, tenant) = (try await scope(call, .listSecrets), call.caller.tenant)
        let all = try await service.secrets { vault throws(SecretError) in
            try vault.list(tenant: tenant, scope: scope)
        }
        return .page(all.map(\.json), next: nil)
    }

    @Sendable private func set(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let scope = try await scope(call, .writeSecrets)
        let (fields, name, caller) = (call.fields, call.parameter("secret"), call.caller)
        let address = call.origin.address
        let secret = try await service.secrets { vault throws(SecretError) in
            guard let value = fields.text("value") else {
                return try vault.generate(
                    name,
                    in: scope,
                    tenant: caller.tenant,
                    bytes: fields.integer("bytes") ?? 32,
                    by: caller.actor
                )
            }
            return try vault.set(
                name,
                in: scope,
                tenant: caller.tenant,
                value: Array(value.utf8),
                by: caller.actor,
                reason: fields.text("reason"),
                address: address
            )
        }
        return .json(secret.json)
    }

    @Sendable private func remove(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let scope = try await scope(call, .writeSecrets)
        let (name, caller, address) = (call.parameter("secret"), call.caller, call.origin.address)
        try await service.secrets { vault throws(SecretError) in
            try vault.remove(name, in: scope, tenant: caller.tenant, by: caller.actor, address: address)
        }
        return HTTPResponse(status: 204)
    }
}

extension SecretDescription {
    /// What is known of a secret; never its value.
    public var json: JSONValue {
        [
            "name": .string(name), "scope": .string(scope.description), "version": .int(Int64(version)),
            "kind": .string(kind.rawValue), "created_at": .string(createdAt.description),
            "updated_at": .string(updatedAt.description), "updated_by": .string(updatedBy),
        ]
    }
}
