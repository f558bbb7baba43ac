// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// One API key. The key itself is not stored.
public struct APIKeyRow: Sendable, Equatable {
    /// The id.
    public var id: APIKeyID
    /// The tenant of the user.
    public var tenant: String
    /// Whose key it is.
    public var user: UserID
    /// What people call it.
    public var name: String
    /// The first characters, by which its owner recognises it.
    public var prefix: String
    /// SHA-256 of the key, in hexadecimal digits.
    public var hash: String
    /// What it may do; never more than its user.
    public var role: Role
    /// Patterns of permissions; `*` for all that the role has.
    public var scopes: [String]
    /// When it was made.
    public var createdAt: Timestamp
    /// When it ends by itself.
    public var expiresAt: Timestamp?
    /// When it was used last, to the minute.
    public var lastUsedAt: Timestamp?
    /// When it was revoked.
    public var revokedAt: Timestamp?

    /// Puts a new row together.
    public init(
        id: APIKeyID,
        tenant: String,
        user: UserID,
        name: String,
        prefix: String,
        hash: String,
        role: Role,
        scopes: [String],
        createdAt: Timestamp,
        expiresAt: Timestamp?
    ) {
        self.id = id
        self.tenant = tenant
        self.user = user
        self.name = name
        self.prefix = prefix
        self.hash = hash
        self.role = role
        self.scopes = scopes
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// One login: all refresh tokens that came of it.
public struct TokenFamilyRow: Sendable, Equatable {
    /// The id.
    public var id: TokenFamilyID
    /// The tenant of the user.
    public var tenant: String
    /// Who logged in.
    public var user: UserID
    /// When.
    public var createdAt: Timestamp
    /// When the newest token ends.
    public var expiresAt: Timestamp
    /// Since when none of its tokens is admitted.
    public var revokedAt: Timestamp?

    /// Puts a new row together.
    public init(id: TokenFamilyID, tenant: String, user: UserID, createdAt: Timestamp, expiresAt: Timestamp) {
        self.id = id
        self.tenant = tenant
        self.user = user
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// One refresh token. The token itself is not stored.
public struct RefreshTokenRow: Sendable, Equatable {
    /// SHA-256 of the token, in hexadecimal digits.
    public var hash: String
    /// The login that it belongs to.
    public var family: TokenFamilyID
    /// When it ends by itself.
    public var expiresAt: Timestamp
    /// When it was exchanged for the next one.
    public var spentAt: Timestamp?

    /// Puts a new row together.
    public init(hash: String, family: TokenFamilyID, expiresAt: Timestamp) {
        self.hash = hash
        self.family = family
        self.expiresAt = expiresAt
    }
}

/// Logins that failed.
public struct LoginFailureRow: Sendable, Equatable {
    /// `account:EMAIL` or `address:IP`.
    public var key: String
    /// When the last ones were, the oldest first.
    public var times: [Timestamp]
    /// Until when nothing is tried any more.
    public var lockedUntil: Timestamp?

    /// Puts a row together.
    public init(key: String, times: [Timestamp], lockedUntil: Timestamp?) {
        self.key = key
        self.times = times
        self.lockedUntil = lockedUntil
    }
}
