// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import RateLimits
internal import Store

/// Paths and shapes for clients that were written against similar tools (spec 10.2, end). They do what other operations do.
struct CompatibilityRoutes: Sendable {
    let service: Service
    let feed: LiveFeed
    let settings: APISettings
    /// What they lead to.
    let operations: [Route]

    var routes: [Route] { plain + runs + approvals + live }

    private var plain: [Route] {
        let tasks = contract(of: "listTasks")
        return [
            Route(
                "GET",
                "/api/status",
                Contract(
                    "showStatusCompatibly",
                    "Open runs by status, open requests to people, and how the server is.",
                    .compatibility,
                    .may(.readRuns),
                    .ok(
                        .answer(
                            .required("status", .text),
                            .required("version", .text),
                            .required("runs", .map(.integer)),
                            .required("human_tasks", .integer)
                        )
                    )
                )
            ) { call throws(Problem) in
                let view = StatusBoard.View(visibility: try await service.visibility(of: call.caller))
                let data = try await feed.status.snapshot(of: view)["data"]
                return .json([
                    "status": data?["health"] ?? "ok", "version": .string(service.version),
                    "runs": data?["runs"] ?? [:],
                    "human_tasks": data?["human_tasks"] ?? 0,
                ])
            },
            Route(
                "GET",
                "/api/tasks",
                Contract(
                    "listTasksCompatibly",
                    "`GET /v1/tasks` as `{tasks, next_cursor}`.",
                    .compatibility,
                    .may(.readRuns),
                    query: tasks?.query ?? [],
                    .ok(.answer(.required("tasks", .list(.named("Task"))), .required("next_cursor", .any)))
                ).checkingFurther()
            ) { call throws(Problem) in
                let page = try await json("listTasks", call)
                return .json(["tasks": page["items"] ?? [], "next_cursor": page["next_cursor"] ?? .null])
            },
            Route(
                "GET",
                "/api/export",
                Contract(
                    "exportRunsCompatibly",
                    "With `run` all of it as `GET /v1/runs/{run}/export` has it; else a line `{run}` for each run that one sees.",
                    .compatibility,
                    .may(.readRuns),
                    query: [.init("run", .id("run"), "Which run.")],
                    kind: .export,
                    Contract.Answer(200, "The lines.", .any, mediaType: "application/jsonl")
                ),
                export
            ),
        ]
    }

    private var runs: [Route] {
        [
            alias(
                "POST",
                "/api/v1/workflows/{workflow}/execute",
                "executeCompatibly",
                "Starts a published workflow, named as `NAME` or `NAME@TAG`.",
                "startRun"
            ) { call in
                let parts = call.parameter("workflow").split(separator: "@", maxSplits: 1).map(String.init)
                var fields = call.fields.object
                if parts.count == 2 { fields["version"] = .string(parts[1]) }
                return (["name": parts.first ?? ""], fields)
            },
            alias("GET", "/api/v1/runs/{run}", "showRunCompatibly", "`GET /v1/runs/{run}`.", "showRun"),
            alias(
                "GET",
                "/api/v1/runs/{run}/details",
                "showRunDetailsCompatibly",
                "`GET /v1/runs/{run}/details`.",
                "showRunDetails"
            ),
            alias(
                "GET",
                "/api/v1/runs/{run}/patches",
                "listPatchesCompatibly",
                "`GET /v1/runs/{run}/patches`.",
                "listPatches"
            ),
            alias(
                "POST",
                "/api/v1/runs/{run}/patch",
                "proposePatchCompatibly",
                "`POST /v1/runs/{run}/patches`.",
                "proposePatch"
            ),
        ].compactMap(\.self)
    }

    private var approvals: [Route] {
        [
            Route(
                "GET",
                "/api/approval",
                Contract(
                    "listApprovalsCompatibly",
                    "`GET /v1/human-tasks` as `{approvals, next_cursor}`.",
                    .compatibility,
                    .may(.readHumanTasks),
                    query: contract(of: "listHumanTasks")?.query ?? [],
                    .ok(.answer(.required("approvals", .list(.named("HumanTask"))), .required("next_cursor", .any)))
                ).checkingFurther()
            ) { call throws(Problem) in
                let page = try await json("listHumanTasks", call)
                return .json(["approvals": page["items"] ?? [], "next_cursor": page["next_cursor"] ?? .null])
            },
            Route(
                "POST",
                "/api/approval",
                Contract(
                    "approveCompatibly",
                    "Approves or rejects a request, once.",
                    .compatibility,
                    .may(.answerHumanTasks),
                    body: .json(
                        .object(
                            .required("id", .id("ht")),
                            .required("approved", .flag),
                            .optional("comment", .text(0...4000), "Needed to reject.")
                        )
                    ),
                    .ok(.named("HumanTask")),
                    .problem(409, "It is closed, or somebody else has it.")
                ).checkingFurther()
            ) { call throws(Problem) in
                guard let id = call.fields.id("id", HumanTaskID.self) else { throw .notFound("human task") }
                _ = try await service.humanTask(id, call.caller, answers: true)
                let fields = call.fields
                let row = try await service.ask(call) { engine throws(EngineError) in
                    try await engine.decide(
                        id,
                        approve: fields.flag("approved"),
                        comment: fields.text("comment"),
                        by: call.actor
                    )
                }
                return .json(row.json)
            },
        ]
    }

    private var live: [Route] {
        var events = Contract(
            "followProjectCompatibly",
            "Server-sent events of a project, under other names; `token` may say who asks.",
            .compatibility,
            .may(.readEvents),
            query: [.init("after", .integer(0...Int64.max), "Only later ones than that `seq`.")],
            headers: [.lastEventID],
            Contract.Answer(200, "The events.", .any, mediaType: "text/event-stream")
        )
        events.feedToken = "token"
        var socket = Contract(
            "openSocketCompatibly",
            "A WebSocket that sends events under other names.",
            .compatibility,
            .may(.readEvents),
            query: [
                .init("after", .integer(0...Int64.max), "Only later ones than that `seq`."),
                .init("run", .id("run"), "Only of that run."),
            ],
            Contract.Answer(101, "The connection is a WebSocket now.", nil),
            .problem(426, "The request does not ask for a WebSocket.")
        )
        socket.feedToken = "token"
        return [
            Route(
                "POST",
                "/api/events/{project}/token",
                Contract(
                    "makeProjectFeedTokenCompatibly",
                    "A token for the events of a project, valid for a minute.",
                    .compatibility,
                    .may(.readEvents),
                    .ok(.answer(.required("token", .text), .required("expires_in", .integer)))
                )
            ) { call throws(Problem) in
                let project = try await project(call)
                return try await act("makeFeedToken", call, [:], ["project": .string(project)])
            },
            Route("GET", "/api/events/{project}", events) { call throws(Problem) in
                var filter = EventFilter(visibility: try await service.visibility(of: call.caller))
                filter.projects = [try await project(call)]
                let last = call.request.header("last-event-id").flatMap { Int64($0) } ?? call.number("after")
                if let last { try await feed.check(last) }
                return stream(last ?? feed.last, filter)
            },
            Route("GET", "/ws", socket) { call throws(Problem) in
                var filter = EventFilter(visibility: try await service.visibility(of: call.caller))
                filter.projects = call.feedProject.map { [$0] } ?? []
                if let run = call.query("run").flatMap({ RunID($0) }) {
                    filter.runs = [try await service.run(run, call.caller, .readRuns).id]
                }
                let last = call.number("after")
                if let last { try await feed.check(last) }
                try SocketSession.checkOrigin(of: call, settings)
                return openSocket(call, last ?? feed.last, filter)
            },
        ]
    }

    // MARK: Live

    private func stream(_ after: Int64, _ filter: EventFilter) -> HTTPResponse {
        var wanted = filter
        wanted.types = []
        let (feed, filter) = (feed, wanted)
        return .events { stream in
            try await feed.clients.following(feed.clients.events) {
                try await feed.follow(after, filter, .tasks) { event, sequence in
                    let type = event["type"]?.stringValue
                    try await stream.send(event.text, event: type, id: sequence.map { String($0) })
                }
            }
        }
    }

    private func openSocket(_ call: APICall, _ after: Int64, _ filter: EventFilter) -> HTTPResponse {
        let feed = feed
        return .webSocket(for: call.request) { socket in
            try await feed.clients.following(feed.clients.sockets) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    defer { group.cancelAll() }
                    // What clients send means nothing; reading shows when they go.
                    group.addTask { for try await _ in socket {} }
                    group.addTask {
                        try await feed.follow(after, filter, .nodes) { event, _ in try await socket.send(event.text) }
                    }
                    try await group.next()
                }
            }
        }
    }

    /// The project that the path names, if it is shared with the caller, and a token does not name another one.
    private func project(_ call: APICall) async throws(Problem) -> String {
        let (name, caller) = (call.parameter("project"), call.caller)
        if let only = call.feedProject, only != name { throw .notFound("project `\(name)`") }
        guard caller.role != .admin else { return name }
        let grants = try await service.accounts { identity throws(IdentityError) in
            try identity.memberships.memberships(of: caller)
        }
        guard grants.grant(tenant: caller.tenant, project: name) != nil else { throw .notFound("project `\(name)`") }
        return name
    }

    // MARK: Other operations

    private func contract(of id: String) -> Contract? { operations.first { $0.contract.id == id }?.contract }

    private func act(
        _ id: String,
        _ call: APICall,
        _ parameters: [String: String] = [:],
        _ fields: JSONObject? = nil
    ) async throws(Problem) -> HTTPResponse {
        guard let route = operations.first(where: { $0.contract.id == id }) else {
            throw .notFound("operation `\(id)`")
        }
        return try await route.action(call.with(parameters, fields))
    }

    private func json(_ id: String, _ call: APICall) async throws(Problem) -> JSONValue {
        let response = try await act(id, call)
        guard case .bytes(let bytes) = response.body, let value = try? JSONValue(parsing: bytes) else {
            throw Problem(500, "internal", "the answer of `\(id)` is no JSON")
        }
        return value
    }

    /// The same operation under another path.
    private func alias(
        _ method: String,
        _ path: String,
        _ id: String,
        _ summary: String,
        _ target: String,
        _ translate: @escaping @Sendable (APICall) -> ([String: String], JSONObject?) = { _ in ([:], nil) }
    ) -> Route? {
        guard let route = operations.first(where: { $0.contract.id == target }) else { return nil }
        let contract = route.contract.renamed(id, summary, .compatibility)
        return Route(method, path, contract) { call throws(Problem) in
            let (parameters, fields) = translate(call)
            return try await route.action(call.with(parameters, fields))
        }
    }

    @Sendable private func export(_ call: APICall) async throws(Problem) -> HTTPResponse {
        if let run = call.query("run") { return try await act("exportRun", call, ["run": run]) }
        let visible = try await service.visibility(of: call.caller)
        let service = service
        return .stream(headers: ["content-type": "application/jsonl"]) { writer in
            var filter = RunFilter()
            (filter.visibility, filter.limit) = (visible, 500)
            while true {
                let wanted = filter
                let rows = try await service.read { store throws(StoreError) in try store.runs(wanted) }
                try await writer.write(rows.flatMap { Array(JSONValue.object(["run": $0.json]).text.utf8) + [0x0a] })
                guard rows.count == wanted.limit, let last = rows.last else { return }
                filter.before = last.key
            }
        }
    }
}

extension LiveFeed {
    /// Hands on what is wanted under other names, snapshots of how things are too, until the feed ends.
    fileprivate func follow(
        _ after: Int64,
        _ filter: EventFilter,
        _ names: CompatibilityNames,
        _ send: @escaping @Sendable (JSONValue, Int64?) async throws -> Void
    ) async throws {
        var watching = filter
        watching.types = ["*"]
        try await status.beside(watching, { try await send(names.event($0), nil) }) {
            var last = after
            while !Task.isCancelled {
                let batch = try await self.next(after: last)
                guard batch.last > last else { return }
                for event in batch.events where filter.wants(event) {
                    try await send(names.event(event.json), event.sequence)
                }
                last = batch.last
            }
        }
    }
}

extension APICall {
    /// The same call for another operation.
    fileprivate func with(_ parameters: [String: String], _ fields: JSONObject?) -> APICall {
        APICall(
            request: request,
            address: address,
            parameters: self.parameters.merging(parameters) { _, new in new },
            caller: caller,
            feedProject: feedProject,
            fields: fields.map(Fields.init) ?? self.fields,
            document: document,
            idempotencyKey: idempotencyKey,
            dispatch: dispatch
        )
    }
}
