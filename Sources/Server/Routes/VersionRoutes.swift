// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import HTTPServer
internal import Identity
internal import JSON
internal import Store

/// What makes one version of another without changing what it says (spec 5).
struct VersionRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "POST",
                "/v1/workflows/{name}/compact",
                Contract(
                    "compactWorkflow",
                    "Makes one document of a long chain of patches; the hash stays.",
                    .workflows,
                    .may(.writeWorkflows),
                    body: .optional(
                        .optional("version", .version, "A number, a hash or a tag; `main` when left out."),
                        .optional(
                            "depth",
                            .integer(1...100_000),
                            "Only chains of at least so many patches; 1 if left out."
                        )
                    ),
                    .ok(.named("Version"))
                ),
                compact
            ),
            Route(
                "POST",
                "/v1/workflows/{name}/clone",
                Contract(
                    "cloneWorkflow",
                    "Copies one version to a new workflow, without history.",
                    .workflows,
                    .may(.writeWorkflows),
                    body: .json(
                        .object(
                            .required("to", .name, "The name of the new workflow."),
                            .optional("version", .version, "A number, a hash or a tag; `main` when left out.")
                        )
                    ),
                    Contract.Answer(201, "A new workflow.", .named("Version")),
                    .problem(409, "The name is taken.")
                ).checkingFurther()
            ) { call throws(Problem) in
                let (actor, name) = (call.catalogActor(reason: nil), call.fields.requiredText("to"))
                let text = Self.reference(call)
                let publication = try await service.definitions { catalog throws(CatalogError) in
                    try catalog.clone(try VersionReference(text), to: name, by: actor)
                }
                return .publication(publication, VersionReference.defaultTag)
            },
        ]
    }

    @Sendable private func compact(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (actor, depth, text) = (call.catalogActor(reason: nil), call.fields.integer("depth"), Self.reference(call))
        let (version, isNew) = try await service.definitions { catalog throws(CatalogError) in
            let version = try catalog.version(try VersionReference(text), owner: actor.owner)
            return try catalog.compact(version, atDepth: depth ?? 1, by: actor)
        }
        var body = version.json
        body["is_new"] = .bool(isNew)
        return .json(.object(body))
    }

    private static func reference(_ call: APICall) -> String {
        "\(call.parameter("name"))@\(call.fields.text("version") ?? VersionReference.defaultTag)"
    }
}
