// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
internal import JSON
public import Model
internal import Store

/// One API key, without the key.
public struct APIKey: Sendable, Equatable {
    /// The id.
    public let id: APIKeyID
    /// Whose key it is.
    public let user: UserID
    /// What people call it.
    public let name: String
    /// The first characters of the key.
    public let prefix: String
    /// What it may do.
    public let role: Role
    /// What of that.
    public let scopes: [String]
    /// When it was made.
    public let createdAt: Timestamp
    /// When it ends by itself.
    public let expiresAt: Timestamp?
    /// When it was used last, to the minute.
    public let lastUsedAt: Timestamp?
    /// When it was revoked.
    public let revokedAt: Timestamp?

    init(_ row: APIKeyRow) {
        (id, user, name, prefix, role, scopes) = (row.id, row.user, row.name, row.prefix, row.role, row.scopes)
        (createdAt, expiresAt) = (row.createdAt, row.expiresAt)
        (lastUsedAt, revokedAt) = (row.lastUsedAt, row.revokedAt)
    }
}

/// API keys: credentials of programs. Calls block; see ``IdentityContext``.
public struct APIKeys: Sendable {
    static let prefix = "bat_key_"
    private let context: IdentityContext

    /// The keys of a context.
    public init(_ context: IdentityContext) {
        self.context = context
    }

    /// Makes a key. It is shown once: what is stored is a hash.
    ///
    /// - Parameters:
    ///   - user: Whose key it is; `nil` for the principal's own. Only administrators make keys for others.
    ///   - role: What it may do; within that of its user, and `nil` for just that. A key of a worker is made by an
    ///     administrator.
    ///   - scopes: Patterns of ``Permission``, or of commands for an agent; at least one.
    ///   - expiresAt: In the future; `nil` for a key that does not end by itself.
    /// - Throws: `invalid`, `denied`, `notFound` for a user who is not there.
    public func create(
        name: String,
        role: Role? = nil,
        scopes: [String] = ["*"],
        expiresAt: Timestamp? = nil,
        for user: UserID? = nil,
        by principal: Principal,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) -> (key: APIKey, text: String) {
        let now = context.now()
        let owner = try owner(user, principal)
        let role = role ?? owner.role
        guard role.isWithin(owner.role) || principal.role == .admin, role.isWithin(principal.role) else {
            throw IdentityError(.denied, "A key cannot have the role `\(role.rawValue)` here: its user has less.")
        }
        let patterns = scopes.compactMap { ScopePattern($0) }
        guard (1...50).contains(scopes.count), patterns.count == scopes.count else {
            throw IdentityError(.invalid, "`scopes` holds 1 to 50 patterns such as `runs.read`, `runs.*` or `*`.")
        }
        guard patterns.allSatisfy({ new in principal.scopes.contains { $0.covers(new) } }) else {
            throw IdentityError(.denied, "A key cannot let through what the credential that makes it does not.")
        }
        if let expiresAt, expiresAt <= now { throw IdentityError(.invalid, "`expires_at` is in the past.") }
        let text = Self.prefix + Base64.encode(SecureRandom.bytes(32))
        let row = APIKeyRow(
            id: context.makeID(at: now),
            tenant: owner.tenant,
            user: owner.id,
            name: try AccountRules.name(name),
            prefix: String(text.prefix(Self.prefix.count + 4)),
            hash: IdentityContext.digest(text),
            role: role,
            scopes: scopes,
            createdAt: now,
            expiresAt: expiresAt
        )
        var change = SecurityChange()
        change.apiKeys = [row]
        change.record(
            "key.created",
            "key:\(row.id)",
            by: principal.actor,
            tenant: row.tenant,
            at: now,
            origin,
            ["user": .string(owner.id.description), "role": .string(role.rawValue)]
        )
        try context.apply(change)
        return (APIKey(row), text)
    }

    private func owner(_ id: UserID?, _ principal: Principal) throws(IdentityError) -> UserRow {
        guard let user = id ?? principal.user else { throw .noAccount }
        try principal.require(user == principal.user ? .manageProfile : .manageUsers)
        let row = try stored { () throws(StoreError) in try context.store.user(user) }
        guard let row, row.tenant == principal.tenant, !row.isDisabled else {
            throw IdentityError(.notFound, "There is no user \(user).")
        }
        return row
    }

    /// Keys of a user, by id; `nil` for the principal's own. Only administrators see those of others.
    public func keys(of user: UserID? = nil, for principal: Principal) throws(IdentityError) -> [APIKey] {
        let owner = try owner(user, principal)
        return try stored { () throws(StoreError) in try context.store.apiKeys(of: owner.id).map(APIKey.init) }
    }

    /// A key of anybody in the principal's tenant, revoked or not; only for whoever sets budgets.
    ///
    /// - Throws: `notFound`, `denied`.
    public func key(_ id: APIKeyID, for principal: Principal) throws(IdentityError) -> APIKey {
        try principal.require(.writeBudgets)
        let row = try stored { () throws(StoreError) in try context.store.apiKey(id) }
        guard let row, row.tenant == principal.tenant else {
            throw IdentityError(.notFound, "There is no key \(id).")
        }
        return APIKey(row)
    }

    /// Revokes a key at once; one that is revoked already stays so.
    ///
    /// - Throws: `notFound` for a key of somebody else, unless an administrator asks.
    public func revoke(
        _ id: APIKeyID,
        by principal: Principal,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) {
        let found = try stored { () throws(StoreError) in try context.store.apiKey(id) }
        guard var row = found, row.tenant == principal.tenant,
            row.user == principal.user && principal.may(.manageProfile) || principal.may(.manageUsers)
        else { throw IdentityError(.notFound, "There is no key \(id).") }
        guard row.revokedAt == nil else { return }
        let now = context.now()
        row.revokedAt = now
        var change = SecurityChange()
        change.apiKeys = [row]
        change.record("key.revoked", "key:\(id)", by: principal.actor, tenant: row.tenant, at: now, origin)
        try context.apply(change)
    }
}
