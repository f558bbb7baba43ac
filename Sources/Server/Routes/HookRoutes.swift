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

/// Hooks: addresses that others call, and what comes of it (spec 10.5).
struct HookRoutes: Sendable {
    /// Hooks of one owner.
    private static let limit = 100
    let service: Service
    let limits: Limits
    let settings: APISettings

    private static let secret = Shape.text(4...1000)
    private static let expression = Shape.text(1...2000)

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/hooks",
                Contract("listHooks", "One's hooks, the oldest first.", .webhooks, .may(.readSignals), .page("Hook")),
                list
            ),
            Route(
                "POST",
                "/v1/hooks",
                Contract(
                    "createHook",
                    "Makes an address that others call, and says what comes of a call: a signal or a run.",
                    .webhooks,
                    .may(.writeSignals),
                    body: .json(
                        .object(
                            .required("kind", .choice(HookKind.self), "How calls are signed."),
                            .optional(
                                "secret",
                                Self.secret,
                                "What they are signed with; left out, it is made and shown this once. Needed for `slack`, "
                                    + "`stripe` and `basic` (`USER:PASSWORD`)."
                            ),
                            .optional("when", Self.expression, "An expression; other calls are taken and do nothing."),
                            .optional(
                                "signal",
                                .object(
                                    .required("type", .text(1...200)),
                                    .required(
                                        "to",
                                        .text(1...500),
                                        "`run:ID`, `workflow:NAME`, `project` or `broadcast`."
                                    ),
                                    .optional(
                                        "key",
                                        Self.expression,
                                        "An expression: which of several waits is meant."
                                    ),
                                    .optional("payload", .any, "A template; the body of the call when left out.")
                                )
                            ),
                            .optional(
                                "start",
                                .object(
                                    .required("workflow", .text(1...300)),
                                    .optional("inputs", .anyObject, "A template.")
                                )
                            ),
                            .optional("project", .projectName, "Of the runs that it starts or signals.")
                        )
                    ),
                    Contract.Answer(201, "The hook.", .named("Hook")),
                    .problem(409, "There are too many.")
                ).checkingFurther().showingSecret(),
                create
            ),
            Route(
                "GET",
                "/v1/hooks/{hook}",
                Contract("showHook", "A hook.", .webhooks, .may(.readSignals), .ok(.named("Hook")))
            ) { call throws(Problem) in .json(try json(try await hook(call, .readSignals), call)) },
            Route(
                "DELETE",
                "/v1/hooks/{hook}",
                Contract("deleteHook", "Takes no calls any more.", .webhooks, .may(.writeSignals), .nothing),
                remove
            ),
            Route(
                "POST",
                "/v1/hooks/{hook}/rotate",
                Contract(
                    "rotateHookSecret",
                    "Gives a hook another secret; for a day the one before is taken as well.",
                    .webhooks,
                    .may(.writeSignals),
                    body: .optional(.optional("secret", Self.secret, "Left out, it is made and shown this once.")),
                    .ok(.named("Hook"))
                ).checkingFurther().showingSecret(),
                rotate
            ),
        ]
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (security, caller) = (service.security, call.caller)
        let rows = try await service.blocking { () throws(StoreError) in try security.hooks(tenant: caller.tenant) }
        let seen = rows.filter { caller.role == .admin || $0.owner == caller.actor }
        return .page(try seen.map { row throws(Problem) in try json(row, call) }, next: nil)
    }

    @Sendable private func create(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (caller, now) = (call.caller, service.clock.wall())
        let kind = call.fields.text("kind").flatMap(HookKind.init) ?? .standard
        let (secret, isGiven) = try secret(kind, call)
        let action = try await action(call)
        let row = HookRow(
            id: Identifier.fresh(at: now),
            tenant: caller.tenant,
            owner: caller.actor,
            role: caller.role,
            kind: kind.rawValue,
            action: JSONValue.object(action).bytes(),
            createdAt: now
        )
        let (security, vault, address) = (service.security, service.vault, call.address)
        let count = try await service.blocking { () throws(StoreError) in
            try security.hooks(tenant: row.tenant).count { $0.owner == row.owner }
        }
        guard count < Self.limit else {
            throw Problem(409, "state.conflict", "nobody has more than \(Self.limit) hooks, and you have \(count)")
        }
        try await service.blocking { () throws(SecretError) in
            try EndpointKeys(vault: vault, id: "\(row.id)", tenant: row.tenant)
                .set(secret, by: row.owner, address: address)
        }
        var change = SecurityChange()
        change.webhooks.hooks = [row]
        change.audit = [row.entry("hook.created", by: caller.actor, at: now, address: address)]
        let wanted = change
        try await service.blocking { () throws(StoreError) in try security.apply(wanted) }
        var body = try json(row, call).objectValue ?? [:]
        if !isGiven { body["secret"] = .string(secret) }
        return .json(.object(body), status: 201, headers: ["location": "/v1/hooks/\(row.id)"])
    }

    @Sendable private func remove(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let row = try await hook(call, .writeSignals)
        let (security, vault, actor, address) = (service.security, service.vault, call.actor, call.address)
        var change = SecurityChange()
        change.webhooks.removedHooks = [row.id]
        change.audit = [row.entry("hook.deleted", by: actor, at: service.clock.wall(), address: address)]
        let wanted = change
        try await service.blocking { () throws(StoreError) in try security.apply(wanted) }
        try await service.blocking { () throws(SecretError) in
            try EndpointKeys(vault: vault, id: "\(row.id)", tenant: row.tenant).remove(by: actor, address: address)
        }
        return HTTPResponse(status: 204)
    }

    @Sendable private func rotate(_ call: APICall) async throws(Problem) -> HTTPResponse {
        var row = try await hook(call, .writeSignals)
        let (secret, isGiven) = try secret(HookKind(rawValue: row.kind) ?? .standard, call)
        let (security, vault, actor, address) = (service.security, service.vault, call.actor, call.address)
        let keys = EndpointKeys(vault: vault, id: "\(row.id)", tenant: row.tenant)
        try await service.blocking { () throws(SecretError) in
            try keys.replace(with: secret, by: actor, address: address)
        }
        row.updatedAt = service.clock.wall()
        row.oldKeyUntil = row.updatedAt + EndpointKeys.overlap
        row.revision += 1
        var change = SecurityChange()
        change.webhooks.hooks = [row]
        change.audit = [row.entry("hook.rotated", by: actor, at: row.updatedAt, address: address)]
        let wanted = change
        try await service.blocking { () throws(StoreError) in try security.apply(wanted) }
        var body = try json(row, call).objectValue ?? [:]
        if !isGiven { body["secret"] = .string(secret) }
        return .json(.object(body))
    }

    // MARK: Parts

    private func secret(_ kind: HookKind, _ call: APICall) throws(Problem) -> (String, isGiven: Bool) {
        guard let given = call.fields.text("secret") else {
            guard !kind.needsSecret else { throw .invalid("/secret", "is needed for `\(kind.rawValue)`") }
            return (kind.newSecret, false)
        }
        if let defect = kind.defect(ofSecret: given) { throw .invalid("/secret", defect) }
        return (given, true)
    }

    /// What comes of a call, checked as far as it can be without one.
    private func action(_ call: APICall) async throws(Problem) -> JSONObject {
        let fields = call.fields
        var json: JSONObject = [:]
        for name in ["when", "signal", "start", "project"] { json[name] = fields[name] }
        do throws(HookAction.Invalid) { _ = try HookAction(json) } catch { throw .invalid(error.path, error.message) }
        if let project = fields.text("project") { try await service.requireStart(in: project, call.caller) }
        if let start = fields.members("start") {
            guard call.caller.may(.startRuns) else {
                throw Problem(403, "permission.denied", "`\(Permission.startRuns.rawValue)` is not yours")
            }
            let (workflows, owner) = (service.workflows, call.catalogOwner)
            let reference = start["workflow"]?.stringValue ?? ""
            _ = try await service.blocking { () throws(EngineError) in try workflows.workflow(reference, of: owner) }
            // Runs are charged to the key that the hook was made with.
            json["api_key"] = call.caller.apiKey.map { .string($0.description) }
            return json
        }
        guard call.caller.may(.controlRuns) else {
            throw Problem(403, "permission.denied", "`\(Permission.controlRuns.rawValue)` is not yours")
        }
        let to = fields.members("signal")?["to"]?.stringValue ?? ""
        guard to.contains("${") || SignalTarget(to) != nil else {
            throw .invalid("/signal/to", "must be run:ID, workflow:NAME, project or broadcast")
        }
        guard to != "project" || fields.text("project") != nil else {
            throw .invalid("/project", "is needed for signals to a project")
        }
        return json
    }

    private func json(_ row: HookRow, _ call: APICall) throws(Problem) -> JSONValue {
        var json = HookRow.action(row.action)
        json["id"] = .string(row.id.description)
        json["kind"] = .string(row.kind)
        json["owner"] = .string(row.owner)
        json["url"] = .string((settings.publicURL ?? "") + "/v1/hooks/\(row.id)")
        json["created_at"] = .string(row.createdAt.description)
        json["updated_at"] = .string(row.updatedAt.description)
        json["old_secret_until"] = row.oldKeyUntil.map { .string($0.description) }
        return .object(json)
    }

    /// The hook that the path names, if the caller may do that to it.
    private func hook(_ call: APICall, _ permission: Permission) async throws(Problem) -> HookRow {
        let id: HookID = try call.id("hook", "hook")
        let (security, identity, caller) = (service.security, service.identity, call.caller)
        return try await service.blocking { () throws(IdentityError) in
            guard let row = try reading({ () throws(StoreError) in try security.hook(id) }) else {
                throw IdentityError(.notFound, "There is no hook \(id).")
            }
            let thing = Ownership(tenant: row.tenant, owner: row.owner)
            try identity.access(caller, permission, on: thing).check("hook \(id)")
            return row
        }
    }
}

extension HookRow {
    /// What comes of a call, as it was given.
    static func action(_ bytes: [UInt8]) -> JSONObject { (try? JSONValue(parsing: bytes))?.objectValue ?? [:] }

    /// An entry of the audit trail.
    func entry(
        _ action: String,
        by actor: String,
        at time: Timestamp,
        address: String?,
        reason: String? = nil,
        _ details: JSONObject = [:]
    ) -> AuditDraft {
        AuditDraft(
            tenant: tenant,
            at: time,
            actor: actor,
            action: action,
            object: "hook:\(id)",
            reason: reason,
            address: address,
            details: details
        )
    }
}
