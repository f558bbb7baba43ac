// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// One account.
public struct UserRow: Sendable, Equatable {
    /// The id.
    public var id: UserID
    /// The tenant that the user belongs to.
    public var tenant: String
    /// In lower case; unique over all tenants, because one logs in with it.
    public var email: String
    /// What people call the user.
    public var name: String
    /// What the user may do.
    public var role: Role
    /// The hash of the password with its parameters and salt; `nil` for one who cannot log in with a password.
    public var password: String?
    /// Nothing is admitted that the user shows.
    public var isDisabled: Bool
    /// When it was made.
    public var createdAt: Timestamp
    /// When it was changed last.
    public var updatedAt: Timestamp
    /// Dense from 1; every change of the row is one above the last, that is the compare of compare-and-swap.
    public var revision: Int

    /// Puts a new row together.
    public init(
        id: UserID,
        tenant: String,
        email: String,
        name: String,
        role: Role,
        password: String?,
        createdAt: Timestamp
    ) {
        self.id = id
        self.tenant = tenant
        self.email = email
        self.name = name
        self.role = role
        self.password = password
        isDisabled = false
        self.createdAt = createdAt
        updatedAt = createdAt
        revision = 1
    }
}

/// That a project is shared with a user.
public struct MemberRow: Sendable, Equatable {
    /// What the row is known by.
    public struct Key: Sendable, Hashable {
        /// The tenant of the project.
        public var tenant: String
        /// The project.
        public var project: String
        /// The user.
        public var user: UserID

        /// Puts a key together.
        public init(tenant: String, project: String, user: UserID) {
            self.tenant = tenant
            self.project = project
            self.user = user
        }
    }
    /// What the row is known by.
    public var key: Key
    /// How it is shared.
    public var role: ProjectRole
    /// Names of groups in the project, for assignees such as `role:approver`.
    public var groups: [String]
    /// Who shared it.
    public var addedBy: String
    /// When.
    public var addedAt: Timestamp

    /// Puts a row together.
    public init(key: Key, role: ProjectRole, groups: [String] = [], addedBy: String, addedAt: Timestamp) {
        self.key = key
        self.role = role
        self.groups = groups
        self.addedBy = addedBy
        self.addedAt = addedAt
    }
}
