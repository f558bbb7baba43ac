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

/// Webhooks: events go to others (spec 10.5).
struct WebhookRoutes: Sendable {
    /// Webhooks of one owner.
    private static let limit = 100
    let service: Service
    let sender: WebhookSender

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/webhooks",
                Contract(
                    "listWebhooks",
                    "One's webhooks, the oldest first.",
                    .webhooks,
                    .may(.readSignals),
                    .page("Webhook")
                ),
                list
            ),
            Route(
                "POST",
                "/v1/webhooks",
                Contract(
                    "createWebhook",
                    "Sends events from now on to an address; the secret that signs them is shown this once.",
                    .webhooks,
                    .may(.writeSignals),
                    body: .json(
                        .object(
                            .required(
                                "url",
                                .text(1...2000),
                                "`https` or `http`; private addresses must be permitted."
                            ),
                            .optional(
                                "types",
                                .list(.text(1...100, pattern: "^[a-z0-9_.]*\\*?$"), 0...50),
                                "Only of these types; `task.*` stands for all of an area. All when left out."
                            ),
                            .optional("project", .projectName, "Only of runs in that project.")
                        )
                    ),
                    Contract.Answer(201, "The webhook, with its secret.", .named("Webhook")),
                    .problem(409, "There are too many.")
                ).checkingFurther().showingSecret(),
                create
            ),
            Route(
                "GET",
                "/v1/webhooks/{webhook}",
                Contract(
                    "showWebhook",
                    "A webhook and how far it got.",
                    .webhooks,
                    .may(.readSignals),
                    .ok(.named("Webhook"))
                )
            ) { call throws(Problem) in .json(try await details(try await webhook(call, .readSignals))) },
            Route(
                "DELETE",
                "/v1/webhooks/{webhook}",
                Contract(
                    "deleteWebhook",
                    "Removes a webhook with all messages that were not delivered.",
                    .webhooks,
                    .may(.writeSignals),
                    .nothing
                ),
                remove
            ),
            Route(
                "POST",
                "/v1/webhooks/{webhook}/test",
                Contract(
                    "testWebhook",
                    "Sends a message that means nothing, once, and says what became of it.",
                    .webhooks,
                    .may(.writeSignals),
                    .ok(.answer(.required("delivered", .flag), .required("id", .text), .optional("failure", .text)))
                ),
                test
            ),
            Route(
                "POST",
                "/v1/webhooks/{webhook}/rotate",
                Contract(
                    "rotateWebhookSecret",
                    "Makes a new secret; for a day messages are signed with the one before as well.",
                    .webhooks,
                    .may(.writeSignals),
                    .ok(.named("Webhook"))
                ).showingSecret(),
                rotate
            ),
            changing("pause", "Sends nothing until it is resumed; events wait.", to: .paused),
            changing("resume", "Goes on where it was.", to: .active),
        ]
    }

    private func changing(_ word: String, _ summary: String, to status: WebhookRow.Status) -> Route {
        let contract = Contract(
            "\(word)Webhook",
            summary,
            .webhooks,
            .may(.writeSignals),
            body: .optional(.optional("note", .text(0...2000))),
            .ok(.named("Webhook")),
            .problem(409, "It is \(status == .paused ? "paused" : "active") already.")
        )
        return Route("POST", "/v1/webhooks/{webhook}/\(word)", contract) { call throws(Problem) in
            var row = try await webhook(call, .writeSignals)
            guard row.status != status else {
                throw Problem(409, "state.conflict", "webhook \(row.id) is \(row.status.rawValue) already")
            }
            row.status = status
            row.note = status == .paused ? call.fields.text("note") : nil
            return .json(try await details(try await change(row, "webhook.\(word)d", call)))
        }
    }

    // MARK: Acts

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (security, caller) = (service.security, call.caller)
        let rows = try await service.blocking { () throws(StoreError) in
            try security.webhooks(tenant: caller.tenant)
        }
        var items: [JSONValue] = []
        for row in rows where caller.role == .admin || row.owner == caller.actor {
            items.append(try await details(row))
        }
        return .page(items, next: nil)
    }

    @Sendable private func create(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (fields, caller, now) = (call.fields, call.caller, service.clock.wall())
        guard caller.may(.readEvents) else {
            throw Problem(403, "permission.denied", "`\(Permission.readEvents.rawValue)` is not yours")
        }
        let url = fields.requiredText("url")
        if let rule = sender.courier.refusal(of: url) { throw .invalid("/url", "is refused (\(rule))") }
        var row = WebhookRow(
            id: Identifier.fresh(at: now),
            tenant: caller.tenant,
            owner: caller.actor,
            role: caller.role,
            url: url,
            createdAt: now
        )
        (row.types, row.project) = (fields.texts("types") ?? [], fields.text("project"))
        let (made, secret, cursor) = (row, WebhookKey().text, sender.feed.last)
        let (security, vault, address) = (service.security, service.vault, call.address)
        let count = try await service.blocking { () throws(StoreError) in
            try security.webhooks(tenant: made.tenant).count { $0.owner == made.owner }
        }
        guard count < Self.limit else {
            throw Problem(409, "state.conflict", "nobody has more than \(Self.limit) webhooks, and you have \(count)")
        }
        try await service.blocking { () throws(SecretError) in
            try EndpointKeys(vault: vault, id: "\(made.id)", tenant: made.tenant)
                .set(secret, by: made.owner, address: address)
        }
        var change = SecurityChange()
        change.webhooks.webhooks = [made]
        change.webhooks.progress = [WebhookProgressRow(webhook: made.id, cursor: cursor)]
        change.audit = [made.entry("webhook.created", by: made.owner, at: now, address: address)]
        let wanted = change
        try await service.blocking { () throws(StoreError) in try security.apply(wanted) }
        sender.restart(made.id)
        var json = try await details(made).objectValue ?? [:]
        json["secret"] = .string(secret)
        return .json(.object(json), status: 201, headers: ["location": "/v1/webhooks/\(made.id)"])
    }

    @Sendable private func remove(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let row = try await webhook(call, .writeSignals)
        var change = SecurityChange()
        change.webhooks.removedWebhooks = [row.id]
        change.audit = [
            row.entry("webhook.deleted", by: call.actor, at: service.clock.wall(), address: call.address)
        ]
        let (wanted, security, vault, caller, address) =
            (change, service.security, service.vault, call.actor, call.address)
        try await service.blocking { () throws(StoreError) in try security.apply(wanted) }
        sender.restart(row.id)
        try await service.blocking { () throws(SecretError) in
            try EndpointKeys(vault: vault, id: "\(row.id)", tenant: row.tenant).remove(by: caller, address: address)
        }
        return HTTPResponse(status: 204)
    }

    @Sendable private func test(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (row, now) = (try await webhook(call, .writeSignals), service.clock.wall())
        let vault = service.vault
        let secrets = try await service.blocking { () throws(SecretError) in
            try EndpointKeys(vault: vault, id: "\(row.id)", tenant: row.tenant).secrets(
                oldUntil: row.oldKeyUntil,
                at: now
            )
        }
        let id = "msg_test_" + String(UInt64.random(in: .min ... .max), radix: 36)
        let body = CloudEvent.test(id: id, at: now, source: sender.courier.source).bytes()
        let outcome = await sender.courier.send(body, id: id, to: row.url, keys: secrets.compactMap { WebhookKey($0) })
        var json: JSONObject = ["delivered": .bool(outcome == .delivered), "id": .string(id)]
        json["failure"] = outcome?.failure.map { .string($0) }
        return .json(.object(json))
    }

    @Sendable private func rotate(_ call: APICall) async throws(Problem) -> HTTPResponse {
        var row = try await webhook(call, .writeSignals)
        let (secret, vault, actor, address) = (WebhookKey().text, service.vault, call.actor, call.address)
        let keys = EndpointKeys(vault: vault, id: "\(row.id)", tenant: row.tenant)
        try await service.blocking { () throws(SecretError) in
            try keys.replace(with: secret, by: actor, address: address)
        }
        row.oldKeyUntil = service.clock.wall() + EndpointKeys.overlap
        var json = try await details(try await change(row, "webhook.rotated", call)).objectValue ?? [:]
        json["secret"] = .string(secret)
        return .json(.object(json))
    }

    // MARK: Parts

    /// Stores a changed webhook, whose revision is still the stored one.
    private func change(_ row: WebhookRow, _ action: String, _ call: APICall) async throws(Problem) -> WebhookRow {
        var row = row
        row.revision += 1
        row.updatedAt = service.clock.wall()
        var change = SecurityChange()
        change.webhooks.webhooks = [row]
        change.audit = [row.entry(action, by: call.actor, at: row.updatedAt, address: call.address)]
        let (wanted, security) = (change, service.security)
        try await service.blocking { () throws(StoreError) in try security.apply(wanted) }
        sender.restart(row.id)
        return row
    }

    private func details(_ row: WebhookRow) async throws(Problem) -> JSONValue {
        let security = service.security
        return try await service.blocking { () throws(StoreError) in
            row.json(
                try security.webhookProgress(row.id),
                waiting: try security.deliveryCount(of: row.id, .waiting),
                dead: try security.deliveryCount(of: row.id, .dead)
            )
        }
    }

    private func webhook(_ call: APICall, _ permission: Permission) async throws(Problem) -> WebhookRow {
        try await service.webhook(call, permission)
    }
}

extension Service {
    /// The webhook that the path names, if the caller may do that to it. It is its owner's alone: addresses may hold
    /// credentials.
    func webhook(_ call: APICall, _ permission: Permission) async throws(Problem) -> WebhookRow {
        let id: WebhookID = try call.id("webhook", "webhook")
        let (security, identity, caller) = (security, identity, call.caller)
        return try await blocking { () throws(IdentityError) in
            guard let row = try reading({ () throws(StoreError) in try security.webhook(id) }) else {
                throw IdentityError(.notFound, "There is no webhook \(id).")
            }
            let thing = Ownership(tenant: row.tenant, owner: row.owner)
            try identity.access(caller, permission, on: thing).check("webhook \(id)")
            return row
        }
    }
}

extension Identifier {
    /// One that no other thing has.
    static func fresh(at now: Timestamp) -> Self {
        var (source, random) = (IdentifierSource(), SystemRandomNumberGenerator())
        return source.next(at: now, entropy: (random.next(), random.next()))
    }
}

extension WebhookRow {
    fileprivate func json(_ progress: WebhookProgressRow?, waiting: Int, dead: Int) -> JSONValue {
        var json: JSONObject = [
            "id": .string(id.description), "url": .string(url), "types": .array(types.map(JSONValue.string)),
            "owner": .string(owner), "status": .string(status.rawValue), "created_at": .string(createdAt.description),
            "updated_at": .string(updatedAt.description), "cursor": .int(progress?.cursor ?? 0),
            "waiting": .int(Int64(waiting)), "dead": .int(Int64(dead)),
        ]
        json["project"] = project.map { .string($0) }
        json["note"] = note.map { .string($0) }
        json["old_secret_until"] = oldKeyUntil.map { .string($0.description) }
        json["delivered_at"] = progress?.deliveredAt.map { .string($0.description) }
        json["failing_since"] = progress?.failingSince.map { .string($0.description) }
        json["attempts"] = progress.flatMap { $0.attempts > 0 ? .int(Int64($0.attempts)) : nil }
        json["next_attempt_at"] = progress?.nextAt.map { .string($0.description) }
        json["failure"] = progress?.failure.map { .string($0) }
        return .object(json)
    }
}
