// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store

/// What the writer says to SQLite about accounts, credentials, secrets and the trail.
///
/// Such changes are rare beside those of runs, so the statements live as long as one change.
enum SecurityWriter {
    /// Writes a change inside the open transaction; see ``SecurityChange`` for the order.
    static func write(_ change: SecurityChange, _ connection: borrowing Connection) throws(StoreError) {
        if change.requiresNoUsers, try connection.integer("SELECT 1 FROM account LIMIT 1") != nil {
            throw .usersExist
        }
        for row in change.users { try write(row, connection) }
        try writeMembers(change, connection)
        try writeKeys(change, connection)
        try writeTokens(change, connection)
        try writeFailures(change, connection)
        if let time = change.forgetsBefore { try forget(before: time, connection) }
        try writeSecrets(change, connection)
        try WebhookWriter.write(change.webhooks, connection)
        try ToolPinRows.write(change, connection)
        for row in change.promptVersions { try PromptVersionRows.add(row, connection) }
        for draft in change.audit { try append(draft, connection) }
        for row in change.auditAnchors { try trim(row, connection) }
    }

    private static func write(_ row: UserRow, _ connection: borrowing Connection) throws(StoreError) {
        let stored = try Statement(connection, "SELECT revision FROM account WHERE id = ?")
        let revision = try stored.first(row.id.description) { $0.int(0) } ?? 0
        guard row.revision == revision + 1 else { throw .userTaken(row) }
        do throws(StoreError) {
            try Statement(
                connection,
                """
                INSERT INTO account VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT(id) DO UPDATE SET
                    tenant = ?2, email = ?3, name = ?4, role = ?5, password = ?6, is_disabled = ?7, created_at = ?8,
                    updated_at = ?9, revision = ?10
                """
            ).execute(
                row.id.description,
                row.tenant,
                row.email,
                row.name,
                row.role.rawValue,
                row.password,
                row.isDisabled ? 1 : 0,
                row.createdAt,
                row.updatedAt,
                row.revision
            )
        } catch {
            throw error.code == .conflict ? .userTaken(row) : error
        }
    }

    private static func writeMembers(
        _ change: SecurityChange,
        _ connection: borrowing Connection
    ) throws(StoreError) {
        for row in change.members {
            try Statement(connection, "INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?, ?)").execute(
                row.key.tenant,
                row.key.project,
                row.key.user.description,
                row.role.rawValue,
                TextList.text(row.groups),
                row.addedBy,
                row.addedAt
            )
        }
        for key in change.removedMembers {
            try Statement(connection, "DELETE FROM member WHERE tenant = ? AND project = ? AND account = ?")
                .execute(key.tenant, key.project, key.user.description)
        }
    }

    private static func writeKeys(_ change: SecurityChange, _ connection: borrowing Connection) throws(StoreError) {
        for row in change.apiKeys {
            try Statement(
                connection,
                "INSERT OR REPLACE INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ).execute(
                row.id.description,
                row.tenant,
                row.user.description,
                row.name,
                row.prefix,
                row.hash,
                row.role.rawValue,
                TextList.text(row.scopes),
                row.createdAt,
                row.expiresAt,
                row.lastUsedAt,
                row.revokedAt
            )
        }
        for (id, time) in change.keyUses {
            try Statement(connection, "UPDATE api_key SET last_used_at = ? WHERE id = ?")
                .execute(time, id.description)
        }
    }

    private static func writeTokens(_ change: SecurityChange, _ connection: borrowing Connection) throws(StoreError) {
        for (hash, time) in change.spentTokens {
            try Statement(
                connection,
                """
                UPDATE refresh_token SET spent_at = ?1 WHERE hash = ?2 AND spent_at IS NULL
                    AND EXISTS (SELECT 1 FROM token_family WHERE id = family AND revoked_at IS NULL)
                """
            ).execute(time, hash)
            guard connection.changes == 1 else { throw .tokenSpent }
        }
        for row in change.families {
            try Statement(connection, "INSERT OR REPLACE INTO token_family VALUES (?, ?, ?, ?, ?, ?)").execute(
                row.id.description,
                row.tenant,
                row.user.description,
                row.createdAt,
                row.expiresAt,
                row.revokedAt
            )
        }
        for row in change.refreshTokens {
            try Statement(connection, "INSERT OR REPLACE INTO refresh_token VALUES (?, ?, ?, ?)")
                .execute(row.hash, row.family.description, row.expiresAt, row.spentAt)
        }
        for (id, time) in change.revokedFamilies {
            try Statement(connection, "UPDATE token_family SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
                .execute(time, id.description)
        }
        for (user, time) in change.revokedUsers {
            try Statement(
                connection,
                "UPDATE token_family SET revoked_at = ? WHERE account = ? AND revoked_at IS NULL"
            ).execute(time, user.description)
        }
    }

    private static func writeFailures(
        _ change: SecurityChange,
        _ connection: borrowing Connection
    ) throws(StoreError) {
        for row in change.loginFailures {
            let times = TextList.text(row.times.map { String($0.milliseconds) })
            try Statement(connection, "INSERT OR REPLACE INTO login_failure VALUES (?, ?, ?, ?)")
                .execute(row.key, times, row.times.last?.milliseconds ?? .max, row.lockedUntil)
        }
        for key in change.clearedFailures {
            try Statement(connection, "DELETE FROM login_failure WHERE key = ?").execute(key)
        }
    }

    private static func forget(before time: Timestamp, _ connection: borrowing Connection) throws(StoreError) {
        try Statement(connection, "DELETE FROM token_family WHERE expires_at < ?").execute(time)
        try Statement(connection, "DELETE FROM refresh_token WHERE expires_at < ?").execute(time)
        try Statement(connection, "DELETE FROM login_failure WHERE last_at < ?").execute(time)
    }
}

// MARK: Secrets and the trail

extension SecurityWriter {
    private static func writeSecrets(_ change: SecurityChange, _ connection: borrowing Connection) throws(StoreError) {
        for row in change.secrets { try write(row, connection) }
        for row in change.rewrappedSecrets {
            try Statement(
                connection,
                """
                UPDATE secret SET key_version = ?, wrapped_key = ?
                    WHERE tenant = ? AND scope = ? AND name = ? AND version = ?
                """
            ).execute(
                row.keyVersion,
                row.wrappedKey,
                row.key.tenant,
                row.key.scope.description,
                row.key.name,
                row.version
            )
        }
        for key in change.removedSecrets {
            try Statement(connection, "DELETE FROM secret WHERE tenant = ? AND scope = ? AND name = ?")
                .execute(key.tenant, key.scope.description, key.name)
            guard connection.changes == 1 else { throw .secretGone(key) }
        }
    }

    private static func write(_ row: SecretRow, _ connection: borrowing Connection) throws(StoreError) {
        let (tenant, scope, name) = (row.key.tenant, row.key.scope.description, row.key.name)
        let stored = try Statement(
            connection,
            "SELECT version FROM secret WHERE tenant = ? AND scope = ? AND name = ?"
        )
        let version = try stored.first(tenant, scope, name) { $0.int(0) } ?? 0
        guard row.version == version + 1 else { throw .secretTaken(row.key) }
        try Statement(connection, "INSERT OR REPLACE INTO secret VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").execute(
            tenant,
            scope,
            name,
            row.version,
            row.kind.rawValue,
            row.keyVersion,
            row.wrappedKey,
            row.sealed,
            row.createdAt,
            row.updatedAt,
            row.updatedBy
        )
    }

    private static func append(_ draft: AuditDraft, _ connection: borrowing Connection) throws(StoreError) {
        let last = try Statement(
            connection,
            "SELECT n, hash FROM audit_entry WHERE tenant = ? ORDER BY n DESC LIMIT 1"
        )
        let anchor = try Statement(connection, "SELECT n, hash FROM audit_anchor WHERE tenant = ?")
        func end(_ row: Row) -> AuditEnd { AuditEnd(number: row.int64(0), hash: row.text(1)) }
        var before = try last.first(draft.tenant, read: end)
        if before == nil { before = try anchor.first(draft.tenant, read: end) }
        let entry = draft.entry(after: before ?? .start)
        try Statement(
            connection,
            "INSERT INTO audit_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ).execute(
            draft.tenant,
            entry.number,
            draft.at,
            draft.actor,
            draft.action,
            draft.object,
            draft.before,
            draft.after,
            draft.reason,
            draft.address,
            JSONValue.object(draft.details).text,
            entry.previousHash,
            entry.hash
        )
    }

    private static func trim(_ row: AuditAnchorRow, _ connection: borrowing Connection) throws(StoreError) {
        try Statement(connection, "DELETE FROM audit_entry WHERE tenant = ? AND n <= ?")
            .execute(row.tenant, row.end.number)
        try Statement(connection, "INSERT OR REPLACE INTO audit_anchor VALUES (?, ?, ?, ?)")
            .execute(row.tenant, row.end.number, row.end.hash, row.at)
    }
}
