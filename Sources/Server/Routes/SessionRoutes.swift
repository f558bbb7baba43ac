// Baton
// SPDX-License-Identifier: Apache-2.0

internal import AgentMemory
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Sessions, in which agents go on with their conversations (spec 8.8).
struct SessionRoutes: Sendable {
    let service: Service
    let agents: APISettings.Agents

    var routes: [Route] { [start, list, show, end, delete, thread] }

    private var start: Route {
        let contract = Contract(
            "startSession",
            "Starts a session, and the agents in it that are started before they are needed.",
            .memory,
            .may(.callTools),
            body: .optional(
                .optional(
                    "agents",
                    .list(.text(1...64), 0...AgentSessions.agentLimit),
                    "Who may work in it; all when left out."
                ),
                .optional("ttl", .text(2...40), "How long it takes work, such as `8h`; 7 days when left out."),
                .optional("project", .text(1...100), "Runs of this project may work in it, too.")
            ),
            Contract.Answer(201, "It takes work.", .named("Session")),
            .problem(503, "None of the agents that were to be started could be.")
        ).checkingFurther()
        return Route("POST", "/v1/sessions", contract) { call throws(Problem) in
            let (names, project) = (call.fields.texts("agents") ?? [], call.fields.text("project"))
            for (index, name) in names.enumerated() where agents.show(name) == nil {
                throw .invalid("/agents/\(index)", "is no agent: `\(name)`")
            }
            var life: Duration?
            if let text = call.fields.text("ttl") {
                life = Duration(text: text)
                if life == nil { throw .invalid("/ttl", "must be a span such as 8h") }
            }
            if let project { try await service.requireStart(in: project, call.caller) }
            let started = agents.start(names)
            if !started.isEmpty, started.allSatisfy({ $0["started"] == false }) {
                let reasons = started.compactMap { $0["problem"]?.stringValue }.joined(separator: "; ")
                throw Problem(503, "agent.unavailable", "no agent could be started: \(reasons)")
            }
            let (sessions, ownership, actor) = (service.sessions, call.ownership(in: project), call.actor)
            let (lifetime, wanted) = (life, names)
            let row = try await service.blocking { () throws(NoteError) in
                try sessions.start(wanted, for: lifetime, of: ownership, by: actor)
            }
            var json = row.json(at: sessions.time)
            json["started"] = .array(started)
            return .json(.object(json), status: 201)
        }
    }

    private var list: Route {
        let contract = Contract(
            "listSessions",
            "The sessions that one sees, the newest first.",
            .memory,
            .may(.readRuns),
            query: [.limit, .cursor("^ses_[0-9a-z]{26}$")],
            .page("Session")
        ).checkingFurther()
        return Route("GET", "/v1/sessions", contract) { call throws(Problem) in
            let visibility = try await service.visibility(of: call.caller)
            let (sessions, limit) = (service.sessions, call.limit)
            let last: SessionID? = try call.cursor { SessionID($0) }
            let rows = try await service.blocking { () throws(NoteError) in
                try sessions.sessions(visibility, before: last, limit: limit + 1)
            }
            let (page, time) = (rows.prefix(limit), sessions.time)
            return .page(
                page.map { .object($0.json(at: time)) },
                next: rows.count > limit ? page.last?.id.description : nil
            )
        }
    }

    private var show: Route {
        let contract = Contract(
            "showSession",
            "A session with its threads.",
            .memory,
            .may(.readRuns),
            .ok(.named("Session"))
        )
        return Route("GET", "/v1/sessions/{session}", contract) { call throws(Problem) in
            let (row, sessions) = (try await service.session(call, .readRuns), service.sessions)
            let threads = try await service.blocking { () throws(NoteError) in try sessions.threads(of: row) }
            var json = row.json(at: sessions.time)
            json["threads"] = .array(threads.map(\.json))
            return .json(.object(json))
        }
    }

    private var end: Route {
        let contract = Contract(
            "endSession",
            "Lets a session take no more work; what it holds can be read until it is deleted.",
            .memory,
            .may(.callTools),
            .ok(.named("Session"), "It has ended, now or before.")
        )
        return Route("POST", "/v1/sessions/{session}/end", contract) { call throws(Problem) in
            let (row, sessions) = (try await service.session(call, .callTools), service.sessions)
            let ended = try await service.blocking { () throws(NoteError) in try sessions.end(row) }
            return .json(.object(ended.json(at: sessions.time)))
        }
    }

    private var delete: Route {
        let contract = Contract(
            "deleteSession",
            "Removes a session with its threads and its notes.",
            .memory,
            .may(.callTools),
            .nothing
        )
        return Route("DELETE", "/v1/sessions/{session}", contract) { call throws(Problem) in
            let (row, sessions) = (try await service.session(call, .callTools), service.sessions)
            try await service.blocking { () throws(NoteError) in try sessions.delete(row) }
            return HTTPResponse(status: 204)
        }
    }

    private var thread: Route {
        let contract = Contract(
            "showThread",
            "What an agent was asked and answered in a session, by number, whole; and what its older part is summed up to.",
            .memory,
            .may(.readRuns),
            query: [.limit, .cursor],
            .ok(
                .answer(
                    .required("items", .list(.named("ThreadTurn"))),
                    .required("next_cursor", Shape(["type": ["string", "null"]])),
                    .required(
                        "summary",
                        Shape(["type": ["object", "null"]]),
                        "`{last, text, at}`: of the turns up to `last`."
                    )
                )
            )
        ).checkingFurther()
        return Route("GET", "/v1/sessions/{session}/threads/{agent}", contract) { call throws(Problem) in
            let (row, sessions) = (try await service.session(call, .readRuns), service.sessions)
            let (key, limit) = (ThreadKey(row.id, call.parameter("agent")), call.limit)
            let last: Int = try call.cursor { Int($0) } ?? 0
            let (turns, summary) = try await service.blocking { () throws(NoteError) in
                try sessions.thread(key, after: last, limit: limit + 1)
            }
            let page = turns.prefix(limit)
            let next = turns.count > limit ? page.last.map { JSONValue.string(String($0.number)) } : nil
            return .json([
                "items": .array(page.map(\.json)), "next_cursor": next ?? .null, "summary": summary?.json ?? .null,
            ])
        }
    }
}

extension Service {
    /// The session that the path names, if the caller may do that to it.
    func session(_ call: APICall, _ permission: Permission) async throws(Problem) -> SessionRow {
        let text = call.parameter("session")
        return try await session(SessionID(text), "session `\(text)`", call.caller, permission)
    }

    /// A session, likewise.
    func session(
        _ id: SessionID?,
        _ words: String,
        _ caller: Principal,
        _ permission: Permission
    ) async throws(Problem) -> SessionRow {
        let sessions = sessions
        let found = try await blocking { () throws(NoteError) in
            try id.flatMap { id throws(NoteError) in try sessions.session(id) }
        }
        guard let row = found else { throw .notFound(words) }
        try await accounts { identity throws(IdentityError) in
            try identity.access(caller, permission, on: row.ownership).check(words)
        }
        return row
    }
}
