// Baton
// SPDX-License-Identifier: Apache-2.0

internal import AgentMemory
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// What agents keep: memories, contexts and thoughts of runs, projects and agents (spec 8.8).
struct NoteRoutes: Sendable {
    let service: Service
    let agents: APISettings.Agents

    /// What holds notes.
    enum Home: String, CaseIterable {
        case run, project, agent, session

        var path: String { "/v1/\(rawValue)s/{\(rawValue)}" }
        /// In names of operations.
        var word: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
        var owner: String {
            switch self {
            case .run: "a run"
            case .project: "a project"
            case .agent: "an agent, one's own"
            case .session: "a session"
            }
        }
        var reading: Permission {
            switch self {
            case .run, .session: .readRuns
            case .project: .readProjects
            case .agent: .callTools
            }
        }
    }

    var routes: [Route] {
        Home.allCases.flatMap { memory($0) }
            + [Home.run, .project, .session].flatMap { contexts($0) + transfers($0) }
            + thinking(.run) + thinking(.session)
    }

    // MARK: Places

    /// The place that the path names, if the caller may do that there.
    func place(_ home: Home, _ call: APICall, _ permission: Permission) async throws(Problem) -> NotePlace {
        let caller = call.caller
        switch home {
        case .run:
            let run = try await service.run(call, permission)
            return .run(run.id, of: run.ownership)
        case .project:
            let project = call.parameter("project")
            try await service.accounts { identity throws(IdentityError) in
                let thing = Ownership(tenant: caller.tenant, owner: "", project: project)
                try identity.access(caller, permission, on: thing).check("project `\(project)`")
            }
            return NotePlace(tenant: caller.tenant, scope: .project, holder: project)
        case .session:
            let (row, sessions) = (try await service.session(call, permission), service.sessions)
            if permission != home.reading {
                try await service.blocking { () throws(NoteError) in try sessions.checkOpen(row) }
            }
            return .session(row)
        case .agent:
            let agent = call.parameter("agent")
            guard agents.show(agent) != nil else { throw .notFound("agent `\(agent)`") }
            return NotePlace(tenant: caller.tenant, scope: .agent, holder: agent, owner: NotePlace.owner(caller.actor))
        }
    }

    /// Does what a tool of that name does.
    func perform(
        _ name: String,
        _ arguments: JSONObject,
        _ home: Home,
        _ call: APICall
    ) async throws(Problem) -> JSONValue {
        let request: NoteRequest
        do throws(NoteError) {
            request = try NoteRequest(name, .object(arguments))
        } catch {
            throw Problem(error)
        }
        let place = try await place(home, call, request.isWrite ? .callTools : home.reading)
        let (notebook, author) = (service.notebook, Notebook.Author(call.actor))
        return try await service.blocking { () throws(NoteError) in
            try notebook.perform(request, in: place, by: author)
        }
    }

    /// An answer with `items` and `next` as a page.
    static func page(_ answer: JSONValue) -> HTTPResponse {
        .page(answer["items"]?.arrayValue ?? [], next: answer["next"]?.stringValue)
    }

    // MARK: Memories

    private static let ttl = Shape.text(2...40).meaning("How long it is kept, such as `30m` or `7d`.")

    private func memory(_ home: Home) -> [Route] {
        [listMemory(home), bulk(home), remember(home), recall(home), forget(home)]
    }

    private func listMemory(_ home: Home) -> Route {
        let contract = Contract(
            "list\(home.word)Memory",
            "What the memory of \(home.owner) has, by key; with `q` what fits its words, the best first.",
            .memory,
            .may(home.reading),
            query: [
                .init("q", .word(1...1000), "Words to look for in keys, tags and values."),
                .init("min_score", .word(1...10), "The least score of what fits [0–1]; 0.3 when not given."),
                .init("glob", .word(1...200), "Only keys such as `user/*`."),
                .init("tag", .word(1...200), "Only entries with the tag."), .limit,
                .init("cursor", .word(1...1000), "`next_cursor` of the page before."),
            ],
            .page("MemoryEntry")
        )
        return Route("GET", home.path + "/memory", contract.checkingFurther()) { call throws(Problem) in
            var arguments: JSONObject = ["limit": .int(Int64(call.limit))]
            arguments["tag"] = call.query("tag").map(JSONValue.string)
            guard let text = call.query("q") else {
                arguments["glob"] = call.query("glob").map(JSONValue.string)
                arguments["after"] = call.query("cursor").map(JSONValue.string)
                return Self.page(try await perform("memory.list", arguments, home, call))
            }
            arguments["text"] = .string(text)
            arguments["limit"] = .int(Int64(min(call.limit, 100)))
            if let text = call.query("min_score") {
                guard let score = Double(text) else { throw .invalid("min_score", "must be a number from 0 to 1") }
                arguments["min_score"] = .double(score)
            }
            return Self.page(try await perform("memory.search", arguments, home, call))
        }
    }

    private func remember(_ home: Home) -> Route {
        let contract = Contract(
            "remember\(home.word)Memory",
            "Writes an entry of the memory of \(home.owner).",
            .memory,
            .may(.callTools),
            body: .json(
                .object(
                    .required("value", .any, "Any JSON but null, up to 64 KiB."),
                    .optional("tags", .list(.text(1...200), 0...32)),
                    .optional("ttl", Self.ttl),
                    .optional("overwrite", .flag, "False refuses when the key has a value; true by default.")
                )
            ),
            .ok(.named("MemoryWritten")),
            .problem(409, "The key has a value, and `overwrite` is false.")
        )
        return Route("PUT", home.path + "/memory/{entry}", contract.checkingFurther()) { call throws(Problem) in
            var arguments = call.fields.object
            arguments["key"] = .string(call.parameter("entry"))
            return .json(try await perform("memory.remember", arguments, home, call))
        }
    }

    private func recall(_ home: Home) -> Route {
        let contract = Contract(
            "recall\(home.word)Memory",
            "An entry of the memory of \(home.owner).",
            .memory,
            .may(home.reading),
            .ok(.named("MemoryEntry"))
        )
        return Route("GET", home.path + "/memory/{entry}", contract.checkingFurther()) { call throws(Problem) in
            let key = call.parameter("entry")
            let entry = try await perform("memory.recall", ["key": .string(key)], home, call)
            guard entry["found"] == true else { throw .notFound("entry `\(key)`") }
            return .json(entry)
        }
    }

    private func forget(_ home: Home) -> Route {
        let contract = Contract(
            "forget\(home.word)Memory",
            "Removes an entry of the memory of \(home.owner).",
            .memory,
            .may(.callTools),
            .nothing
        )
        return Route("DELETE", home.path + "/memory/{entry}", contract.checkingFurther()) { call throws(Problem) in
            let key = call.parameter("entry")
            let answer = try await perform("memory.forget", ["key": .string(key)], home, call)
            guard answer["forgotten"] == true else { throw .notFound("entry `\(key)`") }
            return HTTPResponse(status: 204)
        }
    }

    private func bulk(_ home: Home) -> Route {
        let contract = Contract(
            "change\(home.word)Memory",
            "Several operations on the memory of \(home.owner), one after the other, each with a result.",
            .memory,
            .may(.callTools),
            body: .json(
                .object(
                    .required(
                        "operations",
                        .list(
                            .members(
                                [.required("op", .choice(["remember", "recall", "forget", "list", "search"]))],
                                isClosed: false
                            ),
                            1...NoteLimits.operations
                        )
                    )
                )
            ),
            .ok(.named("MemoryResults"), "All were carried out."),
            Contract.Answer(207, "Some failed.", .named("MemoryResults"))
        )
        return Route("POST", home.path + "/memory", contract.checkingFurther()) { call throws(Problem) in
            let answer = try await perform("memory.bulk", call.fields.object, home, call)
            return .json(answer, status: answer["failed"] == 0 ? 200 : 207)
        }
    }
}

extension NoteError: ProblemSource {
    var problem: Problem {
        if let storage { return Problem(storage) }
        switch code {
        case .invalid: return .invalid(pointer, message)
        case .notFound: return Problem(404, code.rawValue, message)
        case .conflict, .ended: return Problem(409, code.rawValue, message)
        case .tooLarge: return Problem(413, code.rawValue, message)
        case .storage: return Problem(503, code.rawValue, message)
        }
    }
}

extension Problem {
    init(_ error: NoteError) { self = error.problem }
}
