// Baton
// SPDX-License-Identifier: Apache-2.0

/// Whether something may happen now, and what the answer's headers say.
public struct RateLimitAnswer: Sendable, Equatable {
    /// It may; a token of every limit was taken. Otherwise none was.
    public var isAllowed: Bool
    /// The limit that refused, or the tightest one: `global`, `user`, a kind of request, a tier, or `session`. `nil` when
    /// nothing limits it.
    public var tier: String?
    /// How much that limit lets through a period.
    public var limit: Int
    /// How much was let through lately, as the bucket has it: `limit` minus what is left, never below 0.
    public var current: Int
    /// How much may follow at once.
    public var remaining: Int
    /// After how many seconds the bucket is full again, rounded up.
    public var resetSeconds: Int
    /// After how many seconds another try may go through; 0 when this one did.
    public var retryAfterSeconds: Int

    /// Nothing limits it.
    static let unlimited = RateLimitAnswer(
        isAllowed: true,
        tier: nil,
        limit: 0,
        current: 0,
        remaining: 0,
        resetSeconds: 0,
        retryAfterSeconds: 0
    )
}
