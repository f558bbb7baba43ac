// Baton
// SPDX-License-Identifier: Apache-2.0

/// How often something may happen.
public struct Rate: Hashable, Sendable {
    /// Units per `period`, at least 1. A unit is a call, or an LLM token.
    public var units: Int
    /// At least a millisecond.
    public var period: Duration
    /// Units that may be used at once after a rest, at least 1.
    public var burst: Int

    /// Puts a rate together; without `burst` that of one period.
    public init(units: Int, period: Duration, burst: Int? = nil) {
        self.units = units
        self.period = period
        self.burst = burst ?? units
    }
}
