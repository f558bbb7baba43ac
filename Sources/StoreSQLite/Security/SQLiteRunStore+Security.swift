// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Accounts, credentials, secrets and the audit trail lie in the same file as the runs.
///
/// A file that an older program wrote and nobody has upgraded yet reads as one without any.
extension SQLiteRunStore: SecurityStore {
    /// Writes a change and flushes it.
    public func apply(_ change: SecurityChange) throws(StoreError) {
        try writing { (writer) throws(StoreError) in try writer.apply(change) }
    }

    /// The user with that id.
    public func user(_ id: UserID) throws(StoreError) -> UserRow? {
        try security { (rows) throws(StoreError) in try rows.user(id) } ?? nil
    }

    /// The user with that address.
    public func user(email: String) throws(StoreError) -> UserRow? {
        try security { (rows) throws(StoreError) in try rows.user(email: email) } ?? nil
    }

    /// Users by id.
    public func users(tenant: String?, after: UserID?, limit: Int) throws(StoreError) -> [UserRow] {
        try security { (rows) throws(StoreError) in try rows.users(tenant, after, limit) } ?? []
    }

    /// With whom a project is shared, by user.
    public func members(tenant: String, project: String) throws(StoreError) -> [MemberRow] {
        try security { (rows) throws(StoreError) in try rows.members(tenant, project) } ?? []
    }

    /// What is shared with a user, by project.
    public func memberships(of user: UserID) throws(StoreError) -> [MemberRow] {
        try security { (rows) throws(StoreError) in try rows.memberships(of: user) } ?? []
    }

    /// The key with that id.
    public func apiKey(_ id: APIKeyID) throws(StoreError) -> APIKeyRow? {
        try security { (rows) throws(StoreError) in try rows.apiKey(id) } ?? nil
    }

    /// The key with that hash.
    public func apiKey(hash: String) throws(StoreError) -> APIKeyRow? {
        try security { (rows) throws(StoreError) in try rows.apiKey(hash: hash) } ?? nil
    }

    /// Keys of a user by id.
    public func apiKeys(of user: UserID) throws(StoreError) -> [APIKeyRow] {
        try security { (rows) throws(StoreError) in try rows.apiKeys(of: user) } ?? []
    }

    /// The login with that id.
    public func tokenFamily(_ id: TokenFamilyID) throws(StoreError) -> TokenFamilyRow? {
        try security { (rows) throws(StoreError) in try rows.tokenFamily(id) } ?? nil
    }

    /// The refresh token with that hash.
    public func refreshToken(hash: String) throws(StoreError) -> RefreshTokenRow? {
        try security { (rows) throws(StoreError) in try rows.refreshToken(hash: hash) } ?? nil
    }

    /// Logins that failed.
    public func loginFailure(_ key: String) throws(StoreError) -> LoginFailureRow? {
        try security { (rows) throws(StoreError) in try rows.loginFailure(key) } ?? nil
    }

    /// The secret with that key.
    public func secret(_ key: SecretRow.Key) throws(StoreError) -> SecretRow? {
        try security { (rows) throws(StoreError) in try rows.secret(key) } ?? nil
    }

    /// Secrets by scope and name.
    public func secrets(tenant: String, scope: SecretScope?) throws(StoreError) -> [SecretRow] {
        try security { (rows) throws(StoreError) in try rows.secrets(tenant, scope) } ?? []
    }

    /// Secrets of all tenants whose keys are not sealed with that version.
    public func secrets(notWrappedWith version: Int, limit: Int) throws(StoreError) -> [SecretRow] {
        try security { (rows) throws(StoreError) in try rows.secrets(notWrappedWith: version, limit) } ?? []
    }

    /// Entries of a trail, the newest first.
    public func auditEntries(tenant: String, _ filter: AuditFilter) throws(StoreError) -> [AuditEntryRow] {
        try security { (rows) throws(StoreError) in try rows.entries(tenant, filter) } ?? []
    }

    /// Entries of a trail above `number`, the oldest first.
    public func auditEntries(tenant: String, after number: Int64, limit: Int) throws(StoreError) -> [AuditEntryRow] {
        try security { (rows) throws(StoreError) in try rows.entries(tenant, after: number, limit) } ?? []
    }

    /// Up to where a trail was removed.
    public func auditAnchor(tenant: String) throws(StoreError) -> AuditAnchorRow? {
        try security { (rows) throws(StoreError) in try rows.anchor(tenant) } ?? nil
    }

    /// Tenants that have a trail.
    public func auditTenants() throws(StoreError) -> [String] {
        try security { (rows) throws(StoreError) in try rows.auditTenants() } ?? []
    }

    private func security<Value: Sendable>(
        _ body: @Sendable (SecurityReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in try reader.security().map(body) }
    }
}
