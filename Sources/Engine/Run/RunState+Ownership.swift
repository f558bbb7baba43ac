// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Whose a run is (spec 11.2). It says so in its first event, and never changes.
extension RunState {
    /// The project of runs that name none. It is nobody's to share.
    public static let defaultProject = "default"

    /// Whose it is.
    public var ownership: Ownership {
        let project = project == Self.defaultProject ? nil : project
        return Ownership(tenant: tenant, owner: owner, project: project, apiKey: apiKey)
    }

    /// The tenant in the names of what runs share: empty for the first one, whose names were there before there were
    /// tenants.
    var sharingTenant: String { tenant == Ownership.defaultTenant ? "" : tenant }

    /// What the names of a tenant's own things begin with.
    /// What the calls of its tasks cost so far, as far as that is known; without the runs that it started.
    public var spent: Money {
        costs.values.reduce(.zero) { sum, cost in sum.adding(cost.money) ?? sum }
    }

    var sharingPrefix: String { sharingTenant.isEmpty ? "" : "\(tenant)/" }
}
