// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model

/// Signals to many runs (spec 6.5); those to one are with the other verbs of runs.
struct SignalRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "POST",
                "/v1/signals",
                Contract(
                    "sendSignal",
                    "Sends a signal to the runs of a workflow, of a project, or to all that wait for it.",
                    .signals,
                    .may(.controlRuns),
                    body: .json(
                        .object(
                            .required(
                                "to",
                                .text(1...500, pattern: "^(run:run_.+|workflow:[^#]+(#.*)?|project|broadcast)$"),
                                "`run:ID`, `workflow:NAME#KEY`, `project` or `broadcast`."
                            ),
                            .optional("project", .projectName, "Which one `project` means."),
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
                    .ok(.answer(.required("delivered", .integer, "To how many runs it went.")))
                ).checkingFurther(),
                send
            )
        ]
    }

    /// What does not let itself be controlled by the caller is passed over, as if it did not wait.
    @Sendable private func send(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (fields, caller) = (call.fields, call.caller)
        guard let target = SignalTarget(fields.requiredText("to")) else {
            throw .invalid("/to", "must be `run:ID`, `workflow:NAME#KEY`, `project` or `broadcast`")
        }
        if case .run(let run) = target { _ = try await service.run(run, caller, .controlRuns) }
        let grants = try await service.accounts { identity throws(IdentityError) in
            try identity.memberships.memberships(of: caller)
        }
        var sender = SignalSender(call.ownership(in: fields.text("project")))
        sender.mayReach = { thing in
            let grant = grants.grant(tenant: thing.tenant, project: thing.project)
            return Access.decide(caller, .controlRuns, on: thing, grant: grant) == .allowed
        }
        let (from, key) = (sender, fields.text("dedupe_key") ?? call.request.header("idempotency-key"))
        let count = try await service.ask(call) { engine throws(EngineError) in
            try await engine.signal(
                target,
                type: fields.requiredText("type"),
                key: fields.text("key"),
                payload: fields["payload"] ?? .null,
                dedupeKey: key ?? RunControlRoutes.freshKey(),
                from: from,
                by: call.actor
            )
        }
        return .json(["delivered": .int(Int64(count))])
    }
}
