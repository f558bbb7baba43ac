// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// That somebody wants a run kept, whatever its age: it is not deleted, and nothing that it names.
public struct HoldRow: Sendable, Equatable {
    /// The run.
    public var runKey: Int64
    /// Who wants it: `user:NAME`.
    public var actor: String
    /// Why.
    public var reason: String?
    /// Since when.
    public var at: Timestamp

    /// Puts a row together.
    public init(runKey: Int64, actor: String, reason: String?, at: Timestamp) {
        self.runKey = runKey
        self.actor = actor
        self.reason = reason
        self.at = at
    }
}
