// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Changing runs while they go on (spec 5.1).
struct PatchRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/runs/{run}/patches",
                Contract("listPatches", "The patches of a run.", .patches, .may(.readRuns), .page("Patch"))
            ) { call throws(Problem) in .page(try await patches(of: call, .readRuns).all.map(\.json), next: nil) },
            Route(
                "GET",
                "/v1/runs/{run}/patches/{seq}",
                Contract("showPatch", "A patch with its operations.", .patches, .may(.readRuns), .ok(.named("Patch")))
            ) { call throws(Problem) in
                let record = try await patch(of: call, .readRuns)
                var body = record.json.objectValue ?? [:]
                body["ops"] = record.details.operations.value
                return .json(.object(body))
            },
            Route(
                "POST",
                "/v1/runs/{run}/patches",
                Contract(
                    "proposePatch",
                    "Changes the graph of a run by operations of RFC 6902 on its document.",
                    .patches,
                    .may(.patchRuns),
                    body: .json(.members(Self.fields, isClosed: true)),
                    .ok(.named("Patch"), "It is applied, or waits for a person."),
                    .problem(409, "The run has ended.")
                ).checkingFurther(),
                propose
            ),
            Route(
                "POST",
                "/v1/runs/{run}/patches/{seq}/undo",
                Contract(
                    "undoPatch",
                    "Takes an applied patch back while none of its nodes has started.",
                    .patches,
                    .may(.patchRuns),
                    body: .optional(
                        .optional("description", .text(0...2000)),
                        .optional("key", .text(1...200))
                    ),
                    .ok(.named("Patch")),
                    .problem(409, "The run has ended.")
                )
            ) { call throws(Problem) in
                let number = try await patch(of: call, .patchRuns).number
                return try await submit(call, service.patch(.undo(number), call))
            },
            deciding("approve", "Approves a patch that waits for a person.", [.optional("comment", .reason)]),
            deciding("reject", "Rejects a patch that waits for a person.", [.required("comment", .text(1...2000))]),
        ]
    }

    /// What a patch takes.
    static let fields: [Shape.Field] = [
        .required("ops", .operations),
        .optional("description", .text(0...2000)),
        .optional("base", .integer(0...Int64.max), "The last applied patch that the author knows of."),
        .optional("key", .text(1...200), "A repeat with the same key gives the first answer."),
        .optional("ask_first", .flag, "A person is to approve it, whatever the run says."),
    ]

    private func patches(of call: APICall, _ permission: Permission) async throws(Problem) -> PatchLog {
        let row = try await service.run(call, permission)
        return try await service.readRuns { reader throws(EngineError) in try reader.state(ofRun: row.key).patches }
    }

    private func patch(of call: APICall, _ permission: Permission) async throws(Problem) -> PatchRecord {
        let text = call.parameter("seq")
        guard let number = Int64(text), let record = try await patches(of: call, permission)[number] else {
            throw .notFound("patch `\(text)` of this run")
        }
        return record
    }

    @Sendable private func propose(_ call: APICall) async throws(Problem) -> HTTPResponse {
        _ = try await service.run(call, .patchRuns)
        return try await submit(call, service.patch(.operations(call.fields["ops"] ?? .null), call))
    }

    /// A patch that cannot apply is a problem that has its record; the run goes on as it was.
    private func submit(_ call: APICall, _ request: PatchRequest) async throws(Problem) -> HTTPResponse {
        let run = try call.runID()
        let record = try await service.ask(call) { engine throws(EngineError) in
            try await engine.patch(run, request, by: call.actor)
        }
        return try .patch(record)
    }

    private func deciding(_ choice: String, _ summary: String, _ fields: [Shape.Field]) -> Route {
        let shape = Shape.members(fields, isClosed: true)
        let contract = Contract(
            "\(choice)Patch",
            summary,
            .patches,
            .may(.answerHumanTasks),
            body: .json(shape, isRequired: choice == "reject"),
            .ok(.named("HumanTask")),
            .problem(409, "It does not wait for a person.")
        )
        return Route("POST", "/v1/runs/{run}/patches/{seq}/\(choice)", contract) { call throws(Problem) in
            let record = try await patch(of: call, .readRuns)
            guard let review = record.review else {
                throw Problem(409, "state.conflict", "patch \(record.number) does not wait for a person")
            }
            let answer = HumanAnswer(choice: choice, values: [:], comment: call.fields.text("comment"), via: "api")
            _ = try await service.humanTask(review.id, call.caller, answers: true)
            let row = try await service.ask(call) { engine throws(EngineError) in
                try await engine.answer(review.id, answer, by: call.actor)
            }
            return .json(row.json)
        }
    }
}

extension HTTPResponse {
    /// A patch that was asked for.
    ///
    /// - Throws: 422 with the record for one that cannot apply.
    static func patch(_ record: PatchRecord) throws(Problem) -> HTTPResponse {
        guard record.status == .rejected else { return .json(record.json) }
        let items = record.findings.map { Problem.Item(path: $0.path, code: "\($0.code)", message: $0.message) }
        let why = record.findings.first?.message ?? "it does not fit"
        var problem = Problem(422, "patch.invalid", "patch \(record.number) is rejected: \(why)", items: items)
        problem.members["patch"] = record.json
        throw problem
    }
}

extension Service {
    /// The patch that a request describes; without a key it is one of its own.
    func patch(_ change: PatchRequest.Change, _ call: APICall) -> PatchRequest {
        let fields = call.fields
        var request = PatchRequest(
            change,
            summary: fields.text("description") ?? "",
            base: fields.integer("base").map { Int64($0) },
            key: fields.text("key") ?? call.request.header("idempotency-key") ?? freshRunID().description
        )
        request.asksFirst = fields.flag("ask_first")
        return request
    }
}
