// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON
internal import Knowledge
internal import Model
internal import Store

/// Sources of documents, and questions to them (spec 8.9).
struct RAGRoutes: Sendable {
    let service: Service

    var routes: [Route] { [list, search, documents, add, index, show, removeDocument, removeSource] }

    private static let name = Shape.text(1...100, pattern: "^[A-Za-z][A-Za-z0-9_.-]{0,99}$")

    private var list: Route {
        let contract = Contract(
            "listSources",
            "Sources of documents by name, and how much is in them.",
            .knowledge,
            .may(.readProjects),
            .page("Source")
        )
        return Route("GET", "/v1/rag/sources", contract) { call throws(Problem) in
            let visibility = try await service.visibility(of: call.caller)
            let all = try await service.documents { library throws(LibraryError) in try library.sources(visibility) }
            return .page(all.map(\.json), next: nil)
        }
    }

    private var search: Route {
        let contract = Contract(
            "searchDocuments",
            "Passages that fit a question, the best first, with where they stand; by words, and by meaning where a model makes vectors.",
            .knowledge,
            .may(.readProjects),
            body: .json(
                .object(
                    .required("query", .text(1...2000), "Words, or a question; no mark in it is read as a language."),
                    .optional(
                        "sources",
                        .list(Self.name, 0...50),
                        "Only in these; in all that one sees when left out."
                    ),
                    .optional("limit", .integer(1...50), "How many at most; 8 when left out."),
                    .optional("min_score", Shape(["type": "number", "minimum": 0, "maximum": 1]), "0 when left out.")
                )
            ),
            .ok(.named("Passages"))
        ).checkingFurther()
        return Route("POST", "/v1/rag/search", contract) { call throws(Problem) in
            let visibility = try await service.visibility(of: call.caller)
            let fields = call.fields
            let question = Library.Question(
                fields.requiredText("query"),
                sources: fields.texts("sources") ?? [],
                limit: fields.integer("limit") ?? 8,
                minimum: fields["min_score"]?.doubleValue ?? 0
            )
            let payer = PaidCaller(call.ownership(in: nil))
            let answer = try await service.searching { search throws(LibraryError) in
                try await search.search(question, visibility, for: payer)
            }
            return .json(answer.json)
        }
    }

    // MARK: Documents

    private var documents: Route {
        let contract = Contract(
            "listDocuments",
            "Documents of a source by path.",
            .knowledge,
            .may(.readProjects),
            query: [.limit, .cursor("^[!-~]{1,100}$")],
            .page("Document")
        ).checkingFurther()
        return Route("GET", "/v1/rag/{source}/documents", contract) { call throws(Problem) in
            let source = try await source(call, .readProjects)
            let limit = call.limit
            let last: DocumentID? = try call.cursor { DocumentID($0) }
            let rows = try await service.documents { library throws(LibraryError) in
                let path = try last.flatMap { id throws(LibraryError) in try library.document(id, in: source)?.path }
                guard last == nil || path != nil else { return [DocumentRow]?.none }
                return try library.documents(in: source, after: path, limit: limit + 1)
            }
            guard let rows else { throw .invalid("cursor", "names a document that was removed; begin anew") }
            let page = rows.prefix(limit)
            return .page(
                page.map { .object($0.json) },
                next: rows.count > limit ? page.last?.id.description : nil
            )
        }
    }

    private var add: Route {
        let contract = Contract(
            "addDocuments",
            "Takes documents in, and makes the source when it is not there; one whose text is as it was is left alone.",
            .knowledge,
            .may(.writeProjects),
            body: .json(
                .object(
                    .required(
                        "documents",
                        .list(
                            .object(
                                .required("path", .text(1...1000), "Unique within the source."),
                                .required("text", .text(0...Library.documentLimit), "Its words, at most 1 MiB."),
                                .optional("title", .text(1...500), "By its first heading or its path when left out.")
                            ),
                            1...100
                        )
                    ),
                    .optional("project", .projectName, "Whose members see the source; only when it is made.")
                )
            ),
            .ok(
                .answer(
                    .required(
                        "items",
                        .list(
                            .answer(
                                .required("path", .text),
                                .required("id", .text),
                                .required("status", .choice(Library.Arrival.self))
                            )
                        )
                    )
                ),
                "They are there; in the order given."
            ),
            .problem(409, "Somebody else made or removed the source at the same time.")
        ).checkingFurther()
        return Route("POST", "/v1/rag/{source}/documents", contract) { call throws(Problem) in
            let drafts = (call.fields["documents"]?.arrayValue ?? []).map { item in
                Library.Draft(
                    path: item["path"]?.stringValue ?? "",
                    title: item["title"]?.stringValue,
                    text: item["text"]?.stringValue ?? ""
                )
            }
            let (source, author) = (try await madeSource(call), call.actor)
            let results = try await service.documents { library throws(LibraryError) in
                try library.add(drafts, to: source, by: author)
            }
            return .json(["items": .array(results.map(Self.arrival))])
        }
    }

    private var index: Route {
        let contract = Contract(
            "indexSource",
            "Gives passages of a source their vectors, some hundred at a time, or says what that would cost.",
            .knowledge,
            .may(.writeProjects),
            body: .json(
                .object(
                    .optional("dry_run", .flag, "Only says what it would take."),
                    .optional("after", .integer(0...(1 << 53)), "`after` of the answer before.")
                )
            ),
            .ok(.named("IndexReport"))
        )
        return Route("POST", "/v1/rag/{source}/index", contract) { call throws(Problem) in
            let source = try await source(call, .writeProjects)
            if call.fields["dry_run"]?.boolValue == true {
                return .json(
                    try await service.searching { search throws(LibraryError) in try await search.plan(source).json }
                )
            }
            let payer = PaidCaller(call.ownership(in: source.ownership.project))
            let after = Int64(call.fields.integer("after") ?? 0)
            return .json(
                try await service.searching { search throws(LibraryError) in
                    try await search.index(source, after: after, limit: Self.indexLimit, for: payer).json
                }
            )
        }
    }

    /// Passages that get their vectors within one request.
    private static let indexLimit = 256

    private static func arrival(_ result: (document: DocumentRow, arrival: Library.Arrival)) -> JSONValue {
        [
            "path": .string(result.document.path), "id": .string("\(result.document.id)"),
            "status": .string(result.arrival.rawValue),
        ]
    }

    private var show: Route {
        let contract = Contract(
            "showDocument",
            "A document with its passages.",
            .knowledge,
            .may(.readProjects),
            .ok(.named("Document"))
        )
        return Route("GET", "/v1/rag/{source}/documents/{document}", contract) { call throws(Problem) in
            let row = try await document(call, in: try await source(call, .readProjects))
            let passages = try await service.documents { library throws(LibraryError) in
                try library.passages(of: row)
            }
            var json = row.json
            json["content"] = .array(passages.map(\.json))
            return .json(.object(json))
        }
    }

    private var removeDocument: Route {
        let contract = Contract(
            "removeDocument",
            "Removes a document; it is not found any more.",
            .knowledge,
            .may(.writeProjects),
            .nothing
        )
        return Route("DELETE", "/v1/rag/{source}/documents/{document}", contract) { call throws(Problem) in
            let row = try await document(call, in: try await source(call, .writeProjects))
            try await service.documents { library throws(LibraryError) in try library.remove([row]) }
            return HTTPResponse(status: 204)
        }
    }

    private var removeSource: Route {
        let contract = Contract(
            "removeSource",
            "Removes a source with all its documents.",
            .knowledge,
            .may(.writeProjects),
            .nothing
        )
        return Route("DELETE", "/v1/rag/{source}", contract) { call throws(Problem) in
            let source = try await source(call, .writeProjects)
            try await service.documents { library throws(LibraryError) in try library.remove(source) }
            return HTTPResponse(status: 204)
        }
    }

    // MARK: Parts

    /// The source that the path names, if the caller may do that to it.
    private func source(_ call: APICall, _ permission: Permission) async throws(Problem) -> SourceRow {
        guard let row = try await known(call) else { throw .notFound("source `\(call.parameter("source"))`") }
        try await check(row, call.caller, permission)
        return row
    }

    private func known(_ call: APICall) async throws(Problem) -> SourceRow? {
        let (name, tenant) = (call.parameter("source"), call.caller.tenant)
        return try await service.documents { library throws(LibraryError) in try library.source(name, tenant: tenant) }
    }

    private func check(_ row: SourceRow, _ caller: Principal, _ permission: Permission) async throws(Problem) {
        try await service.accounts { identity throws(IdentityError) in
            try identity.access(caller, permission, on: row.ownership).check("source `\(row.name)`")
        }
    }

    /// The source to write to, made when it is not there.
    private func madeSource(_ call: APICall) async throws(Problem) -> SourceRow {
        let project = call.fields.text("project")
        if let row = try await known(call) {
            try await check(row, call.caller, .writeProjects)
            guard project == nil || project == row.ownership.project else {
                throw Problem(409, "state.conflict", "the source `\(row.name)` is there, and in another project")
            }
            return row
        }
        if let project { try await service.requireStart(in: project, call.caller) }
        let (name, ownership) = (call.parameter("source"), call.ownership(in: project))
        return try await service.documents { library throws(LibraryError) in try library.makeSource(name, ownership) }
    }

    private func document(_ call: APICall, in source: SourceRow) async throws(Problem) -> DocumentRow {
        let id: DocumentID = try call.id("document", "document")
        let row = try await service.documents { library throws(LibraryError) in try library.document(id, in: source) }
        guard let row else { throw .notFound("document `\(id)`") }
        return row
    }
}

extension LibraryError: ProblemSource {
    var problem: Problem {
        if let storage, code == .storage { return Problem(storage) }
        let status =
            switch code {
            case .notFound: 404
            case .conflict: 409
            case .invalid: 422
            case .storage: 503
            }
        return Problem(status, code.rawValue, message)
    }
}
