// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Tags: names that are led from version to version (spec 5).
struct TagRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/workflows/{name}/tags",
                Contract("listTags", "The tags of a definition.", .workflows, .may(.readWorkflows), .page("Tag"))
            ) { call throws(Problem) in
                let (name, owner) = (call.parameter("name"), call.catalogOwner)
                let rows = try await service.definitions { catalog throws(CatalogError) in
                    try catalog.tags(of: name, owner: try catalog.owner(of: name, for: owner))
                }
                return .page(rows.map(\.json), next: nil)
            },
            Route(
                "GET",
                "/v1/workflows/{name}/tags/{tag}",
                Contract("showTag", "Where a tag points.", .workflows, .may(.readWorkflows), .ok(.named("Tag")))
            ) { call throws(Problem) in
                let (name, tag, owner) = (call.parameter("name"), call.parameter("tag"), call.catalogOwner)
                let row = try await service.definitions { catalog throws(CatalogError) in
                    try catalog.tag(tag, of: name, owner: try catalog.owner(of: name, for: owner))
                }
                return .json(row.json, headers: ["etag": "\"\(row.target.hash)\""])
            },
            Route(
                "GET",
                "/v1/workflows/{name}/tags/{tag}/history",
                Contract(
                    "listTagMoves",
                    "Every move of a tag, the newest first.",
                    .workflows,
                    .may(.readWorkflows),
                    .ok(.page(of: .anyObject))
                )
            ) { call throws(Problem) in
                let (name, tag, owner) = (call.parameter("name"), call.parameter("tag"), call.catalogOwner)
                let moves = try await service.definitions { catalog throws(CatalogError) in
                    try catalog.moves(of: tag, of: name, owner: try catalog.owner(of: name, for: owner))
                }
                return .page(moves.reversed().map(\.json), next: nil)
            },
            Route(
                "PUT",
                "/v1/workflows/{name}/tags/{tag}",
                Contract(
                    "setTag",
                    "Leads a tag to a version, or makes it.",
                    .workflows,
                    .may(.writeWorkflows),
                    headers: [.ifMatch],
                    body: .json(
                        .object(
                            .required("to", .version, "A number, a hash or another tag."),
                            .optional("reason", .text(0...500))
                        )
                    ),
                    .ok(.named("Version")),
                    .problem(412, "The tag points elsewhere.")
                )
            ) { call throws(Problem) in
                let (name, tag, to) = (call.parameter("name"), call.parameter("tag"), call.fields.requiredText("to"))
                return try await move(call) { catalog, expected, actor throws(CatalogError) in
                    let target = VersionReference(name: name, try VersionReference.selector(to))
                    return try catalog.setTag(tag, to: target, expected: expected, by: actor)
                }
            },
            Route(
                "POST",
                "/v1/workflows/{name}/tags/{tag}/undo",
                Self.stepping("undoTag", "Moves a tag back to where its last move came from.")
            ) {
                call throws(Problem) in
                let (name, tag) = (call.parameter("name"), call.parameter("tag"))
                return try await move(call) { catalog, expected, actor throws(CatalogError) in
                    try catalog.undo(tag, of: name, expected: expected, by: actor)
                }
            },
            Route(
                "POST",
                "/v1/workflows/{name}/tags/{tag}/redo",
                Self.stepping("redoTag", "Moves a tag forward again after an undo.")
            ) {
                call throws(Problem) in
                let (name, tag) = (call.parameter("name"), call.parameter("tag"))
                return try await move(call) { catalog, expected, actor throws(CatalogError) in
                    try catalog.redo(tag, of: name, expected: expected, by: actor)
                }
            },
        ]
    }

    private static func stepping(_ id: String, _ summary: String) -> Contract {
        Contract(
            id,
            summary,
            .workflows,
            .may(.writeWorkflows),
            headers: [.ifMatch],
            body: .optional(.optional("reason", .text(0...500))),
            .ok(.named("Version")),
            .problem(409, "There is no move to take back."),
            .problem(412, "The tag points elsewhere.")
        )
    }

    private func move(
        _ call: APICall,
        _ body:
            @escaping @Sendable (DefinitionCatalog, TagExpectation, CatalogActor) throws(CatalogError) -> Publication
    ) async throws(Problem) -> HTTPResponse {
        let (expected, actor) = (try call.tagExpectation(), call.catalogActor(reason: call.fields.text("reason")))
        let result = try await service.definitions { catalog throws(CatalogError) in
            try body(catalog, expected, actor)
        }
        var json = result.version.json
        json["tag"] = .string(call.parameter("tag"))
        json["is_moved"] = .bool(result.isMoved)
        json["revision"] = .int(Int64(result.tag.revision))
        return .json(.object(json), headers: ["etag": "\"\(result.version.hash)\""])
    }
}

extension TagRow {
    /// A tag: `{tag, hash, revision, …}`.
    var json: JSONValue {
        [
            "tag": .string(name.split(separator: "@").last.map { String($0) } ?? name), "owner": .string(owner),
            "hash": .string(target.hash), "revision": .int(Int64(revision)), "moved_at": .string(movedAt.description),
        ]
    }
}
