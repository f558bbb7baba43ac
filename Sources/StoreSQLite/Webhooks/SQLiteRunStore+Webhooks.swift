// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// A file that an older program wrote and nobody has upgraded yet reads as one without webhooks.
extension SQLiteRunStore: WebhookStore {
    /// The webhook with that id.
    public func webhook(_ id: WebhookID) throws(StoreError) -> WebhookRow? {
        try webhookRows { (rows) throws(StoreError) in try rows.webhook(id) } ?? nil
    }

    /// Webhooks by id.
    public func webhooks(tenant: String?) throws(StoreError) -> [WebhookRow] {
        try webhookRows { (rows) throws(StoreError) in try rows.webhooks(tenant) } ?? []
    }

    /// How far a webhook got.
    public func webhookProgress(_ id: WebhookID) throws(StoreError) -> WebhookProgressRow? {
        try webhookRows { (rows) throws(StoreError) in try rows.progress(id) } ?? nil
    }

    /// The message with that key.
    public func delivery(_ key: DeliveryRow.Key) throws(StoreError) -> DeliveryRow? {
        try webhookRows { (rows) throws(StoreError) in try rows.delivery(key) } ?? nil
    }

    /// Messages that are due.
    public func dueDeliveries(
        of webhook: WebhookID,
        by time: Timestamp,
        limit: Int
    ) throws(StoreError) -> [DeliveryRow] {
        try webhookRows { (rows) throws(StoreError) in try rows.due(webhook, time, limit) } ?? []
    }

    /// When the next message is due.
    public func nextDelivery(of webhook: WebhookID) throws(StoreError) -> Timestamp? {
        try webhookRows { (rows) throws(StoreError) in try rows.next(webhook) } ?? nil
    }

    /// How many messages are in that state.
    public func deliveryCount(of webhook: WebhookID, _ state: DeliveryRow.State) throws(StoreError) -> Int {
        try webhookRows { (rows) throws(StoreError) in try rows.count(webhook, state) } ?? 0
    }

    /// Messages that were given up.
    public func deadDeliveries(_ filter: DeadDeliveryFilter) throws(StoreError) -> [DeliveryRow] {
        try webhookRows { (rows) throws(StoreError) in try rows.dead(filter) } ?? []
    }

    /// The hook with that id.
    public func hook(_ id: HookID) throws(StoreError) -> HookRow? {
        try webhookRows { (rows) throws(StoreError) in try rows.hook(id) } ?? nil
    }

    /// Hooks by id.
    public func hooks(tenant: String?) throws(StoreError) -> [HookRow] {
        try webhookRows { (rows) throws(StoreError) in try rows.hooks(tenant) } ?? []
    }

    private func webhookRows<Value: Sendable>(
        _ body: @Sendable (WebhookReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in try reader.webhooks().map(body) }
    }
}
