// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Definition
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Versions of definitions (spec 5). Everybody has definitions of his own, and reads those that are everybody's.
struct WorkflowRoutes: Sendable {
    let service: Service

    var routes: [Route] { reading + writing }

    private var reading: [Route] {
        [
            Route(
                "GET",
                "/v1/workflows",
                Contract(
                    "listWorkflows",
                    "The names of one's own definitions and of those that are everybody's.",
                    .workflows,
                    .may(.readWorkflows),
                    .page("Definition")
                )
            ) { call throws(Problem) in
                let owner = call.catalogOwner
                let names = try await service.definitions { catalog throws(CatalogError) in
                    let all =
                        try catalog.definitions(owner: owner) + catalog.definitions(owner: ArtifactRow.sharedOwner)
                    return try all.map { name throws(CatalogError) in try catalog.resource(of: name) }
                }
                return .page(names, next: nil)
            },
            Route(
                "GET",
                "/v1/workflows/{name}",
                Contract(
                    "showWorkflow",
                    "The version that the tag `main` points to, with its document.",
                    .workflows,
                    .may(.readWorkflows),
                    .ok(.named("Version"))
                )
            ) { call throws(Problem) in try await show(call, call.parameter("name")) },
            Route(
                "GET",
                "/v1/workflows/{name}/versions",
                Contract(
                    "listVersions",
                    "All versions, the oldest first.",
                    .workflows,
                    .may(.readWorkflows),
                    .page("Version")
                ),
                versions
            ),
            Route(
                "GET",
                "/v1/workflows/{name}/versions/{version}",
                Contract(
                    "showVersion",
                    "A version by its number, its hash or a tag, with its document.",
                    .workflows,
                    .may(.readWorkflows),
                    .ok(.named("Version"))
                )
            ) { call throws(Problem) in try await show(call, "\(call.parameter("name"))@\(call.parameter("version"))")
            },
            Route(
                "GET",
                "/v1/workflows/{name}/versions/{version}/source",
                Contract(
                    "showSource",
                    "The text of a version as it was published; of a patched one its document.",
                    .workflows,
                    .may(.readWorkflows),
                    Contract.Answer(200, "The text.", .text, mediaType: "text/plain")
                ),
                source
            ),
            Route(
                "GET",
                "/v1/workflows/{name}/diff",
                Contract(
                    "compareVersions",
                    "What two versions have otherwise.",
                    .workflows,
                    .may(.readWorkflows),
                    query: [
                        .init("from", .version, "A number, a hash or a tag; the first version when left out."),
                        .init("to", .version, "Likewise; `main` when left out."),
                    ],
                    .ok(.any)
                ),
                difference
            ),
        ]
    }

    private var writing: [Route] {
        [
            Route(
                "POST",
                "/v1/workflows",
                Self.publishing("publishWorkflow", "Publishes a document under the name in it and leads a tag to it.")
            ) { call throws(Problem) in try await publish(call, named: nil) },
            Route(
                "PUT",
                "/v1/workflows/{name}",
                Self.publishing("putWorkflow", "The same for a document of that name.")
            ) { call throws(Problem) in try await publish(call, named: call.parameter("name")) },
            Route(
                "PATCH",
                "/v1/workflows/{name}",
                Contract(
                    "patchWorkflow",
                    "Makes a version of the one that a tag points to and a patch (RFC 6902).",
                    .workflows,
                    .may(.writeWorkflows),
                    query: [.init("tag", .name, "Which tag; `main` when left out.")],
                    headers: [.ifMatch],
                    body: .json(
                        .object(.optional("description", .text(0...500)), .required("ops", .operations))
                    ),
                    Contract.Answer(201, "A new version.", .named("Version")),
                    Contract.Answer(200, "The patch comes to a version that there is.", .named("Version")),
                    .problem(412, "The tag points elsewhere.")
                ).checkingFurther(),
                patch
            ),
        ]
    }

    private static func publishing(_ id: String, _ summary: String) -> Contract {
        Contract(
            id,
            summary,
            .workflows,
            .may(.writeWorkflows),
            query: [
                .init("tag", .name, "Which tag is led to it; `main` when left out."),
                .init("message", .word(0...500), "Why, in one line."),
                .init("shared", .flag, "Whether it is to be everybody's; only administrators may say `true`."),
            ],
            headers: [.ifMatch],
            body: .document,
            Contract.Answer(201, "A new version.", .named("Version")),
            Contract.Answer(200, "There was a version with this content already.", .named("Version")),
            .problem(412, "The tag points elsewhere.")
        ).checkingFurther()
    }

    // MARK: Actions

    private func show(_ call: APICall, _ text: String) async throws(Problem) -> HTTPResponse {
        let owner = call.catalogOwner
        let (version, document) = try await service.definitions { catalog throws(CatalogError) in
            let version = try catalog.version(try VersionReference(text), owner: owner)
            return (version, try catalog.document(of: version))
        }
        var body = version.json
        body["document"] = document
        return .json(.object(body), headers: ["etag": "\"\(version.hash)\""])
    }

    @Sendable private func source(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (owner, text) = (call.catalogOwner, "\(call.parameter("name"))@\(call.parameter("version"))")
        let (hash, bytes) = try await service.definitions { catalog throws(CatalogError) in
            let version = try catalog.version(try VersionReference(text), owner: owner)
            let source = try catalog.source(of: version)
            if let source { return (version.hash, source) }
            return (version.hash, Array(try catalog.document(of: version).prettyText.utf8))
        }
        return .bytes(bytes, type: "text/plain; charset=utf-8", headers: ["etag": "\"\(hash)\""])
    }

    @Sendable private func versions(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (name, owner) = (call.parameter("name"), call.catalogOwner)
        let rows = try await service.definitions { catalog throws(CatalogError) in
            try catalog.versions(of: name, owner: try catalog.owner(of: name, for: owner))
        }
        return .page(rows.map { .object($0.json) }, next: nil)
    }

    @Sendable private func difference(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (name, owner) = (call.parameter("name"), call.catalogOwner)
        let (from, to) = (call.query("from") ?? "1", call.query("to") ?? VersionReference.defaultTag)
        let (before, after) = try await service.definitions { catalog throws(CatalogError) in
            let old = try catalog.version(try VersionReference("\(name)@\(from)"), owner: owner)
            let new = try catalog.version(try VersionReference("\(name)@\(to)"), owner: owner)
            return (try catalog.document(of: old), try catalog.document(of: new))
        }
        return .json(.array(StructuralDifference(from: before, to: after).json))
    }

    private func publish(_ call: APICall, named name: String?) async throws(Problem) -> HTTPResponse {
        let (text, expected) = (call.document, try call.tagExpectation())
        var actor = call.catalogActor(reason: call.query("message"))
        if call.flag("shared") {
            guard call.caller.role == .admin else {
                throw Problem(403, "permission.denied", "only administrators publish what is everybody's")
            }
            actor.owner = ArtifactRow.sharedOwner
        }
        let (tag, by) = (call.query("tag") ?? VersionReference.defaultTag, actor)
        let publication = try await service.definitions { catalog throws(CatalogError) in
            try catalog.publish(text, fileName: "document", tag: tag, expected: expected, named: name, by: by)
        }
        return .publication(publication, tag)
    }

    @Sendable private func patch(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (name, body, expected) = (call.parameter("name"), call.fields.object, try call.tagExpectation())
        let (tag, actor) = (call.query("tag") ?? VersionReference.defaultTag, call.catalogActor(reason: nil))
        let publication = try await service.definitions { catalog throws(CatalogError) in
            try catalog.patch(name, try DefinitionPatch(.object(body)), tag: tag, expected: expected, by: actor)
        }
        return .publication(publication, tag)
    }
}

extension APICall {
    /// Whose definitions the caller works on.
    var catalogOwner: String { caller.catalogOwner }

    func catalogActor(reason: String?) -> CatalogActor {
        CatalogActor(owner: catalogOwner, name: actor, reason: reason)
    }

    /// Where `If-Match` wants the tag to be.
    func tagExpectation() throws(Problem) -> TagExpectation {
        guard let text = expectedTag else { return .any }
        do throws(CatalogError) {
            return try TagExpectation(text)
        } catch {
            throw Problem(412, "etag.mismatch", "`If-Match` names no version: \(error.message)")
        }
    }
}

extension Principal {
    /// Whose definitions a principal works on: its own; whoever reads the data folder has those of the command line.
    var catalogOwner: String { actor }
}

extension DefinitionCatalog {
    /// Who has a definition of that name: the owner, else everybody.
    func owner(of name: String, for owner: String) throws(CatalogError) -> String {
        try definitions(owner: owner).contains { $0.name == name } ? owner : ArtifactRow.sharedOwner
    }
}

extension ArtifactRow {
    /// A version for programs.
    var json: JSONObject {
        var object: JSONObject = ["name": .string(name)]
        object["version"] = number.map { .int(Int64($0)) }
        object["hash"] = .string(hash)
        object["graph"] = graph.map { .string("sha256:\($0.hash)") }
        object["kind"] = .string(kind.rawValue)
        object["depth"] = .int(Int64(depth))
        object["compacted_from"] = compactedFrom.map { .string($0.description) }
        object["artifact"] = .string(id.description)
        object["owner"] = .string(owner)
        object["creator"] = .string(creator)
        object["created_at"] = .string(createdAt.description)
        object["note"] = note.map { .string($0) }
        return object
    }
}

extension HTTPResponse {
    /// A version that a tag points to now.
    static func publication(_ publication: Publication, _ tag: String) -> HTTPResponse {
        let version = publication.version
        var body = version.json
        body["is_new"] = .bool(publication.isNew)
        body["tag"] = .string(tag)
        body["is_moved"] = .bool(publication.isMoved)
        body["revision"] = .int(Int64(publication.tag.revision))
        body["diagnostics"] = .array(publication.diagnostics.map(\.json))
        return .json(
            .object(body),
            status: publication.isNew ? 201 : 200,
            headers: [
                "location": "/v1/workflows/\(version.name)/versions/\(version.number ?? 0)",
                "etag": "\"\(version.hash)\"",
            ]
        )
    }
}
