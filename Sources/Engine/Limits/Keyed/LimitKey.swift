// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names something of which only so many may go on at a time.
public struct LimitKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// What the name means. A task takes its permits in this order, the narrowest first, so that no two tasks ever wait
    /// for each other, and what it holds while it waits is of use to few others.
    public enum Scope: Int, Sendable, CaseIterable {
        /// A workflow's `concurrency`: runs at a time.
        case run
        /// A node's `concurrency`: tasks at a time.
        case node
        /// Attempts for one agent's thread of a session: one at a time.
        case thread
        /// Attempts that call a tool.
        case tool
        /// Attempts that an agent makes.
        case agent
        /// Attempts for a project.
        case project
        /// Attempts of a queue.
        case queue
    }

    /// What the name means.
    public var scope: Scope
    /// Whose key it is; empty for one that all tenants share.
    public var tenant: String
    /// The name.
    public var name: String

    /// Names a key.
    public init(_ scope: Scope, _ name: String, tenant: String = "") {
        self.scope = scope
        self.tenant = tenant
        self.name = name
    }

    /// `tool:shell.exec`, or `node:acme/orders` for a key of the tenant `acme`.
    public var description: String {
        "\(scope):\(tenant.isEmpty ? "" : tenant + "/")\(name)"
    }

    /// The narrower scope comes first.
    public static func < (left: Self, right: Self) -> Bool {
        (left.scope.rawValue, left.tenant, left.name) < (right.scope.rawValue, right.tenant, right.name)
    }
}
