// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model
internal import Store

/// Accounts of people. Calls block; see ``IdentityContext``.
public struct Accounts: Sendable {
    private let context: IdentityContext

    /// The accounts of a context.
    public init(_ context: IdentityContext) {
        self.context = context
    }

    /// Whether there is nobody yet, so that who registers becomes the administrator.
    public func isEmpty() throws(IdentityError) -> Bool {
        try stored { () throws(StoreError) in try context.store.users(tenant: nil, after: nil, limit: 1).isEmpty }
    }

    /// Makes an account for whoever asks: the first is an administrator, later ones are users if registration is open.
    ///
    /// - Throws: `invalid`, `denied` when registration is closed, `conflict` when the address is taken.
    public func register(
        email: String,
        name: String,
        password: String,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) -> User {
        let isFirst = try isEmpty()
        guard isFirst || context.settings.opensRegistration else { throw .closed }
        do throws(IdentityError) {
            return try add(
                email: email,
                name: name,
                password: password,
                role: isFirst ? .admin : .user,
                tenant: Principal.defaultTenant,
                by: nil,
                origin,
                isFirst: isFirst
            )
        } catch {
            // Somebody else became the first meanwhile.
            guard isFirst, error.code == .conflict, try !isEmpty() else { throw error }
            return try register(email: email, name: name, password: password, origin)
        }
    }

    /// Makes an account for somebody else.
    ///
    /// - Parameter password: `nil` for one who will never log in with a password, such as the owner of keys of workers.
    /// - Throws: `invalid`, `denied`, `conflict` when the address is taken.
    public func create(
        email: String,
        name: String,
        password: String?,
        role: Role,
        by principal: Principal,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) -> User {
        try principal.require(.manageUsers)
        return try add(
            email: email,
            name: name,
            password: password,
            role: role,
            tenant: principal.tenant,
            by: principal,
            origin,
            isFirst: false
        )
    }

    private func add(
        email: String,
        name: String,
        password: String?,
        role: Role,
        tenant: String,
        by principal: Principal?,
        _ origin: RequestOrigin,
        isFirst: Bool
    ) throws(IdentityError) -> User {
        let email = try AccountRules.email(email)
        let name = try AccountRules.name(name)
        if let password { try AccountRules.check(password: password, email: email) }
        let taken = try stored { () throws(StoreError) in try context.store.user(email: email) }
        guard taken == nil else { throw .emailTaken }
        let hash: String? = if let password { try context.hasher.hash(password) } else { nil }
        let now = context.now()
        let row = UserRow(
            id: context.makeID(at: now),
            tenant: tenant,
            email: email,
            name: name,
            role: role,
            password: hash,
            createdAt: now
        )
        var change = SecurityChange()
        change.requiresNoUsers = isFirst
        change.users = [row]
        change.record(
            principal == nil ? "user.registered" : "user.created",
            "user:\(row.id)",
            by: principal?.actor ?? "user:\(row.id)",
            tenant: tenant,
            at: now,
            origin,
            ["role": .string(role.rawValue)]
        )
        try context.apply(change)
        return User(row)
    }

    /// The user with that id, for its own eyes and those of administrators.
    ///
    /// - Throws: `notFound` for everybody else's.
    public func user(_ id: UserID, for principal: Principal) throws(IdentityError) -> User {
        User(try row(id, for: principal))
    }

    /// Users of the principal's tenant by id, the next page after `after`.
    public func users(
        for principal: Principal,
        after: UserID? = nil,
        limit: Int = 50
    ) throws(IdentityError) -> [User] {
        try principal.require(.manageUsers)
        return try stored { () throws(StoreError) in
            try context.store.users(tenant: principal.tenant, after: after, limit: limit).map(User.init)
        }
    }

    /// Changes a user. Role, `isDisabled` and the password are for administrators; nobody changes these of himself, so that
    /// one administrator is always left, and a stolen token gets no password. One's own: ``changePassword(of:from:to:_:)``.
    ///
    /// - Throws: `invalid`, `denied`, `notFound`, `conflict` when the revision is another one.
    public func update(
        _ id: UserID,
        _ patch: UserPatch,
        by principal: Principal,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) -> User {
        let row = try row(id, for: principal)
        try principal.require(principal.user == id ? .manageProfile : .manageUsers)
        if patch.role != nil || patch.isDisabled != nil || patch.password != nil {
            guard principal.user != id else {
                throw IdentityError(
                    .denied,
                    "Nobody changes his own role or locks himself out, and one's own password needs the current one."
                )
            }
        }
        return try change(row, patch, by: principal, origin)
    }

    private func change(
        _ before: UserRow,
        _ patch: UserPatch,
        by principal: Principal,
        _ origin: RequestOrigin
    ) throws(IdentityError) -> User {
        var row = before
        if let revision = patch.revision, revision != row.revision { throw IdentityError(StoreError.userTaken(row)) }
        let (id, now) = (row.id, context.now())
        var fields: [String] = []
        if let name = patch.name { (row.name, fields) = (try AccountRules.name(name), fields + ["name"]) }
        if let role = patch.role { (row.role, fields) = (role, fields + ["role"]) }
        if let isDisabled = patch.isDisabled { (row.isDisabled, fields) = (isDisabled, fields + ["is_disabled"]) }
        if let password = patch.password {
            try AccountRules.check(password: password, email: row.email)
            (row.password, fields) = (try context.hasher.hash(password), fields + ["password"])
        }
        guard !fields.isEmpty else { return User(row) }
        row.revision += 1
        row.updatedAt = now
        var change = SecurityChange()
        change.users = [row]
        if patch.password != nil || row.isDisabled { change.revokedUsers = [(id, now)] }
        change.record(
            "user.updated",
            "user:\(id)",
            by: principal.actor,
            tenant: row.tenant,
            at: now,
            origin,
            [
                "fields": .array(fields.map { .string($0) }), "role": .string(row.role.rawValue),
                "is_disabled": .bool(row.isDisabled),
            ]
        )
        try context.apply(change)
        return User(row)
    }

    /// Changes one's own password; all logins end.
    ///
    /// A wrong current password counts as a failed login.
    /// - Throws: `required` when `current` is wrong, `locked`, `invalid`.
    public func changePassword(
        of principal: Principal,
        from current: String,
        to new: String,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) {
        guard let id = principal.user else { throw .noAccount }
        try principal.require(.manageProfile)
        let row = try row(id, for: principal)
        try Sessions(context).check(current, of: row, email: row.email, origin)
        var patch = UserPatch()
        patch.password = new
        _ = try change(row, patch, by: principal, origin)
    }

    private func row(_ id: UserID, for principal: Principal) throws(IdentityError) -> UserRow {
        let row = try stored { () throws(StoreError) in try context.store.user(id) }
        guard let row, row.tenant == principal.tenant, principal.user == id || principal.may(.manageUsers) else {
            throw IdentityError(.notFound, "There is no user \(id).")
        }
        return row
    }
}

extension Principal {
    /// Throws `denied` when role or credential do not let that through.
    public func require(_ permission: Permission) throws(IdentityError) {
        guard may(permission) else {
            throw IdentityError(.denied, "\(actor) may not do that: `\(permission.rawValue)` is needed.")
        }
    }
}

extension IdentityError {
    static let closed = Self(.denied, "Registration is closed. An administrator can make an account for you.")
    static let emailTaken = Self(.conflict, "There is an account with that address already.")
    static let noAccount = Self(.denied, "This needs an account; the token file and API keys of others have none.")
}
