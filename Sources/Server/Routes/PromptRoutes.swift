// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Store

/// What models were asked in a task (spec 8.10).
struct PromptRoutes: Sendable {
    let service: Service
    let agents: APISettings.Agents

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/tasks/{task}/prompt",
                Contract(
                    "showPrompt",
                    "What a model was asked in a task, whole, with a list of all its calls of models.",
                    .tasks,
                    .may(.readRuns),
                    query: [
                        .init("call", .integer(1...100_000), "Which call, from 1; the last one when left out."),
                        .init("attempt", .integer(1...1_000_000), "Only of that attempt."),
                    ],
                    .ok(
                        .answer(
                            .required("calls", .list(.anyObject), "All calls, the oldest first."),
                            .required(
                                "prompt",
                                .anyObject,
                                "The call with `request` and `answer`; with `exact` the request is the one that was sent, byte for byte."
                            )
                        )
                    )
                ),
                show
            )
        ]
    }

    @Sendable private func show(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (id, row) = try await service.task(call, .readRuns, isForWorkers: false)
        let steps = try await service.readRuns { reader throws(EngineError) in
            try reader.steps(of: id.task, ofRun: row.key)
        }
        let (number, attempt) = (call.number("call").map { Int($0) }, call.number("attempt").map { Int($0) })
        guard let shown = agents.prompt(steps, number, attempt) else {
            throw .notFound("such a call of a model in task `\(id)`")
        }
        return .json(shown)
    }
}
