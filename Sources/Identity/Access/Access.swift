// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Whether a principal may do something to a thing.
public enum Access: Sendable, Hashable {
    /// It may.
    case allowed
    /// It may see the thing, but not do that: 403.
    case denied
    /// It may not even know that there is such a thing: 404.
    case hidden

    /// Decides.
    ///
    /// - Parameter grant: How the thing's project is shared with the principal; `nil` when it is not.
    public static func decide(
        _ principal: Principal,
        _ permission: Permission,
        on thing: Ownership,
        grant: ProjectRole?
    ) -> Access {
        guard thing.tenant == principal.tenant else { return .hidden }
        if principal.role == .admin { return principal.may(permission) ? .allowed : .denied }
        let isOwn = thing.owner == nil || thing.owner == principal.actor
        guard isOwn || grant != nil else { return .hidden }
        guard principal.may(permission) else { return .denied }
        switch permission.kind {
        case .read, .work, .administration: return .allowed
        case .own, .control:
            // What belongs to everybody is for everybody to use, not to change.
            if thing.owner == principal.actor { return .allowed }
            if thing.owner == nil && permission.kind == .own { return .allowed }
            return principal.role == .operator && grant != nil || grant == .operator ? .allowed : .denied
        }
    }

    /// Throws what a caller answers with.
    ///
    /// - Parameter what: The thing, for the message: `run run_…`.
    public func check(_ what: String) throws(IdentityError) {
        switch self {
        case .allowed: return
        case .denied: throw IdentityError(.denied, "You may see \(what), but not do that.")
        case .hidden: throw IdentityError(.notFound, "There is no \(what).")
        }
    }
}

extension Principal {
    /// Whether a request to people is addressed to this principal: `user:ID`, `role:NAME` with a role or one of
    /// `groups`, or `owner`.
    ///
    /// - Parameters:
    ///   - owner: Whose run asks, as ``Principal/actor``.
    ///   - groups: The principal's groups in the project of the run.
    public func isAddressed(by assignees: [String], owner: String?, groups: [String]) -> Bool {
        if role == .admin { return true }
        return assignees.contains { assignee in
            if assignee == actor { return true }
            if assignee == "owner" { return owner == actor }
            return assignee == "role:\(role.rawValue)" || groups.contains { assignee == "role:\($0)" }
        }
    }
}

extension [MemberRow] {
    /// How a project is shared, among the rows of one user.
    public func grant(tenant: String, project: String?) -> ProjectRole? {
        guard let project else { return nil }
        return first { $0.key.tenant == tenant && $0.key.project == project }?.role
    }
}
