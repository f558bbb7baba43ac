// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Counts calls against a ``ProviderRate``: as many at once as a span allows, then one whenever its share of the span has
/// passed. Of one process; forgotten when it ends.
public struct CallBucket: Sendable, Hashable {
    private let rate: ProviderRate
    /// When the calls made so far are used up; a call fits while that is at most a span ahead.
    private var usedUntil: Timestamp?

    /// A full bucket.
    public init(_ rate: ProviderRate) {
        self.rate = rate
    }

    /// Takes a call.
    ///
    /// - Returns: `nil` when it may be made, else how long to wait; nothing is taken then.
    public mutating func take(at now: Timestamp) -> Duration? {
        let share = rate.period / rate.calls
        let start = max(usedUntil ?? now, now)
        let over = (start + share) - now - rate.period
        guard over <= .zero else { return over }
        usedUntil = start + share
        return nil
    }
}
