// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import HTTPServer
internal import Identity
internal import JSON

/// The agents of this server (spec 8.1).
struct AgentRoutes: Sendable {
    let agents: APISettings.Agents

    var routes: [Route] { [list, match, show] }

    private var list: Route {
        let contract = Contract(
            "listAgents",
            "Agents by id, with what they can do and what they do now.",
            .agents,
            .may(.readCatalog),
            query: [.init("capability", .word(1...64), "Only those that have it.")],
            .page("Agent")
        )
        return Route("GET", "/v1/agents", contract) { call throws(Problem) in
            let all = agents.list()
            guard let wanted = call.query("capability") else { return .page(all, next: nil) }
            let found = all.filter { $0["capabilities"]?.arrayValue?.contains(.string(wanted)) == true }
            return .page(found, next: nil)
        }
    }

    private var match: Route {
        let names = Shape.list(.text(1...64), 0...50)
        let contract = Contract(
            "matchAgents",
            "Who would be chosen now for what is wanted, and why.",
            .agents,
            .may(.readCatalog),
            body: .json(
                .members(
                    [
                        .required("capabilities", .list(.text(1...64), 1...50), "All of it has to be covered."),
                        .optional("prefer", names, "Agents that are preferred."),
                        .optional("max_agents", .integer(1...10), "How many at most; 1 when left out."),
                    ],
                    isClosed: true
                )
            ),
            .ok(.named("AgentMatch"), "`missing` is what nobody covers.")
        )
        return Route("POST", "/v1/agents/match", contract) { call throws(Problem) in
            func words(_ key: String) -> [String] { call.fields.texts(key) ?? [] }
            let wanted = Graph.Team.Match(
                capabilities: words("capabilities"),
                preferred: words("prefer"),
                limit: call.fields.integer("max_agents") ?? 1
            )
            return .json(agents.match(wanted))
        }
    }

    private var show: Route {
        let contract = Contract(
            "showAgent",
            "An agent with its instructions.",
            .agents,
            .may(.readCatalog),
            .ok(.named("Agent"))
        )
        return Route("GET", "/v1/agents/{agent}", contract) { call throws(Problem) in
            let id = call.parameter("agent")
            guard let agent = agents.show(id) else { throw .notFound("agent `\(id)`") }
            return .json(agent)
        }
    }
}
