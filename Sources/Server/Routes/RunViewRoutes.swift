// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import RateLimits
internal import Store

/// All attempts of a run, what it was to cost, and all of it in one file (spec 10.2).
struct RunViewRoutes: Sendable {
    let service: Service
    /// What agents are estimated with.
    let prices: @Sendable () -> PriceTable

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/runs/{run}/attempts",
                Contract(
                    "listRunAttempts",
                    "The attempts at all tasks of a run, task by task.",
                    .runs,
                    .may(.readRuns),
                    .page("Attempt")
                )
            ) { call throws(Problem) in
                let row = try await service.run(call, .readRuns)
                let tasks = try await service.readRuns { reader throws(EngineError) in
                    try reader.attempts(ofRun: row.key)
                }
                return .page(tasks.flatMap { $0.json(of: row.id) }, next: nil)
            },
            Route(
                "GET",
                "/v1/runs/{run}/estimate",
                Contract(
                    "estimateRun",
                    "What the graph of a run with its inputs was to cost.",
                    .runs,
                    .may(.readRuns),
                    .ok(.anyObject)
                )
            ) { call throws(Problem) in
                let row = try await service.run(call, .readRuns)
                let history = try await service.history(of: row.workflow, call.caller)
                let estimator = Estimator(history: history, prices: prices())
                let json = try await service.readRuns { reader throws(EngineError) in
                    let state = try reader.state(ofRun: row.key)
                    let inputs = state.inputs.value.objectValue ?? [:]
                    return estimator.estimate(state.graph.definition, inputs: inputs).json
                }
                return .json(json)
            },
            Route(
                "GET",
                "/v1/runs/{run}/export",
                Contract(
                    "exportRun",
                    "All of a run as lines of JSON: `{run}` with its tasks, `{document}`, and `{event}` for each event.",
                    .runs,
                    .may(.readRuns),
                    kind: .export,
                    Contract.Answer(200, "The lines.", .any, mediaType: "application/jsonl")
                ),
                export
            ),
        ]
    }

    @Sendable private func export(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let row = try await service.run(call, .readRuns)
        let now = service.clock.wall()
        let state = try await service.readRuns { reader throws(EngineError) in try reader.state(ofRun: row.key) }
        var run = state.json(at: now)
        run["tasks"] = .array(state.tasksJSON)
        let document = try await service.document(of: state)
        let head: [JSONValue] = [["run": .object(run)], ["document": document]]
        let (store, last) = (service.store, state.lastSequence)
        return .stream(headers: ["content-type": "application/jsonl"]) { writer in
            try await writer.write(head.flatMap { Array($0.text.utf8) + [0x0a] })
            var after: Int64 = 0
            while after < last {
                let from = after
                let page = try await service.readRuns { reader throws(EngineError) in
                    try RunLog(reader: reader, store: store).events(ofRun: row.key, after: from, limit: 500)
                }
                guard let end = page.last?["run_seq"]?.intValue else { return }
                after = end
                let lines = page.filter { $0["run_seq"]?.intValue ?? 0 <= last }
                    .flatMap { Array(JSONValue.object(["event": $0]).text.utf8) + [0x0a] }
                try await writer.write(lines)
            }
        }
    }
}

extension TaskAttempts {
    /// Each attempt with its task: `{task, node, place?, attempt, …}`.
    fileprivate func json(of run: RunID) -> [JSONValue] {
        attempts.map { attempt in
            var result: JSONObject = [
                "task": .string(TaskID(run: run, task: task).description), "node": .string(name.node),
            ]
            if !name.place.isEmpty { result["place"] = .array(name.place.map { .int(Int64($0)) }) }
            for member in attempt.json.objectValue?.members ?? [] { result[member.key] = member.value }
            return .object(result)
        }
    }
}
