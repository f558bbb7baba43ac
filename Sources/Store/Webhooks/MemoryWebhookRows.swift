// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// The webhooks of a ``MemorySecurityStore``, and what a change makes of them.
struct MemoryWebhookRows {
    var webhooks: [WebhookID: WebhookRow] = [:]
    var progress: [WebhookID: WebhookProgressRow] = [:]
    var deliveries: [DeliveryRow.Key: DeliveryRow] = [:]
    var hooks: [HookID: HookRow] = [:]

    mutating func apply(_ change: WebhookChange) throws(StoreError) {
        for row in change.webhooks {
            guard (webhooks[row.id]?.revision ?? 0) + 1 == row.revision else { throw .webhookTaken(row.id) }
            webhooks[row.id] = row
        }
        for row in change.progress where webhooks[row.webhook] != nil { progress[row.webhook] = row }
        for row in change.deliveries where webhooks[row.key.webhook] != nil { deliveries[row.key] = row }
        for key in change.removedDeliveries { deliveries[key] = nil }
        for id in change.removedWebhooks {
            (webhooks[id], progress[id]) = (nil, nil)
            deliveries = deliveries.filter { $0.key.webhook != id }
        }
        for row in change.hooks {
            guard (hooks[row.id]?.revision ?? 0) + 1 == row.revision else { throw .hookTaken(row.id) }
            hooks[row.id] = row
        }
        for id in change.removedHooks { hooks[id] = nil }
        if let time = change.forgetsDeadBefore {
            deliveries = deliveries.filter { $0.value.state != .dead || $0.value.at >= time }
        }
    }

    func deliveries(of webhook: WebhookID, _ state: DeliveryRow.State) -> [DeliveryRow] {
        deliveries.values.filter { $0.key.webhook == webhook && $0.state == state }
    }

    func dead(_ filter: DeadDeliveryFilter) -> [DeliveryRow] {
        let rows = deliveries.values.filter { row in
            row.state == .dead && (filter.tenant.map { row.tenant == $0 } ?? true)
                && (filter.webhook.map { row.key.webhook == $0 } ?? true)
                && (filter.after.map { $0 < row.key } ?? true)
        }
        return Array(rows.sorted { $0.key < $1.key }.prefix(filter.limit))
    }
}

extension DeliveryRow.Key: Comparable {
    /// By webhook and event.
    public static func < (left: Self, right: Self) -> Bool {
        (left.webhook, left.sequence) < (right.webhook, right.sequence)
    }
}

extension MemorySecurityStore: WebhookStore {
    /// The webhook with that id.
    public func webhook(_ id: WebhookID) -> WebhookRow? { webhookRows { $0.webhooks[id] } }

    /// Webhooks by id.
    public func webhooks(tenant: String?) -> [WebhookRow] {
        webhookRows { rows in
            rows.webhooks.values.filter { row in tenant.map { row.tenant == $0 } ?? true }.sorted { $0.id < $1.id }
        }
    }

    /// How far a webhook got.
    public func webhookProgress(_ id: WebhookID) -> WebhookProgressRow? { webhookRows { $0.progress[id] } }

    /// The message with that key.
    public func delivery(_ key: DeliveryRow.Key) -> DeliveryRow? { webhookRows { $0.deliveries[key] } }

    /// Messages that are due.
    public func dueDeliveries(of webhook: WebhookID, by time: Timestamp, limit: Int) -> [DeliveryRow] {
        webhookRows { rows in
            let due = rows.deliveries(of: webhook, .waiting).filter { $0.at <= time }
            return Array(due.sorted { ($0.at, $0.key) < ($1.at, $1.key) }.prefix(limit))
        }
    }

    /// When the next message is due.
    public func nextDelivery(of webhook: WebhookID) -> Timestamp? {
        webhookRows { $0.deliveries(of: webhook, .waiting).map(\.at).min() }
    }

    /// How many messages are in that state.
    public func deliveryCount(of webhook: WebhookID, _ state: DeliveryRow.State) -> Int {
        webhookRows { $0.deliveries(of: webhook, state).count }
    }

    /// Messages that were given up.
    public func deadDeliveries(_ filter: DeadDeliveryFilter) -> [DeliveryRow] { webhookRows { $0.dead(filter) } }

    /// The hook with that id.
    public func hook(_ id: HookID) -> HookRow? { webhookRows { $0.hooks[id] } }

    /// Hooks by id.
    public func hooks(tenant: String?) -> [HookRow] {
        webhookRows { rows in
            rows.hooks.values.filter { row in tenant.map { row.tenant == $0 } ?? true }.sorted { $0.id < $1.id }
        }
    }
}
