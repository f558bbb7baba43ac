// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What readers ask SQLite about webhooks and hooks; prepared when it is first needed.
struct WebhookReader {
    private let webhook, webhooks, progress, delivery, due, next, counts, dead, deadOfWebhook: Statement
    private let hook, hooks: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        webhook = try Statement(connection, "SELECT * FROM webhook WHERE id = ?")
        webhooks = try Statement(connection, "SELECT * FROM webhook WHERE ?1 IS NULL OR tenant = ?1 ORDER BY id")
        progress = try Statement(connection, "SELECT * FROM webhook_progress WHERE webhook = ?")
        delivery = try Statement(connection, "SELECT * FROM delivery WHERE webhook = ? AND seq = ?")
        due = try Statement(connection, Self.due)
        next = try Statement(connection, Self.next)
        counts = try Statement(connection, "SELECT count(*) FROM delivery WHERE webhook = ? AND state = ?")
        dead = try Statement(connection, Self.dead)
        deadOfWebhook = try Statement(connection, Self.deadOfWebhook)
        hook = try Statement(connection, "SELECT * FROM hook WHERE id = ?")
        hooks = try Statement(connection, "SELECT * FROM hook WHERE ?1 IS NULL OR tenant = ?1 ORDER BY id")
    }

    static let due = """
        SELECT * FROM delivery WHERE state = 'waiting' AND webhook = ? AND at <= ? ORDER BY at, seq LIMIT ?
        """
    static let next = "SELECT at FROM delivery WHERE state = 'waiting' AND webhook = ? ORDER BY at LIMIT 1"
    static let dead = """
        SELECT * FROM delivery WHERE state = 'dead' AND (webhook, seq) > (?1, ?2) AND (?3 IS NULL OR tenant = ?3)
            ORDER BY webhook, seq LIMIT ?4
        """
    static let deadOfWebhook = """
        SELECT * FROM delivery WHERE state = 'dead' AND webhook = ?1 AND seq > ?2 AND (?3 IS NULL OR tenant = ?3)
            ORDER BY seq LIMIT ?4
        """

    func webhook(_ id: WebhookID) throws(StoreError) -> WebhookRow? {
        try webhook.first(id.description, read: WebhookRow.init(row:))
    }

    func webhooks(_ tenant: String?) throws(StoreError) -> [WebhookRow] {
        try webhooks.rows(tenant, read: WebhookRow.init(row:))
    }

    func progress(_ id: WebhookID) throws(StoreError) -> WebhookProgressRow? {
        try progress.first(id.description, read: WebhookProgressRow.init(row:))
    }

    func delivery(_ key: DeliveryRow.Key) throws(StoreError) -> DeliveryRow? {
        try delivery.first(key.webhook.description, key.sequence, read: DeliveryRow.init(row:))
    }

    func due(_ webhook: WebhookID, _ time: Timestamp, _ limit: Int) throws(StoreError) -> [DeliveryRow] {
        try due.rows(webhook.description, time, limit, read: DeliveryRow.init(row:))
    }

    func next(_ webhook: WebhookID) throws(StoreError) -> Timestamp? {
        try next.first(webhook.description) { $0.time(0) }
    }

    func count(_ webhook: WebhookID, _ state: DeliveryRow.State) throws(StoreError) -> Int {
        try counts.first(webhook.description, state.rawValue) { $0.int(0) } ?? 0
    }

    func dead(_ filter: DeadDeliveryFilter) throws(StoreError) -> [DeliveryRow] {
        let after = filter.after
        guard let webhook = filter.webhook else {
            return try dead.rows(
                after?.webhook.description ?? "",
                after?.sequence ?? 0,
                filter.tenant,
                filter.limit,
                read: DeliveryRow.init(row:)
            )
        }
        if let after, after.webhook > webhook { return [] }
        let sequence = after.map { $0.webhook == webhook ? $0.sequence : .min } ?? .min
        return try deadOfWebhook.rows(
            webhook.description,
            sequence,
            filter.tenant,
            filter.limit,
            read: DeliveryRow.init(row:)
        )
    }

    func hook(_ id: HookID) throws(StoreError) -> HookRow? {
        try hook.first(id.description, read: HookRow.init(row:))
    }

    func hooks(_ tenant: String?) throws(StoreError) -> [HookRow] {
        try hooks.rows(tenant, read: HookRow.init(row:))
    }
}

// Columns are read in the order in which WebhookSchema declares them.

extension WebhookRow {
    init(row: Row) throws(StoreError) {
        self.init(
            id: try row.id(0),
            tenant: row.text(1),
            owner: row.text(2),
            role: try row.name(3),
            url: row.text(4),
            types: try TextList.read(row.text(5)),
            project: row.optionalText(6),
            createdAt: row.time(10)
        )
        status = try row.name(7)
        note = row.optionalText(8)
        oldKeyUntil = row.optionalTime(9)
        updatedAt = row.time(11)
        revision = row.int(12)
    }
}

extension WebhookProgressRow {
    init(row: Row) throws(StoreError) {
        self.init(webhook: try row.id(0), cursor: row.int64(1))
        deliveredAt = row.optionalTime(2)
        failingSince = row.optionalTime(3)
        attempts = row.int(4)
        nextAt = row.optionalTime(5)
        failure = row.optionalText(6)
    }
}

extension DeliveryRow {
    init(row: Row) throws(StoreError) {
        self.init(
            key: Key(webhook: try row.id(0), sequence: row.int64(1)),
            tenant: row.text(2),
            type: row.text(3),
            body: row.bytes(4),
            state: try row.name(5),
            attempts: row.int(6),
            firstAt: row.time(7),
            at: row.time(8),
            failure: row.text(9)
        )
    }
}

extension HookRow {
    init(row: Row) throws(StoreError) {
        self.init(
            id: try row.id(0),
            tenant: row.text(1),
            owner: row.text(2),
            role: try row.name(3),
            kind: row.text(4),
            action: row.bytes(5),
            createdAt: row.time(7)
        )
        oldKeyUntil = row.optionalTime(6)
        updatedAt = row.time(8)
        revision = row.int(9)
    }
}
