// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model
public import Store

/// With whom projects are shared. Calls block.
///
/// Whether the principal may share a project is the caller's to decide, because only he knows whose it is: see
/// ``Access`` with ``Permission/shareProjects``.
public struct Memberships: Sendable {
    private let context: IdentityContext

    /// The memberships of a context.
    public init(_ context: IdentityContext) {
        self.context = context
    }

    /// Shares a project of the principal's tenant with a user, or changes how.
    ///
    /// - Parameter groups: Names for assignees such as `role:approver`; at most 20.
    /// - Throws: `notFound` when the user is not there, `invalid` for groups that are no names.
    public func set(
        project: String,
        user: UserID,
        role: ProjectRole,
        groups: [String] = [],
        by principal: Principal,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) -> MemberRow {
        let row = try stored { () throws(StoreError) in try context.store.user(user) }
        guard row?.tenant == principal.tenant else { throw IdentityError(.notFound, "There is no user \(user).") }
        guard groups.count <= 20, groups.allSatisfy({ ScopePattern($0) != nil && !$0.contains("*") }) else {
            throw IdentityError(.invalid, "`groups` holds at most 20 names in lower case, without spaces.")
        }
        let now = context.now()
        let member = MemberRow(
            key: .init(tenant: principal.tenant, project: project, user: user),
            role: role,
            groups: groups,
            addedBy: principal.actor,
            addedAt: now
        )
        var change = SecurityChange()
        change.members = [member]
        change.record(
            "member.set",
            "project:\(project)",
            by: principal.actor,
            tenant: principal.tenant,
            at: now,
            origin,
            ["user": .string(user.description), "role": .string(role.rawValue)]
        )
        try context.apply(change)
        return member
    }

    /// Shares a project no more with a user; without effect when it was not.
    public func remove(
        project: String,
        user: UserID,
        by principal: Principal,
        _ origin: RequestOrigin = RequestOrigin()
    ) throws(IdentityError) {
        var change = SecurityChange()
        change.removedMembers = [.init(tenant: principal.tenant, project: project, user: user)]
        change.record(
            "member.removed",
            "project:\(project)",
            by: principal.actor,
            tenant: principal.tenant,
            at: context.now(),
            origin,
            ["user": .string(user.description)]
        )
        try context.apply(change)
    }

    /// With whom a project of the principal's tenant is shared.
    public func members(of project: String, for principal: Principal) throws(IdentityError) -> [MemberRow] {
        try stored { () throws(StoreError) in
            try context.store.members(tenant: principal.tenant, project: project)
        }
    }

    /// What is shared with the principal; ask it once per request, then `grant(tenant:project:)` for each thing.
    public func memberships(of principal: Principal) throws(IdentityError) -> [MemberRow] {
        guard let user = principal.user else { return [] }
        return try stored { () throws(StoreError) in try context.store.memberships(of: user) }
    }
}
