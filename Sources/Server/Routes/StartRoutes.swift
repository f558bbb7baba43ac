// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store
internal import Synchronization

/// Starting runs (spec 6.1): of what is published, or of a document that comes with the request.
struct StartRoutes: Sendable {
    let service: Service
    let limits: Limits

    var routes: [Route] {
        [
            Route(
                "POST",
                "/v1/workflows/{name}/runs",
                Contract(
                    "startRun",
                    "Starts a published workflow; the run is durable when the answer comes.",
                    .runs,
                    .may(.startRuns),
                    headers: [.prefer],
                    body: .optional(
                        [.optional("version", .version, "A number, a hash or a tag; `main` when left out.")]
                            + Self.fields
                    ),
                    Self.started,
                    Self.ended,
                    .problem(409, "Another run has that id.")
                ).checkingFurther()
            ) { call throws(Problem) in
                let (name, version) = (call.parameter("name"), call.fields.text("version"))
                return try await start(call, try await workflow(version.map { "\(name)@\($0)" } ?? name, call))
            },
            Route(
                "POST",
                "/v1/runs",
                Contract(
                    "startDocument",
                    "Starts a document without publishing it.",
                    .runs,
                    .may(.startRuns),
                    headers: [.prefer],
                    body: .json(
                        .members(
                            [
                                .required(
                                    "document",
                                    Shape(["type": ["string", "object"]]),
                                    "The text, YAML or JSON, or the document itself."
                                )
                            ] + Self.fields,
                            isClosed: true
                        )
                    ),
                    Self.started,
                    Self.ended,
                    .problem(409, "Another run has that id.")
                ).checkingFurther()
            ) { call throws(Problem) in try await start(call, try await document(call)) },
        ]
    }

    /// What both take.
    private static let fields: [Shape.Field] = [
        .optional("inputs", .anyObject, "Values of the inputs that it declares."),
        .optional("id", .id("run"), "Chosen by the client: a repeat gives the first answer."),
        .optional("priority", .integer(0...1000), "Lower runs first."),
        .optional("labels", .labels),
        .optional("budget_usd", .money, "What it may spend at most."),
        .optional("project", .projectName, "The project that it belongs to."),
        .optional(
            "execution",
            .choice(RunExecution.self),
            "Who does the work: the server, whoever claims its tasks, or both: those with the label `external` are claimed."
        ),
    ]
    private static let started = Contract.Answer(202, "The run is durable and begins.", .named("StartedRun"))
    private static let ended = Contract.Answer(
        200,
        "With `Prefer: wait`: it ended in that time.",
        .named("RunDetails")
    )

    /// What the caller published, else what is everybody's.
    private func workflow(_ reference: String, _ call: APICall) async throws(Problem) -> ResolvedWorkflow {
        let (workflows, owner) = (service.workflows, call.catalogOwner)
        return try await service.blocking { () throws(EngineError) in try workflows.workflow(reference, of: owner) }
    }

    private func document(_ call: APICall) async throws(Problem) -> ResolvedWorkflow {
        let given = call.fields["document"] ?? .null
        let text = Array((given.stringValue ?? given.prettyText).utf8)
        let workflows = service.workflows
        let result = try await service.blocking { () throws(Problem) in workflows.compile(text) }
        guard let graph = result.graph else { throw Problem(result.diagnostics) }
        return ResolvedWorkflow(graph: graph, source: text)
    }

    private func start(_ call: APICall, _ workflow: ResolvedWorkflow) async throws(Problem) -> HTTPResponse {
        let request = try await request(call, workflow)
        try limits.admitStart(of: workflow.graph, by: call.caller)
        let started = try await service.ask(call) { engine throws(EngineError) in try await engine.start(request) }
        guard let patience = call.patience else { return .started(started) }
        try await service.waitForEnd(of: started.id, patience)
        let row = try await service.run(started.id, call.caller, .readRuns)
        guard row.status.isTerminal else { return .started(started) }
        let state = try await service.readRuns { reader throws(EngineError) in try reader.state(ofRun: row.key) }
        return .json(.object(state.json(at: service.clock.wall())))
    }

    private func request(_ call: APICall, _ workflow: ResolvedWorkflow) async throws(Problem) -> StartRequest {
        let (fields, graph) = (call.fields, workflow.graph)
        let inputs: JSONObject
        do throws(InputError) {
            inputs = try graph.checkInputs(fields.members("inputs") ?? [:]).objectValue ?? [:]
        } catch {
            let items = error.violations.map {
                Problem.Item(path: "/inputs\($0.pointer)", code: "validation.failed", message: $0.message)
            }
            throw Problem(422, "validation.failed", "the inputs do not fit `\(graph.name)`", items: items)
        }
        var request = StartRequest(graph: graph, source: workflow.source, inputs: inputs, actor: call.actor)
        request.id = fields.id("id")
        request.priority = fields.integer("priority")
        request.labels = fields.labels("labels")
        request.execution = fields.text("execution").flatMap(RunExecution.init) ?? .auto
        request.budget = BudgetLimit(money: try fields.money("budget_usd"))
        if let project = fields.text("project") { try await service.requireStart(in: project, call.caller) }
        request.ownership = call.ownership(in: fields.text("project"))
        return request
    }
}

extension Service {
    /// Refuses runs in a project that is not shared with the caller.
    func requireStart(in project: String, _ caller: Principal) async throws(Problem) {
        guard caller.role != .admin else { return }
        try await accounts { identity throws(IdentityError) in
            let grants = try identity.memberships.memberships(of: caller)
            guard grants.grant(tenant: caller.tenant, project: project) == .operator else {
                throw IdentityError(.notFound, "There is no project `\(project)` in which you may start runs.")
            }
        }
    }

    /// Returns when the run has ended or the time is over.
    func waitForEnd(of id: RunID, _ patience: Duration) async throws(Problem) {
        let (engine, end) = (engine, FirstAnswer<EngineError?>())
        // Nothing takes the question back: the engine answers it when the run ends, and a group would wait for that.
        Task {
            do throws(EngineError) {
                _ = try await engine.wait(for: id)
                end.give(nil)
            } catch { end.give(error) }
        }
        let alarm = Task {
            try? await Task.sleep(for: patience)
            end.give(nil)
        }
        let failure = await end.value
        alarm.cancel()
        if let failure { throw Problem(failure) }
    }
}

/// The first of several answers; one reader waits for it.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case given(Value)
    }
    private let state = Mutex(State.open)

    var value: Value {
        get async {
            await withCheckedContinuation { waiter in
                let given = state.withLock { state -> Value? in
                    if case .given(let value) = state { return value }
                    state = .awaited(waiter)
                    return nil
                }
                if let given { waiter.resume(returning: given) }
            }
        }
    }

    /// Answers, unless somebody was faster.
    func give(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .given: return nil
            case .open:
                state = .given(value)
                return nil
            case .awaited(let waiter):
                state = .given(value)
                return waiter
            }
        }
        waiter?.resume(returning: value)
    }
}

extension Shape {
    /// Labels of a run.
    static let labels = Shape.map(.text(0...128), upTo: 32, names: 1...128)
}

extension HTTPResponse {
    /// A run that is durable and begins.
    static func started(_ run: StartedRun) -> HTTPResponse {
        .json(
            ["id": .string(run.id.description), "run_seq": .int(run.sequence)],
            status: 202,
            headers: ["location": "/v1/runs/\(run.id)"]
        )
    }
}
