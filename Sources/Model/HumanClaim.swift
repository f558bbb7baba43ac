// Baton
// SPDX-License-Identifier: Apache-2.0

/// Who works on a request to a person for a while (spec 7.1).
public struct HumanClaim: Sendable, Hashable {
    /// How long a claim lasts.
    public static let span = Duration.seconds(30 * 60)

    /// `user:NAME`.
    public var by: String
    /// It ends then by itself.
    public var until: Timestamp

    /// Describes a claim.
    public init(by: String, until: Timestamp) {
        self.by = by
        self.until = until
    }
}
