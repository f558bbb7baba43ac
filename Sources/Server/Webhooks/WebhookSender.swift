// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Secrets
internal import Store
internal import Telemetry
internal import Webhooks

/// Sends events to webhooks (spec 10.5): a task for each that is active, none for others.
///
/// How far each got is stored, so a new process goes on there. What was sent and not noted before a crash is sent again,
/// under the same id.
final class WebhookSender: Sendable {
    /// Rest after a failure of this server, such as a store that cannot be read.
    private static let rest = Duration.seconds(5)

    let service: Service
    let feed: LiveFeed
    let courier: WebhookCourier
    let schedule: DeliverySchedule
    private let log: Log?
    private let changes: AsyncStream<WebhookID>
    private let changed: AsyncStream<WebhookID>.Continuation

    init(_ service: Service, _ feed: LiveFeed, _ settings: APISettings, _ metrics: MetricsRegistry, _ log: Log? = nil) {
        (self.service, self.feed, self.log) = (service, feed, log)
        courier = WebhookCourier(settings, version: service.version, clock: service.clock, metrics)
        schedule = settings.deliveries
        (changes, changed) = AsyncStream.makeStream()
    }

    /// Tells that a webhook was made, changed or removed, or has messages to send again.
    func restart(_ id: WebhookID) { changed.yield(id) }

    /// Sends until the task is cancelled.
    func run() async {
        var lanes: [WebhookID: Task<Void, Never>] = [:]
        for id in await active() { lanes[id] = Task { await self.work(id) } }
        for await id in changes {
            if let lane = lanes.removeValue(forKey: id) {
                lane.cancel()
                await lane.value
            }
            lanes[id] = Task { await self.work(id) }
        }
        for lane in lanes.values { lane.cancel() }
        for lane in lanes.values { await lane.value }
    }

    private func active() async -> [WebhookID] {
        let security = service.security
        while !Task.isCancelled {
            do throws(Problem) {
                return try await service.blocking { () throws(StoreError) in
                    try security.webhooks(tenant: nil).filter { $0.status == .active }.map(\.id)
                }
            } catch {
                complain("webhooks cannot be read", error)
                try? await Task.sleep(for: Self.rest)
            }
        }
        return []
    }

    private func work(_ id: WebhookID) async {
        while !Task.isCancelled {
            do throws(Problem) {
                guard var lane = try await lane(id) else { return }
                return try await lane.run()
            } catch {
                complain("webhook \(id) rests", error)
                try? await Task.sleep(for: Self.rest)
            }
        }
    }

    private func lane(_ id: WebhookID) async throws(Problem) -> WebhookLane? {
        let (security, vault, now) = (service.security, service.vault, service.clock.wall())
        let found = try await service.blocking { () throws(StoreError) in
            try security.webhook(id).map { row throws(StoreError) in
                (row, try security.webhookProgress(id))
            }
        }
        guard let (row, progress) = found, row.status == .active else { return nil }
        let secrets = try await service.blocking { () throws(SecretError) in
            try EndpointKeys(vault: vault, id: "\(id)", tenant: row.tenant).secrets(oldUntil: row.oldKeyUntil, at: now)
        }
        let begin = progress ?? WebhookProgressRow(webhook: id, cursor: feed.last)
        return WebhookLane(
            webhook: row,
            keys: secrets.compactMap { WebhookKey($0) },
            queue: DeliveryQueue(begin, tenant: row.tenant, schedule),
            sender: self
        )
    }

    /// What the owner of a webhook may see of what it wants; `nil` when his account is gone or disabled.
    func filter(of webhook: WebhookRow) async throws(Problem) -> EventFilter? {
        let owner = try await service.accounts { identity throws(IdentityError) in
            try identity.authenticator.principal(named: webhook.owner, of: webhook.tenant, role: webhook.role)
        }
        guard let owner, owner.may(.readEvents) else { return nil }
        var filter = EventFilter(visibility: try await service.visibility(of: owner))
        filter.projects = webhook.project.map { [$0] } ?? []
        filter.types = webhook.types
        return filter
    }

    /// Stops a webhook until somebody lets it go on.
    func pause(_ webhook: WebhookRow, note: String) async throws(Problem) {
        let (security, now) = (service.security, service.clock.wall())
        try await service.blocking { () throws(StoreError) in
            guard var row = try security.webhook(webhook.id), row.status == .active else { return }
            (row.status, row.note, row.updatedAt) = (.paused, note, now)
            row.revision += 1
            var change = SecurityChange()
            change.webhooks.webhooks = [row]
            change.audit = [row.entry("webhook.paused", by: "system", at: now, reason: note)]
            try security.apply(change)
        }
        log?.record(.warn, "webhook paused: \(note)", ["webhook": .string(webhook.id.description)])
    }

    /// Writes that messages were given up.
    func mourn(_ rows: [DeliveryRow]) {
        for row in rows where row.state == .dead {
            log?.record(
                .warn,
                "a message of a webhook was given up: \(row.failure)",
                ["webhook": .string(row.key.webhook.description), "event": .int(row.key.sequence)]
            )
        }
    }

    private func complain(_ what: String, _ problem: Problem) {
        guard !Task.isCancelled else { return }
        log?.record(.error, "\(what): \(problem.code): \(problem.detail)")
    }
}

extension WebhookRow {
    /// An entry of the audit trail.
    func entry(
        _ action: String,
        by actor: String,
        at time: Timestamp,
        address: String? = nil,
        reason: String? = nil,
        _ details: JSONObject = [:]
    ) -> AuditDraft {
        AuditDraft(
            tenant: tenant,
            at: time,
            actor: actor,
            action: action,
            object: "webhook:\(id)",
            reason: reason,
            address: address,
            details: details
        )
    }
}
