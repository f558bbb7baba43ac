// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What readers ask SQLite about accounts, credentials, secrets and the trail; prepared when it is first needed.
struct SecurityReader {
    private let user, userByEmail, users, members, memberships, key, keyByHash, keys, family, token, failure: Statement
    private let secret, secrets, unwrapped, entries, entriesAfter, anchor, tenants: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        user = try Statement(connection, "SELECT * FROM account WHERE id = ?")
        userByEmail = try Statement(connection, "SELECT * FROM account WHERE email = ?")
        users = try Statement(
            connection,
            "SELECT * FROM account WHERE (?1 IS NULL OR tenant = ?1) AND id > ?2 ORDER BY id LIMIT ?3"
        )
        members = try Statement(connection, "SELECT * FROM member WHERE tenant = ? AND project = ? ORDER BY account")
        memberships = try Statement(connection, "SELECT * FROM member WHERE account = ? ORDER BY project")
        key = try Statement(connection, "SELECT * FROM api_key WHERE id = ?")
        keyByHash = try Statement(connection, "SELECT * FROM api_key WHERE hash = ?")
        keys = try Statement(connection, "SELECT * FROM api_key WHERE account = ? ORDER BY id")
        family = try Statement(connection, "SELECT * FROM token_family WHERE id = ?")
        token = try Statement(connection, "SELECT * FROM refresh_token WHERE hash = ?")
        failure = try Statement(connection, "SELECT * FROM login_failure WHERE key = ?")
        secret = try Statement(connection, "SELECT * FROM secret WHERE tenant = ? AND scope = ? AND name = ?")
        secrets = try Statement(
            connection,
            "SELECT * FROM secret WHERE tenant = ?1 AND (?2 IS NULL OR scope = ?2) ORDER BY scope, name"
        )
        unwrapped = try Statement(
            connection,
            "SELECT * FROM secret WHERE key_version <> ? ORDER BY tenant, scope, name LIMIT ?"
        )
        entries = try Statement(connection, Self.page)
        entriesAfter = try Statement(
            connection,
            "SELECT * FROM audit_entry WHERE tenant = ? AND n > ? ORDER BY n LIMIT ?"
        )
        anchor = try Statement(connection, "SELECT n, hash, at FROM audit_anchor WHERE tenant = ?")
        tenants = try Statement(
            connection,
            "SELECT tenant FROM audit_entry UNION SELECT tenant FROM audit_anchor ORDER BY 1"
        )
    }

    static let page = """
        SELECT * FROM audit_entry WHERE tenant = ?1 AND n < ?2 AND (?3 IS NULL OR actor = ?3)
            AND (?4 IS NULL OR action = ?4 OR action >= ?4 || '.' AND action < ?4 || '/')
            AND (?5 IS NULL OR object = ?5) AND (?6 IS NULL OR at >= ?6) AND (?7 IS NULL OR at < ?7)
            ORDER BY n DESC LIMIT ?8
        """

    func user(_ id: UserID) throws(StoreError) -> UserRow? {
        try user.first(id.description, read: UserRow.init(row:))
    }

    func user(email: String) throws(StoreError) -> UserRow? {
        try userByEmail.first(email, read: UserRow.init(row:))
    }

    func users(_ tenant: String?, _ after: UserID?, _ limit: Int) throws(StoreError) -> [UserRow] {
        try users.rows(tenant, after?.description ?? "", limit, read: UserRow.init(row:))
    }

    func members(_ tenant: String, _ project: String) throws(StoreError) -> [MemberRow] {
        try members.rows(tenant, project, read: MemberRow.init(row:))
    }

    func memberships(of user: UserID) throws(StoreError) -> [MemberRow] {
        try memberships.rows(user.description, read: MemberRow.init(row:))
    }

    func apiKey(_ id: APIKeyID) throws(StoreError) -> APIKeyRow? {
        try key.first(id.description, read: APIKeyRow.init(row:))
    }

    func apiKey(hash: String) throws(StoreError) -> APIKeyRow? {
        try keyByHash.first(hash, read: APIKeyRow.init(row:))
    }

    func apiKeys(of user: UserID) throws(StoreError) -> [APIKeyRow] {
        try keys.rows(user.description, read: APIKeyRow.init(row:))
    }

    func tokenFamily(_ id: TokenFamilyID) throws(StoreError) -> TokenFamilyRow? {
        try family.first(id.description, read: TokenFamilyRow.init(row:))
    }

    func refreshToken(hash: String) throws(StoreError) -> RefreshTokenRow? {
        try token.first(hash, read: RefreshTokenRow.init(row:))
    }

    func loginFailure(_ key: String) throws(StoreError) -> LoginFailureRow? {
        try failure.first(key, read: LoginFailureRow.init(row:))
    }

    func secret(_ key: SecretRow.Key) throws(StoreError) -> SecretRow? {
        try secret.first(key.tenant, key.scope.description, key.name, read: SecretRow.init(row:))
    }

    func secrets(_ tenant: String, _ scope: SecretScope?) throws(StoreError) -> [SecretRow] {
        try secrets.rows(tenant, scope?.description, read: SecretRow.init(row:))
    }

    func secrets(notWrappedWith version: Int, _ limit: Int) throws(StoreError) -> [SecretRow] {
        try unwrapped.rows(version, limit, read: SecretRow.init(row:))
    }

    func entries(_ tenant: String, _ filter: AuditFilter) throws(StoreError) -> [AuditEntryRow] {
        try entries.rows(
            tenant,
            filter.before ?? .max,
            filter.actor,
            filter.action,
            filter.object,
            filter.from,
            filter.until,
            filter.limit,
            read: AuditEntryRow.init(row:)
        )
    }

    func entries(_ tenant: String, after number: Int64, _ limit: Int) throws(StoreError) -> [AuditEntryRow] {
        try entriesAfter.rows(tenant, number, limit, read: AuditEntryRow.init(row:))
    }

    func anchor(_ tenant: String) throws(StoreError) -> AuditAnchorRow? {
        try anchor.first(tenant) { row in
            AuditAnchorRow(tenant: tenant, end: AuditEnd(number: row.int64(0), hash: row.text(1)), at: row.time(2))
        }
    }

    func auditTenants() throws(StoreError) -> [String] { try tenants.rows { $0.text(0) } }
}
