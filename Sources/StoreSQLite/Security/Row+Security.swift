// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store

// Columns are read in the order in which SecuritySchema declares them.

extension UserRow {
    init(row: Row) throws(StoreError) {
        self.init(
            id: try row.id(0),
            tenant: row.text(1),
            email: row.text(2),
            name: row.text(3),
            role: try row.name(4),
            password: row.optionalText(5),
            createdAt: row.time(7)
        )
        isDisabled = row.int(6) != 0
        updatedAt = row.time(8)
        revision = row.int(9)
    }
}

extension MemberRow {
    init(row: Row) throws(StoreError) {
        self.init(
            key: Key(tenant: row.text(0), project: row.text(1), user: try row.id(2)),
            role: try row.name(3),
            groups: try TextList.read(row.text(4)),
            addedBy: row.text(5),
            addedAt: row.time(6)
        )
    }
}

extension APIKeyRow {
    init(row: Row) throws(StoreError) {
        self.init(
            id: try row.id(0),
            tenant: row.text(1),
            user: try row.id(2),
            name: row.text(3),
            prefix: row.text(4),
            hash: row.text(5),
            role: try row.name(6),
            scopes: try TextList.read(row.text(7)),
            createdAt: row.time(8),
            expiresAt: row.optionalTime(9)
        )
        lastUsedAt = row.optionalTime(10)
        revokedAt = row.optionalTime(11)
    }
}

extension TokenFamilyRow {
    init(row: Row) throws(StoreError) {
        self.init(
            id: try row.id(0),
            tenant: row.text(1),
            user: try row.id(2),
            createdAt: row.time(3),
            expiresAt: row.time(4)
        )
        revokedAt = row.optionalTime(5)
    }
}

extension RefreshTokenRow {
    init(row: Row) throws(StoreError) {
        self.init(hash: row.text(0), family: try row.id(1), expiresAt: row.time(2))
        spentAt = row.optionalTime(3)
    }
}

extension LoginFailureRow {
    init(row: Row) throws(StoreError) {
        let times = try TextList.read(row.text(1)).compactMap { Int64($0).map(Timestamp.init(milliseconds:)) }
        self.init(key: row.text(0), times: times, lockedUntil: row.optionalTime(3))
    }
}

extension SecretRow {
    init(row: Row) throws(StoreError) {
        guard let scope = SecretScope(row.text(1)) else { throw .unreadable("scope of a secret", row.text(1)) }
        self.init(
            key: Key(tenant: row.text(0), scope: scope, name: row.text(2)),
            version: row.int(3),
            kind: try row.name(4),
            keyVersion: row.int(5),
            wrappedKey: row.bytes(6),
            sealed: row.bytes(7),
            createdAt: row.time(8),
            updatedAt: row.time(9),
            updatedBy: row.text(10)
        )
    }
}

extension AuditEntryRow {
    init(row: Row) {
        // What does not read is for the check of the chain to find, which can say in which entry.
        let text = row.text(10)
        let details = (try? JSONValue(parsing: text))?.objectValue ?? ["unreadable": .string(text)]
        let draft = AuditDraft(
            tenant: row.text(0),
            at: row.time(2),
            actor: row.text(3),
            action: row.text(4),
            object: row.text(5),
            before: row.optionalText(6),
            after: row.optionalText(7),
            reason: row.optionalText(8),
            address: row.optionalText(9),
            details: details
        )
        self.init(draft: draft, number: row.int64(1), previousHash: row.text(11), hash: row.text(12))
    }
}

/// Texts in one column.
enum TextList {
    static func text(_ list: [String]) -> String { JSONValue.array(list.map(JSONValue.string)).text }

    static func read(_ text: String) throws(StoreError) -> [String] {
        guard let list = (try? JSONValue(parsing: text))?.arrayValue else { throw .unreadable("list", text) }
        return list.compactMap(\.stringValue)
    }
}

extension StoreError {
    fileprivate static func unreadable(_ what: String, _ text: String) -> Self {
        Self(.corrupted, "The \(what) \(text) is nothing that this program ever writes there. Restore from a backup.")
    }
}
