// Baton
// SPDX-License-Identifier: Apache-2.0

/// Whose a thing is (spec 11.2).
public struct Ownership: Sendable, Hashable {
    /// The tenant of an installation that has one, and of everything made before there were tenants.
    public static let defaultTenant = "default"
    /// Belongs to everybody of the first tenant: what a program on its own machine makes.
    public static let common = Ownership(tenant: defaultTenant, owner: nil)

    /// The tenant it belongs to.
    public var tenant: String
    /// Who made it, as events name who acts (`user:usr_…`, `local`); `nil` for what belongs to everybody in the tenant.
    public var owner: String?
    /// The project it is in.
    public var project: String?
    /// The API key with which its maker asked for it, and which is charged for what it costs; of runs, schedules and whoever
    /// pays for a call. `nil` for what was made otherwise, and wherever nothing is paid.
    public var apiKey: APIKeyID?

    /// Puts an ownership together.
    public init(tenant: String, owner: String?, project: String? = nil, apiKey: APIKeyID? = nil) {
        self.tenant = tenant
        self.owner = owner
        self.project = project
        self.apiKey = apiKey
    }
}

/// What somebody sees of what has an owner: nothing of other tenants, and of the own one everything or what is shared.
public struct Visibility: Sendable, Hashable {
    /// The tenant.
    public let tenant: String
    /// Whose things are seen beside those of everybody; `nil` when all of the tenant's are.
    public let viewer: String?
    /// The projects that are shared with the viewer, at most 1,000.
    public let projects: [String]

    /// Everything of a tenant.
    public static func everything(of tenant: String) -> Visibility {
        Visibility(tenant: tenant, viewer: nil, projects: [])
    }

    /// What belongs to everybody in a tenant, to `viewer`, or to one of `projects`.
    public static func shared(in tenant: String, viewer: String, projects: [String] = []) -> Visibility {
        Visibility(tenant: tenant, viewer: viewer, projects: projects)
    }

    /// Whether the thing is seen.
    public func shows(_ thing: Ownership) -> Bool {
        guard thing.tenant == tenant else { return false }
        guard let viewer, let owner = thing.owner, owner != viewer else { return true }
        return thing.project.map(projects.contains) ?? false
    }
}
