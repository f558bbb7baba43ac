// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a document may cost before it is refused.
public struct JSONLimits: Hashable, Sendable {
    /// The most that arrays and objects may be nested; between 0 and 1,024 since values are walked recursively.
    public let maxDepth: Int
    /// The longest document in bytes; at most 2 GiB.
    public let maxBytes: Int
    /// Whether an object may hold a name twice, the last value counting, as RFC 8259 leaves open; else it is refused.
    public let allowsDuplicateNames: Bool

    /// Values outside the allowed ranges are taken as the nearest allowed.
    public init(maxDepth: Int = 256, maxBytes: Int = 64 << 20, allowsDuplicateNames: Bool = false) {
        self.maxDepth = min(max(maxDepth, 0), 1_024)
        self.maxBytes = min(max(maxBytes, 0), 2 << 30)
        self.allowsDuplicateNames = allowsDuplicateNames
    }
}
