// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTP
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model

/// Resources that tasks need (spec 2.2): everybody of the tenant sees them, administrators change them.
struct ResourceRoutes: Sendable {
    let service: Service
    let prober: ResourceProber

    private static let span = Shape.text(2...8, pattern: "^[1-9][0-9]{0,5}(ms|s|m|h)$")
    private static let fields: [Shape.Field] = [
        .optional("interval", span, "How often it is looked at, 1s to 1h; 30s when left out."),
        .optional("timeout", span, "How long an answer may take, 100ms to 60s; 5s when left out."),
        .optional("slow", span, "An answer that takes longer makes it `degraded`."),
        .optional("failures", .integer(1...100), "So many in a row make it `offline`; 3 when left out."),
        .optional("successes", .integer(1...100), "So many in a row make it `online` again; 2 when left out."),
        .optional("allow_private", .flag, "Its host may have a private address."),
    ]

    var routes: [Route] { [list, add, show, change, remove, check] }

    private var list: Route {
        let contract = Contract(
            "listResources",
            "Resources by name, and how they are.",
            .resources,
            .may(.readResources),
            .page("Resource")
        )
        return Route("GET", "/v1/resources", contract) { call throws(Problem) in
            .page(try await resources(call).map(\.json), next: nil)
        }
    }

    private var add: Route {
        let contract = Contract(
            "addResource",
            "Makes something known that tasks need, by `resources` of their nodes: they wait while it is offline.",
            .resources,
            .may(.controlResources),
            body: .json(
                .members(
                    [
                        .required(
                            "id",
                            .text(1...100, pattern: "^[A-Za-z_][A-Za-z0-9_.-]{0,99}$"),
                            "What nodes call it."
                        ),
                        .required("kind", .choice(ResourceRecord.Kind.self)),
                        .required("target", .text(1...2000), "A URL, or `host:port`."),
                    ] + Self.fields,
                    isClosed: true
                )
            ),
            Contract.Answer(201, "It is looked at from now on.", .named("Resource")),
            .problem(409, "There is one of that name.")
        ).checkingFurther()
        return Route("POST", "/v1/resources", contract) { call throws(Problem) in
            let name = call.fields.requiredText("id")
            let definition = try definition(call.fields.object)
            let made = try await service.ask(call) { engine throws(EngineError) in
                try await engine.addResource(name, definition, tenant: call.caller.tenant)
            }
            return .json(made.json, status: 201, headers: ["location": "/v1/resources/\(name)"])
        }
    }

    private var show: Route {
        let contract = Contract(
            "showResource",
            "A resource, and how it is.",
            .resources,
            .may(.readResources),
            .ok(.named("Resource"))
        )
        return Route("GET", "/v1/resources/{resource}", contract) { call throws(Problem) in
            .json(try await resource(call).json)
        }
    }

    private var change: Route {
        let contract = Contract(
            "changeResource",
            "Changes what a resource is and how it is looked at, which begins anew.",
            .resources,
            .may(.controlResources),
            body: .json(
                .members(
                    [
                        .optional("kind", .choice(ResourceRecord.Kind.self)),
                        .optional("target", .text(1...2000), "A URL, or `host:port`."),
                    ] + Self.fields,
                    isClosed: true
                )
            ),
            .ok(.named("Resource"))
        ).checkingFurther()
        return Route("PATCH", "/v1/resources/{resource}", contract) { call throws(Problem) in
            let known = try await resource(call)
            var wanted = known.definition.json
            for member in call.fields.object.members { wanted[member.key] = member.value }
            let definition = try definition(wanted)
            let changed = try await service.ask(call) { engine throws(EngineError) in
                try await engine.changeResource(known.name, definition, tenant: known.tenant)
            }
            return .json(changed.json)
        }
    }

    private var remove: Route {
        let contract = Contract(
            "removeResource",
            "Forgets a resource; tasks that need it wait until there is one of that name again.",
            .resources,
            .may(.controlResources),
            .nothing
        )
        return Route("DELETE", "/v1/resources/{resource}", contract) { call throws(Problem) in
            let known = try await resource(call)
            try await service.ask(call) { engine throws(EngineError) in
                try await engine.removeResource(known.name, tenant: known.tenant)
            }
            return HTTPResponse(status: 204)
        }
    }

    private var check: Route {
        let contract = Contract(
            "probeResource",
            "Looks at a resource now; the answer has what was found.",
            .resources,
            .may(.controlResources),
            body: .optional([]),
            .ok(.named("Resource"))
        )
        return Route("POST", "/v1/resources/{resource}/probe", contract) { call throws(Problem) in
            let known = try await resource(call)
            do throws(EngineError) {
                let checking = try await service.engine.checkResource(known.name, tenant: known.tenant)
                return .json(try await prober.probe(checking).json)
            } catch {
                throw Problem(error)
            }
        }
    }

    // MARK: Parts

    private func resources(_ call: APICall) async throws(Problem) -> [ResourceRecord] {
        do throws(EngineError) {
            return try await service.engine.resources(of: call.caller.tenant)
        } catch {
            throw Problem(error)
        }
    }

    private func resource(_ call: APICall) async throws(Problem) -> ResourceRecord {
        let name = call.parameter("resource")
        guard let known = try await resources(call).first(where: { $0.name == name }) else {
            throw .notFound("resource `\(name)`")
        }
        return known
    }

    /// What a body says, with everything checked that can be without asking the network.
    private func definition(_ body: JSONObject) throws(Problem) -> ResourceRecord.Definition {
        for key in ["interval", "timeout", "slow"] {
            guard let text = body[key]?.stringValue, Duration(text: text) == nil else { continue }
            throw .invalid("/\(key)", "must be a span such as 30s")
        }
        guard let definition = ResourceRecord.Definition(json: .object(body)) else {
            throw .invalid("/kind", "a kind and a target are expected")
        }
        if let violation = definition.violation { throw .invalid("", violation) }
        let (target, isPrivate) = (definition.target, definition.isPrivate)
        switch definition.kind {
        case .tcp:
            guard AddressPolicy.isEntry(target) else { throw .invalid("/target", "must be `host:port`") }
            let policy = AddressPolicy(allowed: isPrivate ? [target] : [])
            if let rule = policy.refusal(ofURL: "http://\(target)") { throw refused(rule) }
        case .http:
            guard let url = try? HTTPURL(target) else { throw .invalid("/target", "must be an http or https URL") }
            let policy = AddressPolicy(allowed: isPrivate ? [url.authority] : [])
            if let rule = policy.refusal(of: url) { throw refused(rule) }
        }
        return definition
    }

    private func refused(_ rule: String) -> Problem {
        .invalid("/target", "\(rule) is not looked at; `allow_private` permits it for this resource")
    }
}
