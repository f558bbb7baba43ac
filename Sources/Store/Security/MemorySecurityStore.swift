// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
import Synchronization

/// A security store that forgets everything with the process; it answers exactly as a durable one does.
public final class MemorySecurityStore: SecurityStore {
    private let state = Mutex(MemorySecurityState())

    /// An empty store.
    public init() {}

    /// Applies everything in `change` or nothing.
    public func apply(_ change: SecurityChange) throws(StoreError) {
        try state.withLock { (state) throws(StoreError) in
            var next = state
            try next.apply(change)
            state = next
        }
    }

    /// Reads webhooks.
    func webhookRows<Value>(_ body: (MemoryWebhookRows) -> sending Value) -> sending Value {
        state.withLock { body($0.webhooks) }
    }

    func reading<Value>(_ body: (MemorySecurityState) -> sending Value) -> sending Value {
        state.withLock { body($0) }
    }

    /// The user with that id.
    public func user(_ id: UserID) -> UserRow? { state.withLock { $0.users[id] } }

    /// The user with that address.
    public func user(email: String) -> UserRow? {
        state.withLock { state in state.users.values.first { $0.email.utf8.elementsEqual(email.utf8) } }
    }

    /// Users by id.
    public func users(tenant: String?, after: UserID?, limit: Int) -> [UserRow] {
        state.withLock { state in
            let rows = state.users.values.filter { row in
                (tenant.map { row.tenant == $0 } ?? true) && (after.map { row.id > $0 } ?? true)
            }
            return Array(rows.sorted { $0.id < $1.id }.prefix(limit))
        }
    }

    /// With whom a project is shared, by user.
    public func members(tenant: String, project: String) -> [MemberRow] {
        state.withLock { state in
            state.members.values.filter { $0.key.tenant == tenant && $0.key.project == project }
                .sorted { $0.key.user < $1.key.user }
        }
    }

    /// What is shared with a user, by project.
    public func memberships(of user: UserID) -> [MemberRow] {
        state.withLock { state in
            state.members.values.filter { $0.key.user == user }.sorted { precedes($0.key.project, $1.key.project) }
        }
    }

    /// The key with that id.
    public func apiKey(_ id: APIKeyID) -> APIKeyRow? { state.withLock { $0.apiKeys[id] } }

    /// The key with that hash.
    public func apiKey(hash: String) -> APIKeyRow? {
        state.withLock { state in state.apiKeys.values.first { $0.hash == hash } }
    }

    /// Keys of a user by id.
    public func apiKeys(of user: UserID) -> [APIKeyRow] {
        state.withLock { state in state.apiKeys.values.filter { $0.user == user }.sorted { $0.id < $1.id } }
    }

    /// The login with that id.
    public func tokenFamily(_ id: TokenFamilyID) -> TokenFamilyRow? { state.withLock { $0.families[id] } }

    /// The refresh token with that hash.
    public func refreshToken(hash: String) -> RefreshTokenRow? { state.withLock { $0.refreshTokens[hash] } }

    /// Logins that failed.
    public func loginFailure(_ key: String) -> LoginFailureRow? { state.withLock { $0.loginFailures[key] } }

    /// The secret with that key.
    public func secret(_ key: SecretRow.Key) -> SecretRow? { state.withLock { $0.secrets[key] } }

    /// Secrets by scope and name.
    public func secrets(tenant: String, scope: SecretScope?) -> [SecretRow] {
        state.withLock { state in
            state.secrets.values.filter { row in
                row.key.tenant == tenant && (scope.map { row.key.scope == $0 } ?? true)
            }.sorted { isBefore($0.key, $1.key) }
        }
    }

    /// Secrets of all tenants whose keys are not sealed with that version.
    public func secrets(notWrappedWith version: Int, limit: Int) -> [SecretRow] {
        state.withLock { state in
            Array(
                state.secrets.values.filter { $0.keyVersion != version }.sorted { isBefore($0.key, $1.key) }
                    .prefix(limit)
            )
        }
    }

    /// Approved tools of other servers, by server and tool.
    public func toolPins() -> [ToolPinRow] {
        state.withLock { state in
            state.toolPins.values.sorted { left, right in
                left.key.server.utf8.elementsEqual(right.key.server.utf8)
                    ? precedes(left.key.tool, right.key.tool) : precedes(left.key.server, right.key.server)
            }
        }
    }

    /// Entries of a trail, the newest first.
    public func auditEntries(tenant: String, _ filter: AuditFilter) -> [AuditEntryRow] {
        state.withLock { state in
            Array((state.trails[tenant] ?? []).reversed().lazy.filter(filter.includes).prefix(filter.limit))
        }
    }

    /// Entries of a trail above `number`, the oldest first.
    public func auditEntries(tenant: String, after number: Int64, limit: Int) -> [AuditEntryRow] {
        state.withLock { state in
            Array((state.trails[tenant] ?? []).lazy.filter { $0.number > number }.prefix(limit))
        }
    }

    /// Up to where a trail was removed.
    public func auditAnchor(tenant: String) -> AuditAnchorRow? { state.withLock { $0.anchors[tenant] } }

    /// Tenants that have a trail.
    public func auditTenants() -> [String] {
        state.withLock { state in Set(state.trails.keys).union(state.anchors.keys).sorted(by: precedes) }
    }
}

/// Text by its bytes, as databases do.
private func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}

private func isBefore(_ left: SecretRow.Key, _ right: SecretRow.Key) -> Bool {
    let first = [left.tenant, left.scope.description, left.name]
    let second = [right.tenant, right.scope.description, right.name]
    for (one, other) in zip(first, second) where !one.utf8.elementsEqual(other.utf8) { return precedes(one, other) }
    return false
}
