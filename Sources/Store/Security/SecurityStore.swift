// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Who may do what, what must stay secret, and what was done: accounts, credentials, sealed secrets, the audit trail.
///
/// Calls block. Every list is in the order of the bytes of what it is listed by.
public protocol SecurityStore: Sendable {
    /// Writes everything in `change` in one transaction and flushes it; either all of it is durable or none.
    ///
    /// Entries of the audit trail get their numbers here, in the order given.
    /// - Throws: `conflict` when another writer was faster (see the fields of ``SecurityChange``), `full` or `failed`.
    ///   Nothing was written then.
    func apply(_ change: SecurityChange) throws(StoreError)

    /// The user with that id.
    func user(_ id: UserID) throws(StoreError) -> UserRow?
    /// The user with that address, which is in lower case.
    func user(email: String) throws(StoreError) -> UserRow?
    /// Users by id; `tenant` nil for all.
    func users(tenant: String?, after: UserID?, limit: Int) throws(StoreError) -> [UserRow]

    /// With whom a project is shared, by user.
    func members(tenant: String, project: String) throws(StoreError) -> [MemberRow]
    /// What is shared with a user, by project.
    func memberships(of user: UserID) throws(StoreError) -> [MemberRow]

    /// The key with that id.
    func apiKey(_ id: APIKeyID) throws(StoreError) -> APIKeyRow?
    /// The key with that hash.
    func apiKey(hash: String) throws(StoreError) -> APIKeyRow?
    /// Keys of a user by id, revoked ones as well.
    func apiKeys(of user: UserID) throws(StoreError) -> [APIKeyRow]

    /// The login with that id.
    func tokenFamily(_ id: TokenFamilyID) throws(StoreError) -> TokenFamilyRow?
    /// The refresh token with that hash.
    func refreshToken(hash: String) throws(StoreError) -> RefreshTokenRow?
    /// Logins that failed.
    func loginFailure(_ key: String) throws(StoreError) -> LoginFailureRow?

    /// The secret with that key.
    func secret(_ key: SecretRow.Key) throws(StoreError) -> SecretRow?
    /// Secrets by scope and name; `scope` nil for all.
    func secrets(tenant: String, scope: SecretScope?) throws(StoreError) -> [SecretRow]
    /// Secrets of all tenants whose keys are not sealed with that version.
    func secrets(notWrappedWith version: Int, limit: Int) throws(StoreError) -> [SecretRow]

    /// Approved tools of other servers, by server and tool.
    func toolPins() throws(StoreError) -> [ToolPinRow]

    /// Versions of the text of an agent or a skill (`agent:ID`, `skill:NAME`), the newest first, without their texts.
    ///
    /// - Parameter before: Only those with a smaller number: the next page.
    func promptVersions(of name: String, before: Int?, limit: Int) throws(StoreError) -> [PromptVersionRow]
    /// A version with its text.
    func promptVersion(_ version: Int, of name: String) throws(StoreError) -> PromptVersionRow?
    /// The newest versions that stand in place of files, by name, with their texts.
    func editedPrompts() throws(StoreError) -> [PromptVersionRow]

    /// Entries of a trail, the newest first.
    func auditEntries(tenant: String, _ filter: AuditFilter) throws(StoreError) -> [AuditEntryRow]
    /// Entries of a trail above `number`, the oldest first.
    func auditEntries(tenant: String, after number: Int64, limit: Int) throws(StoreError) -> [AuditEntryRow]
    /// Up to where a trail was removed.
    func auditAnchor(tenant: String) throws(StoreError) -> AuditAnchorRow?
    /// Tenants that have a trail.
    func auditTenants() throws(StoreError) -> [String]
}

/// One transaction of a ``SecurityStore``; carried out in the order of the fields.
public struct SecurityChange: Sendable {
    /// `conflict` when there is a user already.
    public var requiresNoUsers = false
    /// New users (revision 1) and changed ones; `conflict` when the revision is not one above the stored one, or an
    /// address is taken.
    public var users: [UserRow] = []
    /// To write, in place of those with the same key.
    public var members: [MemberRow] = []
    /// To remove; one that is not there is no conflict.
    public var removedMembers: [MemberRow.Key] = []
    /// To write, in place of those with the same id.
    public var apiKeys: [APIKeyRow] = []
    /// When keys were used; keys that are gone are left out.
    public var keyUses: [(id: APIKeyID, at: Timestamp)] = []
    /// Refresh tokens that are exchanged; `conflict` when one is not there, is spent, or its family is revoked.
    public var spentTokens: [(hash: String, at: Timestamp)] = []
    /// To write, in place of those with the same id.
    public var families: [TokenFamilyRow] = []
    /// To add.
    public var refreshTokens: [RefreshTokenRow] = []
    /// Families to revoke; one that was revoked before keeps its time.
    public var revokedFamilies: [(id: TokenFamilyID, at: Timestamp)] = []
    /// Users whose families are all revoked.
    public var revokedUsers: [(id: UserID, at: Timestamp)] = []
    /// To write, in place of those with the same key.
    public var loginFailures: [LoginFailureRow] = []
    /// To remove.
    public var clearedFailures: [String] = []
    /// Removes families and refresh tokens that ended before, and failures whose last one was before.
    public var forgetsBefore: Timestamp?
    /// To write; `conflict` when the version is not one above the stored one.
    public var secrets: [SecretRow] = []
    /// To seal with another key.
    public var rewrappedSecrets: [SecretRewrapping] = []
    /// To remove; `conflict` when one is not there.
    public var removedSecrets: [SecretRow.Key] = []
    /// To write, in place of those with the same key.
    public var toolPins: [ToolPinRow] = []
    /// To remove; one that is not there is no conflict.
    public var removedToolPins: [ToolPinRow.Key] = []
    /// Pins with that hash whose server has another tool by now; those that were marked before keep their time.
    public var toolPinChanges: [(key: ToolPinRow.Key, hash: String, at: Timestamp)] = []
    /// To add, with their texts; `conflict` when the version is not one above the newest of the name.
    public var promptVersions: [PromptVersionRow] = []
    /// Webhooks and hooks.
    public var webhooks = WebhookChange()
    /// To add to the trails of their tenants.
    public var audit: [AuditDraft] = []
    /// Removes the entries up to the anchor, and keeps it.
    public var auditAnchors: [AuditAnchorRow] = []

    /// An empty transaction.
    public init() {}
}

extension StoreError {
    /// There is a user already.
    public static var usersExist: Self { Self(.conflict, "There are users already, so nobody becomes the first.") }

    /// A user was changed meanwhile, or the address belongs to another one.
    public static func userTaken(_ row: UserRow) -> Self {
        Self(.conflict, "The user \(row.id) was changed meanwhile, or the address belongs to another user.")
    }

    /// A refresh token was exchanged before, or its login has ended.
    public static var tokenSpent: Self { Self(.conflict, "The refresh token was used before.") }

    /// A secret was changed meanwhile.
    public static func secretTaken(_ key: SecretRow.Key) -> Self {
        Self(.conflict, "The secret \(key.name) of \(key.scope) was changed meanwhile: another writer was faster.")
    }

    /// A secret is not there.
    public static func secretGone(_ key: SecretRow.Key) -> Self {
        Self(.conflict, "There is no secret \(key.name) of \(key.scope).")
    }
}
