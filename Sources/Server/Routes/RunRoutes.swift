// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Reading runs (spec 10.2).
struct RunRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route("GET", "/v1/runs", Self.listing("listRuns", "Runs, the newest first.", hasWorkflow: true)) {
                call throws(Problem) in
                try await list(call, workflow: call.query("workflow"))
            },
            Route(
                "GET",
                "/v1/workflows/{name}/runs",
                Self.listing("listRunsOfWorkflow", "Runs of a workflow, the newest first.")
            ) {
                call throws(Problem) in
                try await list(call, workflow: call.parameter("name"))
            },
            Route(
                "GET",
                "/v1/runs/{run}",
                Contract(
                    "showRun",
                    "A run; with `Prefer: wait=N` after its end or that many seconds.",
                    .runs,
                    .may(.readRuns),
                    headers: [.prefer],
                    .ok(.named("RunDetails"))
                ),
                get
            ),
            view("details", "showRunDetails", "A run with its tasks.", .ok(.named("RunDetails"))) {
                call throws(Problem) in
                try await state(call)
            },
            view("tasks", "listRunTasks", "The tasks of a run.", .page("Task")) { call throws(Problem) in
                .page(try await state(of: call).tasksJSON, next: nil)
            },
            view(
                "outputs",
                "showOutputs",
                "What a run gave.",
                .ok(.any),
                .problem(409, "It has no outputs yet, or failed.")
            ) { call throws(Problem) in
                let state = try await state(of: call)
                guard let outputs = state.outputs else {
                    throw Problem(409, "state.conflict", "\(state.id) is \(state.status.rawValue) and has no outputs")
                }
                return .json(outputs.value)
            },
            view("explain", "explainRun", "Why a run is where it is, and what it waits for.", .ok(.anyObject)) {
                call throws(Problem) in
                try await explain(call)
            },
            view("graph", "showGraph", "The graph that a run has now.", .ok(.anyObject)) { call throws(Problem) in
                .json(try await state(of: call).graph.definition.json)
            },
            view(
                "document",
                "showRunDocument",
                "The document that a run has now, its patches included.",
                .ok(.anyObject)
            ) {
                call throws(Problem) in
                .json(try await service.document(of: try await state(of: call)))
            },
            view("rollback", "showRollback", "What was undone, and what was not.", .ok(.anyObject)) {
                call throws(Problem) in
                .json(RollbackReport(try await state(of: call)).json)
            },
            Route(
                "GET",
                "/v1/runs/{run}/state",
                Contract(
                    "showState",
                    "A run with its tasks, as of any of its events.",
                    .runs,
                    .may(.readRuns),
                    query: [
                        .init(
                            "at",
                            .integer(1...Int64.max),
                            "The number of an event of the run; the last when left out."
                        )
                    ],
                    .ok(.named("RunDetails")),
                    .problem(410, "The events up to there are not kept any more.")
                ),
                state
            ),
            Route(
                "GET",
                "/v1/runs/{run}/events",
                Contract(
                    "listRunEvents",
                    "The events of a run, in order.",
                    .events,
                    .may(.readRuns),
                    query: [
                        .init("after", .integer(0...Int64.max), "Only later ones than that number of the run."), .limit,
                    ],
                    .page("Event")
                ),
                events
            ),
            Route(
                "GET",
                "/v1/runs/{run}/diff",
                Contract(
                    "compareRuns",
                    "What came out otherwise in another run.",
                    .runs,
                    .may(.readRuns),
                    query: [
                        .init("with", .id("run"), "The other run.", isRequired: true),
                        .init("all", .flag, "Whether tasks that are the same are listed too."),
                    ],
                    .ok(.anyObject)
                ),
                difference
            ),
        ]
    }

    private static func listing(_ id: String, _ summary: String, hasWorkflow: Bool = false) -> Contract {
        let workflow = Contract.Item("workflow", .name, "Only of that workflow.")
        return Contract(
            id,
            summary,
            .runs,
            .may(.readRuns),
            query: [
                .limit, .cursor, .init("status", .choice(RunStatus.self), "Only with that status.", repeats: true),
                .init(
                    "label",
                    .text(2...260, pattern: "^[!-<>-~]{1,128}=[^\\x00]{0,128}$"),
                    "Only with that label, as `name=value`.",
                    repeats: true
                ), .filter(RunScan.fields),
            ] + (hasWorkflow ? [workflow] : []),
            .page("Run")
        ).checkingFurther()
    }

    private func view(
        _ word: String,
        _ id: String,
        _ summary: String,
        _ answer: Contract.Answer,
        _ other: Contract.Answer? = nil,
        _ action: @escaping Route.Action
    ) -> Route {
        var contract = Contract(id, summary, .runs, .may(.readRuns), answer)
        if let other { contract.answers.append(other) }
        return Route("GET", "/v1/runs/{run}/\(word)", contract, action)
    }

    private func list(_ call: APICall, workflow: String?) async throws(Problem) -> HTTPResponse {
        let visible = try await service.visibility(of: call.caller)
        let scan = try RunScan(call, workflow: workflow, visibility: visible, now: service.clock.wall())
        let (limit, reader, store) = (call.limit, service.reader, service.store)
        let (items, next) = try await service.blocking { () throws(Problem) in try scan.page(limit, reader, store) }
        return .page(items, next: next)
    }

    @Sendable private func get(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let row = try await service.run(call, .readRuns)
        if let patience = call.patience { try await service.waitForEnd(of: row.id, patience) }
        let state = try await state(of: row)
        return .json(.object(state.json(at: service.clock.wall())))
    }

    private func state(of call: APICall) async throws(Problem) -> RunState {
        try await state(of: try await service.run(call, .readRuns))
    }

    private func state(of row: RunRow, at sequence: Int64? = nil) async throws(Problem) -> RunState {
        try await service.readRuns { reader throws(EngineError) in try reader.state(ofRun: row.key, at: sequence) }
    }

    @Sendable private func explain(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (row, now) = (try await service.run(call, .readRuns), service.clock.wall())
        let explanation = try await service.readRuns { reader throws(EngineError) in
            try reader.explanation(ofRun: row.key, now: now)
        }
        return .json(explanation.json(now: now))
    }

    @Sendable private func state(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let state = try await state(of: try await service.run(call, .readRuns), at: call.number("at"))
        var json = state.json(at: service.clock.wall())
        json["tasks"] = .array(state.tasksJSON)
        return .json(.object(json))
    }

    @Sendable private func events(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let row = try await service.run(call, .readRuns)
        let (after, limit, store) = (call.number("after") ?? 0, call.limit, service.store)
        let events = try await service.readRuns { reader throws(EngineError) in
            try RunLog(reader: reader, store: store).events(ofRun: row.key, after: after, limit: limit)
        }
        let next = events.count == limit ? events.last?["run_seq"]?.intValue.map { String($0) } : nil
        return .page(events, next: next)
    }

    @Sendable private func difference(_ call: APICall) async throws(Problem) -> HTTPResponse {
        guard let other = call.query("with").flatMap({ RunID($0) }) else {
            throw .invalid("with", "names the other run")
        }
        let left = try await service.run(call, .readRuns)
        let right = try await service.run(other, call.caller, .readRuns)
        let isWhole = call.flag("all")
        let json = try await service.readRuns { reader throws(EngineError) in
            RunDiff(try reader.history(ofRun: left.key), try reader.history(ofRun: right.key)).json(isWhole: isWhole)
        }
        return .json(json)
    }
}

extension Service {
    /// The document that a run has now.
    func document(of state: RunState) async throws(Problem) -> JSONValue {
        let (hash, compiler) = (state.graph.hash, compiler)
        let row = try await read { store throws(StoreError) in try store.definition(hash) }
        guard let row else { throw .notFound("document of \(state.id)") }
        let document = try await blocking { () throws(Problem) in
            compiler.compile(text: row.source, fileName: "\(row.name).yaml").document
        }
        guard let document else { throw .notFound("document of \(state.id)") }
        return document
    }
}
