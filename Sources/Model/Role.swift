// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a principal may do in general (spec 11.1).
public enum Role: String, Sendable, Hashable, CaseIterable {
    /// Everything in its tenant.
    case admin
    /// As a user, and control and patch in projects that are granted.
    case `operator`
    /// Own things, and what is shared.
    case user
    /// Reads what is shared.
    case viewer
    /// Leases tasks, sends heartbeats, completes them.
    case worker
    /// Commands by patterns.
    case agent
}

/// How a project is shared with somebody (spec 11.2).
public enum ProjectRole: String, Sendable, Hashable, CaseIterable {
    /// Controls and patches what is in it.
    case `operator`
    /// Reads what is in it.
    case viewer
}
