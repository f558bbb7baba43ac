// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Something above single runs that is paused.
public struct PauseRow: Sendable, Equatable {
    /// What.
    public var scope: PauseScope
    /// Who paused it: `user:NAME`.
    public var by: String
    /// Why, as given.
    public var reason: String?
    /// When.
    public var at: Timestamp

    /// Puts a row together.
    public init(scope: PauseScope, by: String, reason: String?, at: Timestamp) {
        self.scope = scope
        self.by = by
        self.reason = reason
        self.at = at
    }
}
