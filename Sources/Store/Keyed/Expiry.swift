// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A step in which rows go whose time is over, the oldest first.
public struct Expiry: Sendable, Equatable {
    /// Rows that end by themselves.
    public enum Kind: Sendable, CaseIterable {
        /// Answers to requests, by ``IdempotencyRow/expiresAt``.
        case idempotency
        /// Signals nobody waited for, by ``SignalRow/arrivedAt``.
        case signals
        /// Entries of the cache, by ``CacheRow/expiresAt``.
        case cache
        /// Usage records, by ``UsageRow/at``.
        case usage
        /// Dead letters, by ``DeadLetterRow/at``.
        case deadLetters
    }
    /// Which rows.
    public var kind: Kind
    /// Those whose time is before this.
    public var before: Timestamp
    /// At most that many.
    public var limit: Int

    /// Describes a step.
    public init(_ kind: Kind, before: Timestamp, limit: Int = 500) {
        self.kind = kind
        self.before = before
        self.limit = limit
    }
}
