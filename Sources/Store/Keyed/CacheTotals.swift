// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What all entries of the cache come to.
public struct CacheTotals: Sendable, Equatable {
    /// How many there are.
    public var entries: Int64
    /// Bytes of their outputs.
    public var bytes: Int64
    /// How often they were used.
    public var hits: Int64
    /// What their uses saved.
    public var saved: Duration
    /// What their uses saved.
    public var savedCost: Money

    /// Puts totals together; everything is 0 when it is left out.
    public init(
        entries: Int64 = 0,
        bytes: Int64 = 0,
        hits: Int64 = 0,
        saved: Duration = .zero,
        savedCost: Money = .zero
    ) {
        self.entries = entries
        self.bytes = bytes
        self.hits = hits
        self.saved = saved
        self.savedCost = savedCost
    }
}
