// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Where notes are kept, what agents remember, save and think: what holds them, and whose it is.
public struct NotePlace: Sendable, Hashable {
    /// What holds them.
    public enum Scope: String, Sendable, CaseIterable {
        /// A session, until it ends.
        case session
        /// A run, for its agents that work in no session.
        case run
        /// A project, for everybody who sees it.
        case project
        /// An agent, for each owner apart.
        case agent
    }
    /// The tenant.
    public var tenant: String
    /// What holds them.
    public var scope: Scope
    /// The id of the session or run, the name of the project, or the id of the agent.
    public var holder: String
    /// Whose notes of an agent they are, as events name who acts; empty for those of everybody, and for other scopes.
    public var owner: String

    /// Whose notes of an agent those are that an actor makes: what a program on its own machine makes, belongs to everybody
    /// there.
    public static func owner(_ actor: String?) -> String { actor == "local" ? "" : actor ?? "" }

    /// Where agents of a run keep notes that work in no session.
    public static func run(_ run: RunID, of ownership: Ownership) -> NotePlace {
        NotePlace(tenant: ownership.tenant, scope: .run, holder: run.description)
    }

    /// Names a place.
    public init(tenant: String, scope: Scope, holder: String, owner: String = "") {
        (self.tenant, self.scope, self.holder, self.owner) = (tenant, scope, holder, owner)
    }
}

/// How much a place holds, of what has not ended.
public struct NoteSize: Sendable, Equatable {
    /// Entries of the memory.
    public var memories = 0
    /// Bytes of their keys and values.
    public var memoryBytes = 0
    /// Saved contexts.
    public var contexts = 0
    /// Bytes of their values.
    public var contextBytes = 0
    /// Thoughts.
    public var thoughts = 0

    /// Nothing.
    public init() {}
}
