// Baton
// SPDX-License-Identifier: Apache-2.0

/// Which entries of the cache of outputs are to go; what is `nil` does not matter.
public struct CacheSelection: Sendable, Equatable {
    /// Who shares them: `run:ID`, `workflow:NAME` or `project:NAME`.
    public var scope: String?
    /// The workflow they came from.
    public var workflow: String?
    /// The node they came from.
    public var node: String?
    /// The beginning of their key.
    public var key: String?

    /// All entries.
    public init() {}
}
