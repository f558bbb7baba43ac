// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model

/// Tasks of many runs, and what is done to many of them (spec 10.2).
struct TaskListRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/tasks",
                Contract(
                    "listTasks",
                    "Tasks of all runs that one sees, those of the newest runs first.",
                    .tasks,
                    .may(.readRuns),
                    query: [
                        .limit, .cursor(TaskScan.cursor),
                        .init("status", .choice(TaskStatus.self), "Only with that status.", repeats: true),
                        .init("run", .id("run"), "Only of that run."),
                        .init("workflow", .name, "Only of runs of that workflow."),
                        .init("node", .word(1...200), "Only of the node with that id.", repeats: true),
                        .init("kind", .text(1...40, pattern: "^[a-z_]+$"), "Only of that kind.", repeats: true),
                        .init(
                            "waiting",
                            .text(1...40, pattern: "^[a-z_]+$"),
                            "Only open ones with that `waiting_for.kind`, such as `human` or `retry`.",
                            repeats: true
                        ), .filter(TaskScan.fields),
                    ],
                    .page("Task")
                ).checkingFurther(),
                list
            ),
            Route(
                "POST",
                "/v1/tasks/bulk",
                Contract(
                    "bulkTasks",
                    "Does something to many tasks; every item has its own outcome.",
                    .tasks,
                    .may(.controlRuns),
                    body: .json(
                        .object(
                            .required("action", .choice(["retry", "cancel"])),
                            .required("ids", .list(.text(41...41, pattern: TaskID.pattern), 1...100)),
                            .optional("reason", .reason, "With `cancel`.")
                        )
                    ),
                    .ok(.named("BulkReport"), "All were done."),
                    Contract.Answer(207, "Some were not done.", .named("BulkReport"))
                ),
                bulk
            ),
            Route(
                "POST",
                "/v1/tasks/{task}/review",
                Contract(
                    "reviewTask",
                    "Decides about a task in review, as the answer to its request does.",
                    .tasks,
                    .may(.answerHumanTasks),
                    body: .json(
                        .object(
                            .required(
                                "choice",
                                .text(1...200),
                                "One of those of the request, such as `retry` or `skip`."
                            ),
                            .optional("values", .anyObject, "The form."),
                            .optional("comment", .text(0...4000))
                        )
                    ),
                    .ok(.named("HumanTask")),
                    .problem(409, "It asks nobody now.")
                ).checkingFurther(),
                review
            ),
        ]
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let visible = try await service.visibility(of: call.caller)
        let scan = try TaskScan(call, visibility: visible, now: service.clock.wall())
        let (limit, reader, store) = (call.limit, service.reader, service.store)
        let (items, next) = try await service.blocking { () throws(Problem) in try scan.page(limit, reader, store) }
        return .page(items, next: next)
    }

    @Sendable private func bulk(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let ids = call.fields.texts("ids") ?? []
        var items: [BulkReport.Item] = []
        for id in ids {
            do throws(Problem) {
                try await act(on: id, call)
                items.append(.init(id: id, error: nil))
            } catch {
                guard error.status < 500, error.status != 429 else { throw error }
                let code: EngineError.Code =
                    switch error.status {
                    case 404: .notFound
                    case 422: .invalid
                    default: .conflict
                    }
                items.append(.init(id: id, error: EngineError(code, error.detail)))
            }
        }
        let report = BulkReport(items)
        return .json(report.json, status: report.status)
    }

    private func act(on text: String, _ call: APICall) async throws(Problem) {
        guard let id = TaskID(text) else { throw .notFound("task `\(text)`") }
        let row = try await service.taskRun(id, call.caller, .controlRuns)
        let name = try await service.state(of: id, row).taskName(of: id.task)
        let (reason, isRetry) = (call.fields.text("reason"), call.fields.text("action") == "retry")
        // A repeat of the request finds what became of each item.
        let key = call.idempotencyKey.map { whole in
            IdempotencyKey(principal: whole.principal, key: "\(whole.key) \(id)", fingerprint: whole.fingerprint)
        }
        _ = try await service.ask(key) { engine throws(EngineError) in
            isRetry
                ? try await engine.retry(id.run, tasks: [name], by: call.actor)
                : try await engine.cancelTask(id.run, name, reason: reason, by: call.actor)
        }
    }

    @Sendable private func review(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (id, row) = try await service.task(call, .readRuns, isForWorkers: false)
        let state = try await service.state(of: id, row)
        guard let request = state[id.task].openRequest?.request.id else {
            throw Problem(409, "state.conflict", "task \(id) is \(state[id.task].status.rawValue) and asks nobody")
        }
        _ = try await service.humanTask(request, call.caller, answers: true)
        let answer = HumanAnswer(
            choice: call.fields.requiredText("choice"),
            values: call.fields.members("values") ?? [:],
            comment: call.fields.text("comment"),
            via: "api"
        )
        let answered = try await service.ask(call) { engine throws(EngineError) in
            try await engine.answer(request, answer, by: call.actor)
        }
        return .json(answered.json)
    }
}
