// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Work that is done outside (spec 9.11): tasks are claimed, kept by heartbeats, and ended with a result.
struct ClaimRoutes: Sendable {
    let service: Service

    /// Workers, and whoever may control the run.
    private static let claimers = Contract.Audience.mayAny([.leaseTasks, .controlRuns])
    private static let fence = Shape.Field.required("fence", .integer(1...Int64.max), "What the claim gave.")
    private static let lost = Contract.Answer.problem(409, "`lease.lost`: the claim has ended; stop.")

    var routes: [Route] { [listing] + holding }

    private var listing: Route {
        Route(
            "GET",
            "/v1/tasks/claimable",
            Contract(
                "listClaimableTasks",
                "Tasks that may be claimed now, those of the oldest runs first.",
                .tasks,
                Self.claimers,
                query: [
                    .limit, .cursor(TaskID.pattern),
                    .init("run", .id("run"), "Only of that run."),
                    .init("kind", .choice(["tool", "http", "agent"]), "Only nodes of that kind."),
                    .init("queue", .text(1...200, pattern: "^[!-~]+$"), "Only of that queue."),
                    .init(
                        "label",
                        .text(2...260, pattern: "^[!-<>-~]{1,128}=[ -~]{0,128}$"),
                        "Only nodes with that label, as `name=value`.",
                        repeats: true
                    ),
                ],
                .page("ClaimableTask")
            ),
            list
        )
    }

    private var holding: [Route] {
        [
            Route(
                "POST",
                "/v1/tasks/{task}/claim",
                Contract(
                    "claimTask",
                    "Takes a task; the answer has all that is needed to do it.",
                    .tasks,
                    Self.claimers,
                    body: .optional(
                        .optional(
                            "worker",
                            .text(1...100, pattern: "^[!-~]+$"),
                            "Which of the caller's workers it is."
                        ),
                        .optional(
                            "ttl",
                            .text(2...8, pattern: "^[1-9][0-9]{0,4}(s|m|h)$"),
                            "How long the claim lasts without a heartbeat, 1s to 24h; 30s when left out."
                        )
                    ),
                    .ok(.named("ClaimedTask"), "It is yours until `lease_until`."),
                    .problem(409, "`task.taken`: somebody else has it. `state.conflict`: it cannot be claimed now.")
                ).checkingFurther(),
                claim
            ),
            Route(
                "PUT",
                "/v1/tasks/{task}/heartbeat",
                Contract(
                    "sendHeartbeat",
                    "Makes a claim last, and tells how far the task is.",
                    .tasks,
                    Self.claimers,
                    body: .json(
                        .object(
                            Self.fence,
                            .optional("percent", .integer(0...100)),
                            .optional("message", .text(0...500))
                        )
                    ),
                    .ok(.named("ClaimLease")),
                    Self.lost
                ),
                heartbeat
            ),
            Route(
                "POST",
                "/v1/tasks/{task}/result",
                Contract(
                    "finishTask",
                    "Ends a claimed task with its `output`, or the attempt with its `error`; once.",
                    .tasks,
                    Self.claimers,
                    body: .json(.object(Self.fence, .optional("output", .any), .optional("error", Self.error))),
                    .ok(
                        .answer(
                            .required("run", .text),
                            .required("run_seq", .integer, "The number of the last event that it left in the run."),
                            .required(
                                "next_claimable_task_id",
                                Shape(["type": ["string", "null"]]),
                                "Another task of the run that may be claimed."
                            )
                        )
                    ),
                    Self.lost
                ).checkingFurther(),
                finish
            ),
            Route(
                "POST",
                "/v1/tasks/{task}/release",
                Contract(
                    "releaseTask",
                    "Hands a claimed task back that was not done; the attempt does not count.",
                    .tasks,
                    Self.claimers,
                    body: .json(.object(Self.fence)),
                    .ok(.named("Done")),
                    Self.lost
                )
            ) { call throws(Problem) in
                let claim = try await held(call)
                let sequence = try await service.ask(call) { engine throws(EngineError) in
                    try await engine.release(claim)
                }
                return .done(claim.task.run, sequence)
            },
            Route(
                "POST",
                "/v1/tasks/{task}/patches",
                Contract(
                    "proposeTaskPatch",
                    "Changes the graph of the run for a claimed node, as far as its `can_patch` allows.",
                    .tasks,
                    .mayAny([.leaseTasks, .patchRuns]),
                    body: .json(.members([Self.fence] + PatchRoutes.fields, isClosed: true)),
                    .ok(.named("Patch"), "It is applied, or waits for a person."),
                    Self.lost
                ).checkingFurther(),
                patch
            ),
        ]
    }

    private static let error = Shape.object(
        .required("code", .text(1...100, pattern: "^[a-z][a-z0-9_.]{0,99}$"), "A stable spelling, as `tests.failed`."),
        .required("message", .text(1...4000)),
        .optional("class", .choice(ErrorClass.self), "Decides about retries; `permanent` when left out.")
    )

    // MARK: Actions

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        var filter = try await filter(of: call.caller)
        filter.limit = call.limit
        filter.run = call.query("run").flatMap { RunID($0) }
        filter.kind = call.query("kind")
        filter.queue = call.query("queue")
        for item in call.request.target.query where item.name == "label" {
            let parts = item.value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            filter.labels[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
        }
        filter.after = try call.cursor { TaskID($0) }
        let wanted = filter
        let tasks = try await service.ask(call) { engine throws(EngineError) in
            try await engine.claimableTasks(wanted)
        }
        let next = tasks.count == wanted.limit ? tasks.last.map { $0.id.description } : nil
        return .page(tasks.map(\.json), next: next)
    }

    /// Workers do the work of their tenant; others what they may control.
    private func filter(of caller: Principal) async throws(Problem) -> ClaimableFilter {
        if caller.may(.leaseTasks) { return ClaimableFilter(.everything(of: caller.tenant)) }
        let rows = try await service.accounts { identity throws(IdentityError) in
            try identity.memberships.memberships(of: caller)
        }
        let grants = rows.filter { row in
            row.key.tenant == caller.tenant && (row.role == .operator || caller.role == .operator)
        }
        var filter = ClaimableFilter(
            .shared(in: caller.tenant, viewer: caller.actor, projects: grants.map(\.key.project))
        )
        filter.includesCommon = false
        return filter
    }

    @Sendable private func claim(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (id, _) = try await service.task(call, claiming: .controlRuns)
        var order = ClaimOrder(id, worker: call.fields.text("worker"))
        if let text = call.fields.text("ttl") {
            guard let lease = Duration(text: text), ClaimOrder.leases.contains(lease) else {
                throw .invalid("/ttl", "must be a span from 1s to 24h")
            }
            order.lease = lease
        }
        let wanted = order
        let task = try await service.ask(call) { engine throws(EngineError) in
            try await engine.claim(wanted, by: call.actor)
        }
        return .json(task.json)
    }

    private func held(
        _ call: APICall,
        _ permission: Permission = .controlRuns
    ) async throws(Problem) -> HeldClaim {
        let (id, _) = try await service.task(call, claiming: permission)
        return HeldClaim(id, fence: Int64(call.fields.integer("fence") ?? 0), by: call.actor)
    }

    @Sendable private func heartbeat(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let claim = try await held(call)
        let progress = TaskProgress(percent: call.fields.integer("percent"), message: call.fields.text("message"))
        let lease = try await service.ask(call) { engine throws(EngineError) in
            try await engine.heartbeat(claim, progress)
        }
        return .json(lease.json)
    }

    @Sendable private func finish(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (fields, claim) = (call.fields, try await held(call))
        guard (fields["output"] == nil) != (fields["error"] == nil) else {
            throw .invalid("/output", "a result has either an `output` or an `error`")
        }
        let sequence = try await service.ask(call) { engine throws(EngineError) in
            guard let error = fields["error"] else {
                return try await engine.complete(claim, output: fields["output"] ?? .null)
            }
            return try await engine.fail(claim, TaskError(given: error))
        }
        var next = try await filter(of: call.caller)
        (next.run, next.limit) = (claim.task.run, 1)
        let wanted = next
        let found = try await service.ask(call) { engine throws(EngineError) in
            try await engine.claimableTasks(wanted)
        }
        return .json([
            "run": .string(claim.task.run.description), "run_seq": .int(sequence),
            "next_claimable_task_id": found.first.map { .string($0.id.description) } ?? .null,
        ])
    }

    @Sendable private func patch(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let claim = try await held(call, .patchRuns)
        let wanted = service.patch(.operations(call.fields["ops"] ?? .null), call)
        let record = try await service.ask(call) { engine throws(EngineError) in
            try await engine.propose(wanted, for: claim)
        }
        return try .patch(record)
    }
}

extension TaskError {
    /// As a result has it.
    fileprivate init(given json: JSONValue) {
        self.init(
            code: json["code"]?.stringValue ?? "task.failed",
            errorClass: json["class"]?.stringValue.flatMap(ErrorClass.init) ?? .permanent,
            message: json["message"]?.stringValue ?? ""
        )
    }
}

extension TaskID {
    /// The text form, for contracts.
    static let pattern = "^task_[0-7][0-9a-hjkmnp-tv-z]{35}$"
}
