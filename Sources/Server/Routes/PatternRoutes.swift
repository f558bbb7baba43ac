// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Chains of agents and tools that were done again and again (spec 9.14): whoever sees the runs sees what is found in them.
struct PatternRoutes: Sendable {
    let service: Service
    /// Tools with their schemas.
    let tools: @Sendable () -> [JSONValue]

    var routes: [Route] { [list, show, promote, dismiss] }

    private var list: Route {
        let contract = Contract(
            "listPatterns",
            "Chains of agents and tools that were seen often enough to make a workstack of them, the most certain first.",
            .workflows,
            .may(.readRuns),
            query: [
                .init(
                    "status",
                    .choice(PatternRecord.Status.self),
                    "`seen` for those that were not often enough yet; `suggested` when left out."
                )
            ],
            .page("Pattern")
        )
        return Route("GET", "/v1/patterns", contract) { call throws(Problem) in
            let wanted = call.query("status") ?? PatternRecord.Status.suggested.rawValue
            let (all, visible) = (try await patterns(call), try await service.visibility(of: call.caller))
            let shown = all.filter { $0.status.rawValue == wanted && visible.shows($0.ownership) }
            return .page(shown.map { $0.json(at: service.clock.wall()) }, next: nil)
        }
    }

    private var show: Route {
        let contract = Contract(
            "showPattern",
            "A pattern, and the workstack that it would become.",
            .workflows,
            .may(.readRuns),
            .ok(.named("Pattern"))
        )
        return Route("GET", "/v1/patterns/{pattern}", contract) { call throws(Problem) in
            let record = try await pattern(call, .readRuns)
            var json = record.json(at: service.clock.wall()).objectValue ?? [:]
            json["document"] = PatternDraft(record.steps, named: record.name, schema: schema).document
            return .json(.object(json))
        }
    }

    private var promote: Route {
        let contract = Contract(
            "promotePattern",
            "Publishes the workstack that a pattern is. Who promotes it again gets the first answer.",
            .workflows,
            .may(.writeWorkflows),
            body: .optional([.optional("name", .name, "Of the workstack; that of the pattern when left out.")]),
            .ok(.named("Pattern"), "Its `promotion` names the workstack."),
            .problem(409, "There is a definition of that name: give another `name`.")
        ).checkingFurther()
        return Route("POST", "/v1/patterns/{pattern}/promote", contract) { call throws(Problem) in
            guard ![.agent, .worker].contains(call.caller.role) else {
                throw Problem(403, "permission.denied", "only people promote patterns")
            }
            let record = try await pattern(call, .readRuns)
            guard record.status != .promoted else { return .json(record.json(at: service.clock.wall())) }
            let (name, actor, schema) = (call.fields.text("name"), call.catalogActor(reason: nil), schema)
            let version = try await service.definitions { catalog throws(CatalogError) in
                try PatternPublication.publish(record, as: name, in: catalog, schema: schema, by: actor)
            }
            let promotion = PatternRecord.Promotion(
                workstack: version.name,
                version: version.number ?? 0,
                by: call.actor,
                at: service.clock.wall()
            )
            let promoted = try await ask { engine throws(EngineError) in
                try await engine.promote(record.id, tenant: record.ownership.tenant, promotion)
            }
            return .json(promoted.json(at: service.clock.wall()))
        }
    }

    private var dismiss: Route {
        let contract = Contract(
            "dismissPattern",
            "Says that nobody wants a pattern: it is not proposed again.",
            .workflows,
            .may(.controlRuns),
            .nothing,
            .problem(409, "A workstack was made of it.")
        )
        return Route("DELETE", "/v1/patterns/{pattern}", contract) { call throws(Problem) in
            let record = try await pattern(call, .controlRuns)
            _ = try await ask { engine throws(EngineError) in
                try await engine.dismiss(record.id, tenant: record.ownership.tenant)
            }
            return HTTPResponse(status: 204)
        }
    }

    // MARK: Parts

    private var schema: @Sendable (String) -> JSONValue? {
        let known = tools()
        return { name in known.first { $0["name"]?.stringValue == name }?["input_schema"] }
    }

    private func patterns(_ call: APICall) async throws(Problem) -> [PatternRecord] {
        try await ask { engine throws(EngineError) in try await engine.patterns(of: call.caller.tenant) }
    }

    /// The pattern that the path names, if the caller may do that to the runs that it was found in.
    private func pattern(_ call: APICall, _ permission: Permission) async throws(Problem) -> PatternRecord {
        let id: PatternID = try call.id("pattern", "pattern")
        guard let record = try await patterns(call).first(where: { $0.id == id }) else {
            throw .notFound("pattern `\(id)`")
        }
        let caller = call.caller
        try await service.accounts { identity throws(IdentityError) in
            try identity.access(caller, permission, on: record.ownership).check("pattern `\(id)`")
        }
        return record
    }

    private func ask<Value: Sendable>(
        _ body: (DurableEngine) async throws(EngineError) -> Value
    ) async throws(Problem) -> Value {
        do throws(EngineError) {
            return try await body(service.engine)
        } catch {
            throw Problem(error)
        }
    }
}
