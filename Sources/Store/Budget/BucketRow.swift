// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A token bucket that is not full.
public struct BucketRow: Sendable, Equatable {
    /// Which bucket.
    public var key: String
    /// When it is full again: the theoretical arrival time of the generic cell rate algorithm.
    public var fullAt: Timestamp

    /// Puts a row together.
    public init(key: String, fullAt: Timestamp) {
        self.key = key
        self.fullAt = fullAt
    }
}
