// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names something of which only so many may go on at a time.
struct LimitKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// What the name means. A task takes its permits in this order, the narrowest first, so that no two tasks ever wait
    /// for each other, and what it holds while it waits is of use to few others.
    enum Scope: Int, Sendable, CaseIterable {
        /// A workflow's `concurrency`: runs at a time.
        case run
        /// A node's `concurrency`: tasks at a time.
        case node
        case tool, agent, project, queue
    }

    var scope: Scope
    /// Whose key it is; empty for one that all tenants share.
    var tenant: String
    var name: String

    init(_ scope: Scope, _ name: String, tenant: String = "") {
        self.scope = scope
        self.tenant = tenant
        self.name = name
    }

    /// `tool:shell.exec`, or `node:acme/orders` for a key of the tenant `acme`.
    var description: String {
        "\(scope):\(tenant.isEmpty ? "" : tenant + "/")\(name)"
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.scope.rawValue, left.tenant, left.name) < (right.scope.rawValue, right.tenant, right.name)
    }
}
