// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What the writer says to SQLite about webhooks and hooks; see ``SecurityWriter``.
enum WebhookWriter {
    /// Writes a change inside the open transaction; see ``WebhookChange`` for the order.
    static func write(_ change: WebhookChange, _ connection: borrowing Connection) throws(StoreError) {
        for row in change.webhooks { try write(row, connection) }
        for row in change.progress { try write(row, connection) }
        for row in change.deliveries { try write(row, connection) }
        for key in change.removedDeliveries {
            try Statement(connection, "DELETE FROM delivery WHERE webhook = ? AND seq = ?")
                .execute(key.webhook.description, key.sequence)
        }
        for id in change.removedWebhooks {
            try Statement(connection, "DELETE FROM webhook WHERE id = ?").execute(id.description)
            try Statement(connection, "DELETE FROM webhook_progress WHERE webhook = ?").execute(id.description)
            try Statement(connection, "DELETE FROM delivery WHERE webhook = ?").execute(id.description)
        }
        for row in change.hooks { try write(row, connection) }
        for id in change.removedHooks {
            try Statement(connection, "DELETE FROM hook WHERE id = ?").execute(id.description)
        }
        if let time = change.forgetsDeadBefore {
            try Statement(connection, "DELETE FROM delivery WHERE state = 'dead' AND at < ?").execute(time)
        }
    }

    private static func write(_ row: WebhookRow, _ connection: borrowing Connection) throws(StoreError) {
        let stored = try Statement(connection, "SELECT revision FROM webhook WHERE id = ?")
        let revision = try stored.first(row.id.description) { $0.int(0) } ?? 0
        guard row.revision == revision + 1 else { throw .webhookTaken(row.id) }
        try Statement(connection, "INSERT OR REPLACE INTO webhook VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .execute(
                row.id.description,
                row.tenant,
                row.owner,
                row.role.rawValue,
                row.url,
                TextList.text(row.types),
                row.project,
                row.status.rawValue,
                row.note,
                row.oldKeyUntil,
                row.createdAt,
                row.updatedAt,
                row.revision
            )
    }

    private static func write(_ row: WebhookProgressRow, _ connection: borrowing Connection) throws(StoreError) {
        try Statement(
            connection,
            """
            INSERT OR REPLACE INTO webhook_progress SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
                WHERE EXISTS (SELECT 1 FROM webhook WHERE id = ?1)
            """
        ).execute(
            row.webhook.description,
            row.cursor,
            row.deliveredAt,
            row.failingSince,
            row.attempts,
            row.nextAt,
            row.failure
        )
    }

    private static func write(_ row: DeliveryRow, _ connection: borrowing Connection) throws(StoreError) {
        try Statement(
            connection,
            """
            INSERT OR REPLACE INTO delivery SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
                WHERE EXISTS (SELECT 1 FROM webhook WHERE id = ?1)
            """
        ).execute(
            row.key.webhook.description,
            row.key.sequence,
            row.tenant,
            row.type,
            row.body,
            row.state.rawValue,
            row.attempts,
            row.firstAt,
            row.at,
            row.failure
        )
    }

    private static func write(_ row: HookRow, _ connection: borrowing Connection) throws(StoreError) {
        let stored = try Statement(connection, "SELECT revision FROM hook WHERE id = ?")
        let revision = try stored.first(row.id.description) { $0.int(0) } ?? 0
        guard row.revision == revision + 1 else { throw .hookTaken(row.id) }
        try Statement(connection, "INSERT OR REPLACE INTO hook VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").execute(
            row.id.description,
            row.tenant,
            row.owner,
            row.role.rawValue,
            row.kind,
            row.action,
            row.oldKeyUntil,
            row.createdAt,
            row.updatedAt,
            row.revision
        )
    }
}
