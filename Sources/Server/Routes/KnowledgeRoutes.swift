// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON
internal import Knowledge
internal import Model
internal import Store

/// What is known in projects (spec 8.9): whoever sees a project reads it, its operators change it.
struct KnowledgeRoutes: Sendable {
    let service: Service

    var routes: [Route] { [list, add, change, remove] }

    private static let text = Shape.text(1...Library.findingLength)

    private var list: Route {
        let contract = Contract(
            "listKnowledge",
            "What is known in a project, the newest first.",
            .knowledge,
            .may(.readProjects),
            query: [
                .init("category", .choice(FindingRow.Category.self), "Only about that."),
                .init("q", .word(1...200), "Only with words of it, those with most of them first."),
            ],
            .page("Finding")
        ).checkingFurther()
        return Route("GET", "/v1/projects/{project}/knowledge", contract) { call throws(Problem) in
            let (project, tenant) = (try await project(call, .readProjects), call.caller.tenant)
            let (category, question) = (call.query("category"), call.query("q"))
            let rows = try await service.documents { library throws(LibraryError) in
                guard let question else { return try library.findings(of: project, in: tenant) }
                return try library.findings(like: question, of: project, in: tenant, limit: 100).map { $0.row }
            }
            let shown = rows.filter { category == nil || $0.category.rawValue == category }
            return .page(shown.map { .object($0.json) }, next: nil)
        }
    }

    private var add: Route {
        let contract = Contract(
            "addKnowledge",
            "Writes down what is known in a project; agents of its runs are told. The same words are kept once.",
            .knowledge,
            .may(.writeProjects),
            body: .json(
                .object(.required("category", .choice(FindingRow.Category.self)), .required("text", Self.text))
            ),
            .ok(.named("Finding"), "It was known before."),
            Contract.Answer(201, "It is known from now on.", .named("Finding"))
        ).checkingFurther()
        return Route("POST", "/v1/projects/{project}/knowledge", contract) { call throws(Problem) in
            let project = try await project(call, .writeProjects)
            let (caller, text) = (call.caller, call.fields.requiredText("text"))
            let category = FindingRow.Category(rawValue: call.fields.requiredText("category")) ?? .discovery
            let made = try await service.documents { library throws(LibraryError) in
                try library.addFinding(category, text, to: project, in: caller.tenant, by: caller.actor)
            }
            return .json(.object(made.row.json), status: made.isNew ? 201 : 200)
        }
    }

    private var change: Route {
        let contract = Contract(
            "changeKnowledge",
            "Changes what is known.",
            .knowledge,
            .may(.writeProjects),
            body: .json(
                .change(.optional("category", .choice(FindingRow.Category.self)), .optional("text", Self.text))
            ),
            .ok(.named("Finding")),
            .problem(409, "Another finding says the same.")
        ).checkingFurther()
        return Route("PATCH", "/v1/projects/{project}/knowledge/{finding}", contract) { call throws(Problem) in
            let row = try await finding(call, .writeProjects)
            let category = call.fields.text("category").flatMap(FindingRow.Category.init)
            let text = call.fields.text("text")
            let changed = try await service.documents { library throws(LibraryError) in
                try library.change(row, category, text)
            }
            return .json(.object(changed.json))
        }
    }

    private var remove: Route {
        let contract = Contract(
            "removeKnowledge",
            "Forgets what is known.",
            .knowledge,
            .may(.writeProjects),
            .nothing
        )
        return Route("DELETE", "/v1/projects/{project}/knowledge/{finding}", contract) { call throws(Problem) in
            let row = try await finding(call, .writeProjects)
            try await service.documents { library throws(LibraryError) in try library.remove(row) }
            return HTTPResponse(status: 204)
        }
    }

    /// The project that the path names, if the caller may do that to it.
    private func project(_ call: APICall, _ permission: Permission) async throws(Problem) -> String {
        let (project, caller) = (call.parameter("project"), call.caller)
        try await service.accounts { identity throws(IdentityError) in
            let thing = Ownership(tenant: caller.tenant, owner: "", project: project)
            try identity.access(caller, permission, on: thing).check("project `\(project)`")
        }
        return project
    }

    private func finding(_ call: APICall, _ permission: Permission) async throws(Problem) -> FindingRow {
        let (project, tenant) = (try await project(call, permission), call.caller.tenant)
        let id: FindingID = try call.id("finding", "finding")
        let row = try await service.documents { library throws(LibraryError) in
            try library.finding(id, of: project, in: tenant)
        }
        guard let row else { throw .notFound("finding `\(id)`") }
        return row
    }
}
