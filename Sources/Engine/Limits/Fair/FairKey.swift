// Baton
// SPDX-License-Identifier: Apache-2.0

/// Whose share something takes: tenants share first, then the projects of a tenant.
struct FairKey: Hashable, Sendable {
    var tenant: String
    var project: String

    /// Everything belongs to the same one.
    static let common = FairKey(tenant: "", project: "")
}

/// How large the shares are, as ratios to each other; whoever is not listed has a share of 1.
struct FairWeights: Sendable, Equatable {
    /// The largest weight.
    static let limit = 1_000_000

    var tenants: [String: Int] = [:]
    /// Within their tenant.
    var projects: [FairKey: Int] = [:]

    func weight(ofTenant name: String) -> Int {
        Self.clamped(tenants[name])
    }

    func weight(of key: FairKey) -> Int {
        Self.clamped(projects[key])
    }

    private static func clamped(_ weight: Int?) -> Int {
        min(max(weight ?? 1, 1), limit)
    }
}
