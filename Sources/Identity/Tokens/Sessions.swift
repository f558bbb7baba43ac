// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
internal import JSON
public import Model
internal import Store

/// What a login gives out. Both tokens are shown once; only a hash of the refresh token is stored.
public struct Login: Sendable {
    /// Who logged in.
    public let user: User
    /// The login itself; ends with ``Sessions/logOut(_:_:)``.
    public let family: TokenFamilyID
    /// For the header `Authorization: Bearer`.
    public let accessToken: String
    /// When it ends.
    public let accessExpiresAt: Timestamp
    /// To be exchanged for the next login, once.
    public let refreshToken: String
    /// When it ends.
    public let refreshExpiresAt: Timestamp
}

/// Logins. Calls block; see ``IdentityContext``.
public struct Sessions: Sendable {
    private let context: IdentityContext

    /// The logins of a context.
    public init(_ context: IdentityContext) {
        self.context = context
    }

    /// Logs in with a password. The answer takes as long, and is the same, when there is no such user.
    ///
    /// - Parameter origin: Its address is locked as well as the account after too many failures.
    /// - Throws: `required` when address or password are wrong or the account is disabled, `locked`.
    public func logIn(
        email: String,
        password: String,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) -> Login {
        guard let email = try? AccountRules.email(email) else { throw .wrongPassword }
        let found = try stored { () throws(StoreError) in try context.store.user(email: email) }
        var row = try check(password, of: found, email: email, origin)
        let now = context.now()
        var change = SecurityChange()
        if let hash = row.password, context.hasher.isOutdated(hash) {
            row.password = try context.hasher.hash(password)
            row.revision += 1
            change.users = [row]
        }
        let family = TokenFamilyRow(
            id: context.makeID(at: now),
            tenant: row.tenant,
            user: row.id,
            createdAt: now,
            expiresAt: now + context.settings.refreshLifetime
        )
        change.record("auth.login", "user:\(row.id)", by: "user:\(row.id)", tenant: row.tenant, at: now, origin)
        return try complete(&change, row, family, at: now)
    }

    /// Exchanges a refresh token for the next one.
    ///
    /// A token that was exchanged before is in two hands, one of them wrong: then the whole login ends.
    /// - Throws: `required` when the token is unknown, old or spent, or the login or the account has ended.
    public func refresh(
        _ token: String,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) -> Login {
        let now = context.now()
        let hash = IdentityContext.digest(token)
        let found = try stored { () throws(StoreError) in try lookUp(hash) }
        guard let (row, family, user) = found, family.revokedAt == nil, row.expiresAt > now, !user.isDisabled else {
            throw .loginEnded
        }
        guard row.spentAt == nil else { throw try reused(family, at: now, origin) }
        var change = SecurityChange()
        change.spentTokens = [(hash, now)]
        var next = family
        next.expiresAt = now + context.settings.refreshLifetime
        do throws(IdentityError) {
            return try complete(&change, user, next, at: now)
        } catch {
            // Somebody else was faster with the same token.
            guard error.code == .conflict else { throw error }
            throw try reused(family, at: now, origin)
        }
    }

    /// Ends the login that a refresh token belongs to; a token that is unknown ends nothing.
    public func logOut(_ token: String, _ origin: RequestOrigin = RequestOrigin()) throws(IdentityError) {
        let found = try stored { () throws(StoreError) in try lookUp(IdentityContext.digest(token)) }
        guard let (_, family, user) = found, family.revokedAt == nil else { return }
        try end(family.id, "auth.logout", user, origin)
    }

    /// Ends the login that an access token came of.
    public func logOut(_ principal: Principal, _ origin: RequestOrigin = RequestOrigin()) throws(IdentityError) {
        guard case .login(let family) = principal.credential, let id = principal.user,
            let user = try stored({ () throws(StoreError) in try context.store.user(id) })
        else { return }
        try end(family, "auth.logout", user, origin)
    }

    /// Removes logins and failures whose time is over. Call it from time to time, such as once an hour.
    public func sweep() throws(IdentityError) {
        var change = SecurityChange()
        change.forgetsBefore = context.now() + (.zero - context.settings.lockoutWindow)
        try context.apply(change)
    }

    /// A token for the live feed, which can stand in an address: valid for a minute, and for nothing else.
    ///
    /// - Parameter project: The only project it shows; `nil` for all that the principal sees.
    public func feedToken(for principal: Principal, project: String? = nil) throws(IdentityError) -> String {
        try principal.require(.readEvents)
        var claims: JSONObject = [
            "sub": .string(principal.user?.description ?? principal.actor), "ten": .string(principal.tenant),
            "role": .string(principal.role.rawValue),
        ]
        if case .login(let family) = principal.credential { claims["fam"] = .string(family.description) }
        if case .apiKey(let key) = principal.credential { claims["key"] = .string(key.description) }
        claims["prj"] = project.map { .string($0) }
        return SignedToken.issue(
            .feed,
            claims,
            keys: context.keys,
            at: context.now(),
            lifetime: context.settings.feedLifetime
        )
    }

    // MARK: Parts

    /// Checks a password against a row that may not be there; counts what fails.
    @discardableResult
    func check(
        _ password: String,
        of row: UserRow?,
        email: String,
        _ origin: RequestOrigin
    ) throws(IdentityError) -> UserRow {
        let keys = LoginGuard.keys(email: email, address: origin.address)
        try context.guards.begin(keys, at: context.now())
        let isRight: Bool
        do throws(IdentityError) {
            // Longer ones cannot be right, and would cost more than the hash.
            let text = password.utf8.count <= 4096 ? password : ""
            isRight = try context.hasher.verify(text, against: row?.password)
        } catch {
            context.guards.abandoned(keys)
            throw error
        }
        let now = context.now()
        if let row, isRight, !row.isDisabled {
            var change = SecurityChange()
            context.guards.succeeded(keys, &change)
            let hasFailures = try stored { () throws(StoreError) in try context.store.loginFailure(keys[0]) != nil }
            if hasFailures { try context.apply(change) }
            return row
        }
        let tenant = row?.tenant ?? Principal.defaultTenant
        try context.guards.failed(keys, at: now) { (rows, locked) throws(IdentityError) in
            var change = SecurityChange()
            change.loginFailures = rows
            change.record("auth.failed", keys[0], by: "anonymous", tenant: tenant, at: now, origin)
            for key in locked { change.record("auth.locked", key, by: "system", tenant: tenant, at: now, origin) }
            try context.apply(change)
        }
        throw .wrongPassword
    }

    private func lookUp(_ hash: String) throws(StoreError) -> (RefreshTokenRow, TokenFamilyRow, UserRow)? {
        guard let row = try context.store.refreshToken(hash: hash),
            let family = try context.store.tokenFamily(row.family), let user = try context.store.user(family.user)
        else { return nil }
        return (row, family, user)
    }

    private func complete(
        _ change: inout SecurityChange,
        _ user: UserRow,
        _ family: TokenFamilyRow,
        at now: Timestamp
    ) throws(IdentityError) -> Login {
        let token = "bat_refresh_" + Base64.encode(SecureRandom.bytes(32))
        change.families = [family]
        change.refreshTokens = [
            RefreshTokenRow(hash: IdentityContext.digest(token), family: family.id, expiresAt: family.expiresAt)
        ]
        try context.apply(change)
        let access = SignedToken.issue(
            .access,
            [
                "sub": .string(user.id.description), "ten": .string(user.tenant), "role": .string(user.role.rawValue),
                "fam": .string(family.id.description),
            ],
            keys: context.keys,
            at: now,
            lifetime: context.settings.accessLifetime
        )
        return Login(
            user: User(user),
            family: family.id,
            accessToken: access,
            accessExpiresAt: now + context.settings.accessLifetime,
            refreshToken: token,
            refreshExpiresAt: family.expiresAt
        )
    }

    private func reused(
        _ family: TokenFamilyRow,
        at now: Timestamp,
        _ origin: RequestOrigin
    ) throws(IdentityError) -> IdentityError {
        var change = SecurityChange()
        change.revokedFamilies = [(family.id, now)]
        change.record(
            "auth.refresh_reused",
            "login:\(family.id)",
            by: "user:\(family.user)",
            tenant: family.tenant,
            at: now,
            origin
        )
        try context.apply(change)
        return .loginEnded
    }

    private func end(
        _ family: TokenFamilyID,
        _ action: String,
        _ user: UserRow,
        _ origin: RequestOrigin
    ) throws(IdentityError) {
        let now = context.now()
        var change = SecurityChange()
        change.revokedFamilies = [(family, now)]
        change.record(action, "login:\(family)", by: "user:\(user.id)", tenant: user.tenant, at: now, origin)
        try context.apply(change)
    }
}

extension IdentityError {
    static let wrongPassword = Self(.required, "The address or the password is wrong.")
    static let loginEnded = Self(.required, "The login has ended. Log in again.")
    static let unknownCredential = Self(.required, "What says who asks is not valid, or its time is over.")
}
