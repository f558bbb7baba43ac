// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Single tasks of runs (spec 10.2).
struct TaskRoutes: Sendable {
    let service: Service

    /// People who may read the run, and workers, who do its work.
    private static let readers = Contract.Audience.mayAny([.readRuns, .leaseTasks])

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/tasks/{task}",
                Contract("showTask", "A task, and what it waits for.", .tasks, Self.readers, .ok(.named("Task")))
            ) { call throws(Problem) in try await show(call) },
            Route(
                "GET",
                "/v1/tasks/{task}/attempts",
                Contract(
                    "listAttempts",
                    "The attempts at a task, the oldest first.",
                    .tasks,
                    Self.readers,
                    .page("Attempt")
                )
            ) { call throws(Problem) in
                let (id, row) = try await service.task(call, .readRuns)
                _ = try await service.state(of: id, row)
                let attempts = try await service.readRuns { reader throws(EngineError) in
                    try reader.attempts(at: id.task, ofRun: row.key)
                }
                return .page(attempts.map(\.json), next: nil)
            },
            verb("retry", "Does a task again that failed or was skipped, and goes on behind it.", []) {
                engine,
                run,
                name,
                call throws(EngineError) in
                try await engine.retry(run, tasks: [name], by: call.actor)
            },
            verb("cancel", "Stops one task for good; the run goes on.", [.optional("reason", .reason)]) {
                engine,
                run,
                name,
                call throws(EngineError) in
                try await engine.cancelTask(run, name, reason: call.fields.text("reason"), by: call.actor)
            },
        ]
    }

    private func show(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (id, row) = try await service.task(call, .readRuns)
        let state = try await service.state(of: id, row)
        let pauses = try await service.read { store throws(StoreError) in try store.pauses() }
        var json = state.json(of: id.task)
        json["run"] = .string(id.run.description)
        json["workflow"] = .string(state.graph.name)
        if let cause = state.waitCause(of: id.task, PauseTable(pauses)) {
            json["waiting_for"] = [
                "kind": .string(cause.kind), "explanation": .string(cause.sentence(now: service.clock.wall())),
            ]
        }
        return .json(.object(json))
    }

    private func verb(
        _ word: String,
        _ summary: String,
        _ fields: [Shape.Field],
        _ body: @escaping @Sendable (DurableEngine, RunID, TaskName, APICall) async throws(EngineError) -> Int64
    ) -> Route {
        let contract = Contract(
            "\(word)Task",
            summary,
            .tasks,
            .may(.controlRuns),
            body: .optional(fields),
            .ok(.named("Done")),
            .problem(409, "Its status, or that of the run, does not allow that.")
        )
        return Route("POST", "/v1/tasks/{task}/\(word)", contract) { call throws(Problem) in
            let (id, row) = try await service.task(call, .controlRuns)
            let name = try await service.state(of: id, row).taskName(of: id.task)
            let sequence = try await service.ask(call) { engine throws(EngineError) in
                try await body(engine, id.run, name, call)
            }
            return .done(id.run, sequence)
        }
    }
}

extension Service {
    /// The task that the path names and the row of its run, if the caller may do that to the run.
    ///
    /// - Parameter permission: What whoever is no worker needs; workers do the work of their tenant.
    func task(_ call: APICall, claiming permission: Permission) async throws(Problem) -> (id: TaskID, run: RunRow) {
        try await task(call, permission, isForWorkers: true)
    }

    /// The same; workers only read.
    func task(
        _ call: APICall,
        _ permission: Permission,
        isForWorkers: Bool? = nil
    ) async throws(Problem) -> (id: TaskID, run: RunRow) {
        let (text, caller) = (call.parameter("task"), call.caller)
        guard let id = TaskID(text) else { throw .notFound("task `\(text)`") }
        return (id, try await taskRun(id, caller, permission, isForWorkers: isForWorkers))
    }

    /// The row of the run of a task, likewise.
    func taskRun(
        _ id: TaskID,
        _ caller: Principal,
        _ permission: Permission,
        isForWorkers: Bool? = nil
    ) async throws(Problem) -> RunRow {
        let (store, identity) = (store, identity)
        return try await blocking { () throws(IdentityError) in
            guard let row = try reading({ () throws(StoreError) in try store.run(id.run) }) else {
                throw IdentityError(.notFound, "There is no task \(id).")
            }
            let isWork = isForWorkers ?? (permission == .readRuns)
            if isWork, caller.may(.leaseTasks), row.ownership.tenant == caller.tenant { return row }
            try identity.access(caller, permission, on: row.ownership).check("task \(id)")
            return row
        }
    }

    /// The run of a task as it is, if it has the task.
    func state(of id: TaskID, _ row: RunRow) async throws(Problem) -> RunState {
        let state = try await readRuns { reader throws(EngineError) in try reader.state(ofRun: row.key) }
        guard state.has(id.task) else {
            throw .notFound("task \(id); it may have gone with the pass or item that it belonged to")
        }
        return state
    }
}
