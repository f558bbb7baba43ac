// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// What people do to runs (spec 3.11, 6.5). Every answer comes when what it tells is durable.
struct RunControlRoutes: Sendable {
    let service: Service

    var routes: [Route] { verbs + others }

    private var verbs: [Route] {
        let reason = Shape.Field.optional("reason", .reason)
        return [
            verb(
                "cancel",
                "Ends a run in order: what goes on is stopped, and with `compensate` what was done is undone.",
                [reason, .optional("compensate", .flag)]
            ) { engine, run, call throws(EngineError) in
                let (reason, undo) = (call.fields.text("reason"), call.fields.flag("compensate"))
                return try await engine.cancel(run, reason: reason, compensate: undo, by: call.actor)
            },
            verb("terminate", "Ends a run at once.", [reason]) { engine, run, call throws(EngineError) in
                try await engine.terminate(run, reason: call.fields.text("reason"), by: call.actor)
            },
            verb("pause", "Starts no more tasks of a run.", [reason]) { engine, run, call throws(EngineError) in
                try await engine.pause(run, reason: call.fields.text("reason"), by: call.actor)
            },
            verb("resume", "Goes on with a run that was paused.", []) { engine, run, call throws(EngineError) in
                try await engine.resume(run, by: call.actor)
            },
            verb(
                "rollback",
                "Undoes what a run did, all of it or back to a phase.",
                [.optional("to", .text(1...200))]
            ) { engine, run, call throws(EngineError) in
                try await engine.rollBack(run, to: call.fields.text("to"), by: call.actor)
            },
            verb(
                "retry",
                "Does failed tasks again: those that are named, or all.",
                [.optional("tasks", .list(.text(1...300), 0...100))]
            ) { engine, run, call throws(EngineError) in
                var names: [TaskName] = []
                for (index, word) in (call.fields.texts("tasks") ?? []).enumerated() {
                    guard let name = TaskName(word) else {
                        throw EngineError(.invalid, "`/tasks/\(index)`: `\(word)` is no name of a task")
                    }
                    names.append(name)
                }
                return try await engine.retry(run, tasks: names, by: call.actor)
            },
        ]
    }

    private func verb(
        _ word: String,
        _ summary: String,
        _ fields: [Shape.Field],
        _ body: @escaping @Sendable (DurableEngine, RunID, APICall) async throws(EngineError) -> Int64
    ) -> Route {
        let contract = Contract(
            "\(word)Run",
            summary,
            .runs,
            .may(.controlRuns),
            body: .optional(fields),
            .ok(.named("Done")),
            .problem(409, "Its status does not allow that.")
        )
        return Route("POST", "/v1/runs/{run}/\(word)", contract) { call throws(Problem) in
            let run = try await service.run(call, .controlRuns).id
            let sequence = try await service.ask(call) { engine throws(EngineError) in try await body(engine, run, call)
            }
            return .done(run, sequence)
        }
    }

    private var others: [Route] {
        [
            Route(
                "POST",
                "/v1/runs/{run}/signal",
                Contract(
                    "signalRun",
                    "Sends a signal to a run; it is kept until something waits for it.",
                    .signals,
                    .may(.controlRuns),
                    body: .json(
                        .object(
                            .required("type", .text(1...200)),
                            .optional("key", .text(1...500)),
                            .optional("payload", .any, "At most 256 KiB."),
                            .optional(
                                "dedupe_key",
                                .text(1...500),
                                "A repeat with the same key is not delivered again."
                            )
                        )
                    ),
                    .ok(.answer(.required("delivered", .integer, "How many tasks were waiting for it."))),
                    .problem(409, "The run has ended.")
                ),
                signal
            ),
            Route(
                "PATCH",
                "/v1/runs/{run}",
                Contract(
                    "updateRun",
                    "Changes priority, labels, deadline, variables or budget of a run.",
                    .runs,
                    .may(.controlRuns),
                    body: .json(
                        .change(
                            .optional("priority", .integer(0...1000)),
                            .optional("labels", .labels, "An empty text takes a label away."),
                            .optional("deadline", .time),
                            .optional("vars", .anyObject),
                            .optional("budget_usd", .money)
                        )
                    ),
                    .ok(.named("Done")),
                    .problem(409, "The run has ended.")
                ),
                update
            ),
            Route(
                "POST",
                "/v1/runs/bulk",
                Contract(
                    "bulkRuns",
                    "Does something to many runs; every item has its own outcome.",
                    .runs,
                    .may(.controlRuns),
                    body: .json(
                        .object(
                            .required("action", .choice(["cancel", "terminate", "pause", "resume", "retry"])),
                            .required("ids", .list(.id("run"), 1...100)),
                            .optional("reason", .reason),
                            .optional("compensate", .flag)
                        )
                    ),
                    .ok(.named("BulkReport"), "All were done."),
                    Contract.Answer(207, "Some were not done.", .named("BulkReport"))
                ),
                bulk
            ),
        ]
    }

    @Sendable private func signal(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (fields, run) = (call.fields, try await service.run(call, .controlRuns).id)
        let given = fields.text("dedupe_key") ?? call.request.header("idempotency-key")
        let key = given ?? Self.freshKey()
        let count = try await service.ask(call) { engine throws(EngineError) in
            try await engine.signal(
                .run(run),
                type: fields.requiredText("type"),
                key: fields.text("key"),
                payload: fields["payload"] ?? .null,
                dedupeKey: key,
                by: call.actor
            )
        }
        return .json(["delivered": .int(Int64(count))])
    }

    /// For clients that do not care whether a signal comes twice.
    static func freshKey() -> String {
        String(UInt64.random(in: .min ... .max), radix: 16) + String(UInt64.random(in: .min ... .max), radix: 16)
    }

    @Sendable private func update(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let fields = call.fields
        let budget = try fields.money("budget_usd")
        let change = RunUpdate(
            priority: fields.integer("priority"),
            labels: fields.labels("labels"),
            deadline: try fields.time("deadline"),
            variables: fields.members("vars") ?? [:],
            budget: budget.map { BudgetLimit(money: $0) }
        )
        let run = try await service.run(call, .controlRuns).id
        let sequence = try await service.ask(call) { engine throws(EngineError) in
            try await engine.update(run, change, by: call.actor)
        }
        return .done(run, sequence)
    }

    @Sendable private func bulk(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (fields, caller) = (call.fields, call.caller)
        let reason = fields.text("reason")
        let action: BulkAction =
            switch fields.requiredText("action") {
            case "cancel": .cancel(reason: reason, compensate: fields.flag("compensate"))
            case "terminate": .terminate(reason: reason)
            case "pause": .pause(reason: reason)
            case "resume": .resume
            default: .retry
            }
        let ids = (fields.texts("ids") ?? []).compactMap { RunID($0) }
        let hidden = try await service.hidden(ids, from: caller, .controlRuns)
        let report = try await service.ask(call) { engine throws(EngineError) in
            try await engine.bulk(action, ids.filter { hidden[$0] == nil }, by: call.actor)
        }
        return .bulk(report, of: ids, hidden)
    }
}

extension Contract.Body {
    /// JSON of these members that may be left out.
    static func optional(_ fields: [Shape.Field]) -> Self {
        .json(.members(fields, isClosed: true), isRequired: false)
    }
}

extension HTTPResponse {
    /// What became of each item: what the engine says, or why it was not asked.
    static func bulk<Kind>(
        _ report: BulkReport,
        of ids: [Identifier<Kind>],
        _ hidden: [Identifier<Kind>: EngineError]
    ) -> HTTPResponse {
        let outcomes = Dictionary(report.items.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let items = ids.map { outcomes[$0.description] ?? BulkReport.Item(id: $0.description, error: hidden[$0]) }
        let whole = BulkReport(items)
        return .json(whole.json, status: whole.status)
    }

    /// Something was done to a run.
    static func done(_ run: RunID, _ sequence: Int64) -> HTTPResponse {
        .json(["run": .string(run.description), "run_seq": .int(sequence)])
    }
}
