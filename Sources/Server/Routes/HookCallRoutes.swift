// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Secrets
internal import Store
internal import Webhooks

/// The address that others call: nothing but the signature says who it is.
struct HookCallRoutes: Sendable {
    /// The longest body.
    private static let bodyLimit = 1 << 20
    let service: Service
    let limits: Limits
    private let refusals = RefusalCount()

    init(service: Service, limits: Limits) { (self.service, self.limits) = (service, limits) }

    var routes: [Route] {
        [
            Route(
                "POST",
                "/v1/hooks/{hook}",
                Contract(
                    "callHook",
                    "A call of somebody else, signed as the hook has it; a repeat gets the first answer.",
                    .webhooks,
                    .everyone,
                    body: .bytes,
                    .ok(.anyObject, "The answer to a challenge of Slack."),
                    Contract.Answer(
                        202,
                        "It is taken, and what it does is durable.",
                        .answer(
                            .required("status", .choice(["ignored", "signalled", "started"])),
                            .optional("run", .text),
                            .optional("delivered", .integer, "How many runs got the signal.")
                        )
                    ),
                    .problem(401, "The signature is not right."),
                    .problem(409, "The run has ended."),
                    .problem(413, "The body is too large.")
                ).checkingFurther(),
                receive
            )
        ]
    }

    @Sendable private func receive(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (security, id): (any WebhookStore, HookID) = (service.security, try call.id("hook", "hook"))
        guard let row = try await service.blocking({ () throws(StoreError) in try security.hook(id) }),
            let kind = HookKind(rawValue: row.kind)
        else { throw .notFound("hook `\(id)`") }
        let said = HookCall(headers: Self.headers(of: call.request), body: try await Self.body(of: call.request))
        let delivery = try await verify(said, kind, row, call)
        // Slack asks once whether the address is ours.
        if kind == .slack, said.value["type"] == "url_verification", let challenge = said.value["challenge"] {
            return .json(["challenge": challenge])
        }
        let owner = try await service.accounts { identity throws(IdentityError) in
            try identity.authenticator.principal(named: row.owner, of: row.tenant, role: row.role)
        }
        guard let owner else { throw Problem(403, "permission.denied", "the owner of the hook is gone or disabled") }
        let worker = HookDelivery(service: service, limits: limits, hook: row, owner: owner, id: delivery)
        if let known = try await answer(worker.key) { return .json(known, status: 202) }
        let json = HookRow.action(row.action)
        let step: HookAction.Step
        do throws(HookAction.Invalid) {
            step = try HookAction(json).step(for: said, delivery: delivery)
        } catch {
            throw .invalid(error.path, error.message)
        }
        let done = JSONValue.object(try await worker.carryOut(step, in: json["project"]?.stringValue))
        try await keep(done, worker.key)
        return .json(done, status: 202)
    }

    private func verify(
        _ said: HookCall,
        _ kind: HookKind,
        _ row: HookRow,
        _ call: APICall
    ) async throws(Problem) -> String? {
        let (vault, now) = (service.vault, service.clock.wall())
        let secrets = try await service.blocking { () throws(SecretError) in
            try EndpointKeys(vault: vault, id: "\(row.id)", tenant: row.tenant).secrets(
                oldUntil: row.oldKeyUntil,
                at: now
            )
        }
        do throws(HookCall.Refusal) {
            return try said.verify(kind, secrets: secrets, at: now)
        } catch {
            try await record(error.reason, row, call, now)
            throw Problem(401, "auth.required", "the call is not signed as the hook has it: \(error.reason)")
        }
    }

    /// Writes a refusal down; when they come often, some together.
    private func record(_ reason: String, _ row: HookRow, _ call: APICall, _ now: Timestamp) async throws(Problem) {
        guard let count = refusals.count(row.id, at: now) else { return }
        var change = SecurityChange()
        change.audit = [
            row.entry(
                "hook.refused",
                by: "unknown",
                at: now,
                address: call.address,
                reason: reason,
                ["count": .int(Int64(count))]
            )
        ]
        let (security, wanted) = (service.security, change)
        try await service.blocking { () throws(StoreError) in try security.apply(wanted) }
    }

    // MARK: Repeats

    private func answer(_ key: IdempotencyKey?) async throws(Problem) -> JSONValue? {
        guard let key else { return nil }
        do throws(EngineError) {
            return try await service.engine.keptAnswer(for: key).flatMap { try? JSONValue(parsing: $0) }
        } catch { throw Problem(error) }
    }

    private func keep(_ answer: JSONValue, _ key: IdempotencyKey?) async throws(Problem) {
        guard let key else { return }
        do throws(EngineError) {
            try await service.engine.keep(answer.bytes(), for: key)
        } catch { throw Problem(error) }
    }

    // MARK: Parts

    private static func headers(of request: HTTPRequest) -> [String: String] {
        Dictionary(request.headers.fields.map { ($0.name, $0.value) }) { first, _ in first }
    }

    private static func body(of request: HTTPRequest) async throws(Problem) -> [UInt8] {
        do throws(HTTPStreamError) {
            return try await request.body.collect(limit: bodyLimit)
        } catch {
            guard error.code == .tooLarge else { throw Problem(400, "validation.failed", error.message) }
            throw Problem(413, "too_large", "the body has more than \(bodyLimit) bytes")
        }
    }
}
