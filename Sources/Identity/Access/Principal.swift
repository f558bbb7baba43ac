// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Who acts, and by what right. Made by an ``Authenticator``; everything that is decided is decided on this.
public struct Principal: Sendable, Equatable {
    /// What the principal showed.
    public enum Credential: Sendable, Hashable {
        /// An access token of that login.
        case login(TokenFamilyID)
        /// A token of the live feed, which came of that login or key.
        case feed
        /// An API key.
        case apiKey(APIKeyID)
        /// The token file of the data folder.
        case localToken
        /// None: the program itself.
        case system
    }
    /// The user; `nil` for the program itself and for who comes with the token file.
    public var user: UserID?
    /// The tenant in which the principal sees things.
    public var tenant: String
    /// What the principal may do in general.
    public var role: Role
    /// What of that the credential lets through.
    public var scopes: [ScopePattern]
    /// What the principal showed.
    public var credential: Credential

    /// Puts a principal together.
    public init(
        user: UserID?,
        tenant: String,
        role: Role,
        scopes: [ScopePattern] = [.all],
        credential: Credential
    ) {
        self.user = user
        self.tenant = tenant
        self.role = role
        self.scopes = scopes
        self.credential = credential
    }

    /// The tenant of an installation that has only one.
    public static let defaultTenant = "default"

    /// The program itself.
    public static let system = Principal(user: nil, tenant: defaultTenant, role: .admin, credential: .system)

    /// As events and the audit trail name it: `user:ID`, `local` or `system`.
    public var actor: String {
        if let user { return "user:\(user)" }
        return credential == .system ? "system" : "local"
    }

    /// The key that the principal showed; what it has done is charged to the key's budget.
    public var apiKey: APIKeyID? {
        if case .apiKey(let id) = credential { id } else { nil }
    }

    /// Whether role and credential let that through at all, whatever it is done to.
    public func may(_ permission: Permission) -> Bool {
        role.allows(permission) && hasScope(permission.rawValue)
    }

    /// Whether the credential lets a name through: a permission, or a command of an agent.
    public func hasScope(_ name: String) -> Bool {
        scopes.contains { $0.matches(name) }
    }
}
