// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Runs made of other runs, and runs that go on with another version (spec 6.6).
struct DerivationRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "POST",
                "/v1/runs/{run}/rerun",
                Contract(
                    "rerunRun",
                    "Does a node of a run that has ended again, and everything after it.",
                    .runs,
                    .may(.controlRuns),
                    body: .json(
                        .object(
                            .required("from", .text(1...200), "The node to begin with."),
                            Self.id,
                            .optional("in_place", .flag, "In the same run, which failed or was cancelled.")
                        )
                    ),
                    Contract.Answer(202, "The run goes on.", .named("StartedRun")),
                    .problem(409, "The run goes on still.")
                ),
                rerun
            ),
            Route(
                "POST",
                "/v1/runs/{run}/fork",
                Contract(
                    "forkRun",
                    "Makes a run that goes on from an event of another one.",
                    .runs,
                    .may(.controlRuns),
                    body: .optional(
                        .optional("at", .integer(1...Int64.max), "The number of the event; the last when left out."),
                        .optional("inputs", .anyObject, "Inputs that are to be other ones."),
                        .optional("outputs", .anyObject, "Outputs that nodes are given instead of their own."),
                        .optional(
                            "config",
                            .map(.anyObject, upTo: 1000),
                            "Keys of the configuration of nodes that had not ended, by node; null takes one away."
                        ),
                        Self.id
                    ),
                    Contract.Answer(202, "The run is durable and begins.", .named("StartedRun")),
                    .problem(409, "Another run has that id."),
                    .problem(410, "The events up to there are not kept any more.")
                ),
                fork
            ),
            Route(
                "POST",
                "/v1/runs/{run}/replay",
                Contract(
                    "replayRun",
                    "Computes a run that has ended again from what is recorded of it.",
                    .runs,
                    .may(.controlRuns),
                    body: .optional(
                        .optional("mode", .choice(ReplayRequest.Mode.self), "`freeze` when left out."),
                        .optional("from", .text(1...200), "Only this node and what comes after it."),
                        Self.id
                    ),
                    Contract.Answer(202, "The run is durable and begins.", .named("StartedRun")),
                    .problem(409, "The run goes on still.")
                ),
                replay
            ),
            Route(
                "GET",
                "/v1/runs/{run}/replay",
                Contract(
                    "showReplay",
                    "What came out otherwise in a run that was made by `replay`.",
                    .runs,
                    .may(.readRuns),
                    headers: [.prefer],
                    .ok(.anyObject),
                    .problem(409, "It is no replay, or goes on still.")
                ),
                report
            ),
            Route(
                "POST",
                "/v1/runs/{run}/migrate",
                Contract(
                    "migrateRun",
                    "Lets a run go on with another version of its workflow.",
                    .runs,
                    .may(.patchRuns),
                    body: .json(
                        .object(
                            .required("to", .text(1...300), "`NAME@VERSION`."),
                            .optional(
                                "renamed",
                                .map(.text(1...200), upTo: 1000),
                                "New ids of nodes, by their old ones."
                            ),
                            .optional("dry_run", .flag, "Only say what would become of it.")
                        )
                    ),
                    .ok(.anyObject),
                    .problem(409, "Nodes that completed do not keep their contract.")
                ).checkingFurther(),
                migrate
            ),
        ]
    }

    private static let id = Shape.Field.optional(
        "id",
        .id("run"),
        "The id of the new run: a repeat gives the first answer."
    )

    @Sendable private func rerun(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (run, node) = (try await service.run(call, .controlRuns).id, call.fields.requiredText("from"))
        guard call.fields.flag("in_place") else { return try await derive(run, .rerun(from: node), call) }
        let sequence = try await service.ask(call) { engine throws(EngineError) in
            try await engine.rerunInPlace(run, from: node, by: call.actor)
        }
        return .json(
            ["id": .string(run.description), "run_seq": .int(sequence)],
            status: 202,
            headers: ["location": "/v1/runs/\(run)"]
        )
    }

    @Sendable private func fork(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let edits = call.fields.members("config")?.isEmpty == false
        let run = try await service.run(call, edits ? .patchRuns : .controlRuns).id
        return try await derive(run, .fork(at: call.fields.integer("at").map { Int64($0) }), call)
    }

    private func derive(
        _ run: RunID,
        _ way: DeriveRequest.Way,
        _ call: APICall
    ) async throws(Problem) -> HTTPResponse {
        var request = DeriveRequest(run, way, actor: call.actor)
        request.inputs = call.fields.members("inputs") ?? [:]
        for member in call.fields.members("outputs") ?? [:] { request.outputs[member.key] = member.value }
        for member in call.fields.members("config") ?? [:] {
            request.configuration[member.key] = member.value.objectValue ?? [:]
        }
        request.id = call.fields.id("id")
        request.apiKey = call.caller.apiKey
        let wanted = request
        return .started(try await service.ask(call) { engine throws(EngineError) in try await engine.derive(wanted) })
    }

    @Sendable private func replay(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (run, fields) = (try await service.run(call, .controlRuns).id, call.fields)
        let request = ReplayRequest(
            run,
            fields.text("mode").flatMap(ReplayRequest.Mode.init) ?? .freeze,
            from: fields.text("from"),
            id: fields.id("id") ?? service.freshRunID(),
            actor: call.actor
        )
        return .started(try await service.ask(call) { engine throws(EngineError) in try await engine.replay(request) })
    }

    @Sendable private func report(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let row = try await service.run(call, .readRuns)
        if let patience = call.patience { try await service.waitForEnd(of: row.id, patience) }
        let json = try await service.readRuns { reader throws(EngineError) in
            try reader.replayReport(ofRun: row.key).json
        }
        return .json(json)
    }

    @Sendable private func migrate(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (row, fields, owner) = (try await service.run(call, .patchRuns), call.fields, call.catalogOwner)
        let (workflows, reference, renamed) = (service.workflows, fields.requiredText("to"), fields.labels("renamed"))
        let (version, report) = try await service.readRuns { reader throws(EngineError) in
            let version = try workflows.workflow(reference, of: owner)
            let state = try reader.state(ofRun: row.key)
            return (version, MigrationReport(state, to: version.graph, renamed: renamed))
        }
        if !fields.flag("dry_run") {
            let key = call.request.header("idempotency-key") ?? service.freshRunID().description
            _ = try await service.ask(call) { engine throws(EngineError) in
                try await engine.migrate(row.id, to: version, renamed: renamed, key: key, by: call.actor)
            }
        }
        return .json(report.json)
    }
}

extension Service {
    /// An id that no run has.
    func freshRunID() -> RunID {
        var source = IdentifierSource()
        var random = SystemRandomNumberGenerator()
        return source.next(at: clock.wall(), entropy: (random.next(), random.next()))
    }
}
