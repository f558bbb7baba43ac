// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Webhooks and hooks beside the accounts that they belong to. Calls block.
public protocol WebhookStore: SecurityStore {
    /// The webhook with that id.
    func webhook(_ id: WebhookID) throws(StoreError) -> WebhookRow?
    /// Webhooks by id; `tenant` nil for all.
    func webhooks(tenant: String?) throws(StoreError) -> [WebhookRow]
    /// How far a webhook got.
    func webhookProgress(_ id: WebhookID) throws(StoreError) -> WebhookProgressRow?

    /// The message with that key.
    func delivery(_ key: DeliveryRow.Key) throws(StoreError) -> DeliveryRow?
    /// Messages of a webhook that wait until that time or shorter, the one that is due first at the beginning.
    func dueDeliveries(of webhook: WebhookID, by time: Timestamp, limit: Int) throws(StoreError) -> [DeliveryRow]
    /// When the next waiting message of a webhook is due.
    func nextDelivery(of webhook: WebhookID) throws(StoreError) -> Timestamp?
    /// How many messages of a webhook are in that state.
    func deliveryCount(of webhook: WebhookID, _ state: DeliveryRow.State) throws(StoreError) -> Int
    /// Messages that were given up, by webhook and event.
    func deadDeliveries(_ filter: DeadDeliveryFilter) throws(StoreError) -> [DeliveryRow]

    /// The hook with that id.
    func hook(_ id: HookID) throws(StoreError) -> HookRow?
    /// Hooks by id; `tenant` nil for all.
    func hooks(tenant: String?) throws(StoreError) -> [HookRow]
}

/// Which messages that were given up are wanted.
public struct DeadDeliveryFilter: Sendable {
    /// Only of webhooks of that tenant.
    public var tenant: String?
    /// Only of that webhook.
    public var webhook: WebhookID?
    /// Only those after that one, by webhook and event.
    public var after: DeliveryRow.Key?
    /// At most that many.
    public var limit = 100

    /// All, the first 100.
    public init() {}
}

/// What changes of webhooks; part of a ``SecurityChange``, carried out in the order of the fields.
public struct WebhookChange: Sendable {
    /// New webhooks (revision 1) and changed ones; `conflict` when the revision is not one above the stored one.
    public var webhooks: [WebhookRow] = []
    /// To write; left out when the webhook is gone.
    public var progress: [WebhookProgressRow] = []
    /// To write, in place of those with the same key; left out when the webhook is gone.
    public var deliveries: [DeliveryRow] = []
    /// To remove; one that is not there is no conflict.
    public var removedDeliveries: [DeliveryRow.Key] = []
    /// To remove with all that is theirs; one that is not there is no conflict.
    public var removedWebhooks: [WebhookID] = []
    /// New hooks (revision 1) and changed ones; `conflict` when the revision is not one above the stored one.
    public var hooks: [HookRow] = []
    /// To remove; one that is not there is no conflict.
    public var removedHooks: [HookID] = []
    /// Removes messages that were given up before.
    public var forgetsDeadBefore: Timestamp?

    /// Nothing.
    public init() {}
}

extension StoreError {
    /// A webhook was changed meanwhile.
    public static func webhookTaken(_ id: WebhookID) -> Self {
        Self(.conflict, "The webhook \(id) was changed meanwhile.")
    }

    /// A hook was changed meanwhile.
    public static func hookTaken(_ id: HookID) -> Self {
        Self(.conflict, "The hook \(id) was changed meanwhile.")
    }
}
