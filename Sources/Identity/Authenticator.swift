// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model
internal import Store
internal import Synchronization

/// Turns what a request shows into a ``Principal``. Calls block for some reads of the store.
///
/// Whether account and login still stand is looked up, and again after every change of accounts through the same context,
/// so that disabling, a new role and the end of a login hold at once, not when the token ends.
public final class Authenticator: Sendable {
    private let context: IdentityContext
    private let localToken: LocalToken?
    private let keyUses = Mutex<[APIKeyID: Timestamp]>([:])
    private let known = Mutex<[String: Known]>([:])
    /// Credentials that are kept.
    private static let kept = 10_000

    /// What a credential came to.
    private struct Known {
        let principal: Principal
        /// ``IdentityContext/changeCount`` before it was looked up.
        let change: Int
        /// It is valid until then; `nil` for always.
        let end: Timestamp?
    }

    /// - Parameter localToken: Admits whoever can read the data folder, as administrator of the default tenant.
    public init(_ context: IdentityContext, localToken: LocalToken?) {
        (self.context, self.localToken) = (context, localToken)
    }

    /// Who shows that: an access token, an API key or the token file's content.
    ///
    /// - Throws: `required` for everything that is not valid any more or never was.
    public func authenticate(_ credential: String) throws(IdentityError) -> Principal {
        if let localToken, localToken.admits(credential) {
            return Principal(user: nil, tenant: Principal.defaultTenant, role: .admin, credential: .localToken)
        }
        let (digest, change) = (IdentityContext.digest(credential), context.changeCount)
        let (principal, end) = try lookUp(credential, digest)
        known.withLock { known in
            if known.count >= Self.kept { known = [:] }
            known[digest] = Known(principal: principal, change: change, end: end)
        }
        return principal
    }

    /// Who shows a credential that was looked up before, when no account changed since. Does not block.
    ///
    /// - Returns: `nil` when it has to be looked up.
    public func recall(_ credential: String) -> Principal? {
        if let localToken, localToken.admits(credential) {
            return Principal(user: nil, tenant: Principal.defaultTenant, role: .admin, credential: .localToken)
        }
        let (digest, change, now) = (IdentityContext.digest(credential), context.changeCount, context.now())
        guard let found = known.withLock({ $0[digest] }), found.change == change, found.end.map({ $0 > now }) ?? true
        else { return nil }
        if case .apiKey(let id) = found.principal.credential { keyUses.withLock { $0[id] = now } }
        return found.principal
    }

    private func lookUp(_ credential: String, _ digest: String) throws(IdentityError) -> (Principal, end: Timestamp?) {
        if credential.hasPrefix(APIKeys.prefix) { return try key(digest) }
        guard let token = SignedToken(credential, .access, keys: context.keys, at: context.now()),
            let family = token.claims["fam"]?.stringValue.flatMap({ TokenFamilyID($0) })
        else { throw .unknownCredential }
        let end = token.claims["exp"]?.intValue.map { Timestamp(milliseconds: $0 * 1000) }
        return (try login(family, token.claims["sub"]?.stringValue), end ?? context.now())
    }

    /// Who shows a token of the live feed, and the only project that it shows.
    ///
    /// - Throws: `required` when the token is not valid, or what it came of has ended.
    public func authenticateFeed(_ text: String) throws(IdentityError) -> (principal: Principal, project: String?) {
        guard let token = SignedToken(text, .feed, keys: context.keys, at: context.now()) else {
            throw .unknownCredential
        }
        let claims = token.claims
        var principal: Principal
        if let family = claims["fam"]?.stringValue.flatMap({ TokenFamilyID($0) }) {
            principal = try login(family, claims["sub"]?.stringValue)
        } else if let id = claims["key"]?.stringValue.flatMap({ APIKeyID($0) }) {
            principal = try key(try stored { () throws(StoreError) in try context.store.apiKey(id)?.hash } ?? "").0
        } else if claims["sub"]?.stringValue == "local" {
            principal = Principal(user: nil, tenant: Principal.defaultTenant, role: .admin, credential: .localToken)
        } else {
            throw .unknownCredential
        }
        principal.credential = .feed
        principal.scopes = [ScopePattern(Permission.readEvents.rawValue) ?? .all]
        return (principal, claims["prj"]?.stringValue)
    }

    /// Who something belongs to, with the rights that he has now: for what is done for him while he is not there.
    ///
    /// - Parameters:
    ///   - actor: As ``Principal/actor`` names him.
    ///   - role: That of the credential with which he made it; it never gives more.
    /// - Returns: `nil` when the account is gone or disabled.
    public func principal(named actor: String, of tenant: String, role: Role) throws(IdentityError) -> Principal? {
        guard actor != "local" else {
            return Principal(user: nil, tenant: tenant, role: role, credential: .localToken)
        }
        guard actor.hasPrefix("user:"), let id = UserID(String(actor.dropFirst(5))),
            let user = try stored({ () throws(StoreError) in try context.store.user(id) }),
            !user.isDisabled, user.tenant == tenant
        else { return nil }
        let granted = role.isWithin(user.role) ? role : user.role
        return Principal(user: id, tenant: tenant, role: granted, credential: .system)
    }

    /// Writes down when keys were used; call it about once a minute, and before the process ends.
    public func flushKeyUses() throws(IdentityError) {
        let uses = keyUses.withLock { uses in
            defer { uses = [:] }
            return uses
        }
        guard !uses.isEmpty else { return }
        var change = SecurityChange()
        change.keyUses = uses.map { ($0.key, $0.value) }
        try context.apply(change)
    }

    private func login(_ family: TokenFamilyID, _ subject: String?) throws(IdentityError) -> Principal {
        let found = try stored { () throws(StoreError) -> UserRow? in
            guard let row = try context.store.tokenFamily(family), row.revokedAt == nil else { return nil }
            return try context.store.user(row.user)
        }
        guard let user = found, !user.isDisabled, user.id.description == subject else { throw .unknownCredential }
        return Principal(user: user.id, tenant: user.tenant, role: user.role, credential: .login(family))
    }

    private func key(_ hash: String) throws(IdentityError) -> (Principal, end: Timestamp?) {
        let now = context.now()
        let found = try stored { () throws(StoreError) -> (APIKeyRow, UserRow)? in
            guard let key = try context.store.apiKey(hash: hash), let user = try context.store.user(key.user) else {
                return nil
            }
            return (key, user)
        }
        guard let (key, user) = found, key.revokedAt == nil, key.expiresAt.map({ $0 > now }) ?? true, !user.isDisabled
        else { throw .unknownCredential }
        if key.lastUsedAt.map({ now - $0 >= .seconds(60) }) ?? true { keyUses.withLock { $0[key.id] = now } }
        // A user who lost rights since has none of them through old keys either.
        let isKept = key.role.isWithin(user.role) || key.role == .worker
        let principal = Principal(
            user: user.id,
            tenant: user.tenant,
            role: isKept ? key.role : user.role,
            scopes: key.scopes.compactMap { ScopePattern($0) },
            credential: .apiKey(key.id)
        )
        return (principal, key.expiresAt)
    }
}
