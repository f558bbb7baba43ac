// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a call took, in LLM tokens, the same for all providers. No number counts twice, except that ``reasoning`` is part
/// of ``output``.
public struct ModelUsage: Sendable, Hashable {
    /// How sure the numbers are.
    public enum Certainty: String, Sendable, CaseIterable {
        /// The provider's own.
        case exact
        /// Counted here.
        case estimated
        /// The answer was cut off: what the provider said so far, which is not all. To be settled at the whole
        /// reservation.
        case unknown
    }

    /// Read anew.
    public var input: Int
    /// Read from the provider's cache.
    public var cached: Int
    /// Written to its cache for minutes (5 at Anthropic, 30 at OpenAI).
    public var cacheWrite: Int
    /// Written to its cache for an hour or more.
    public var cacheWriteLong: Int
    /// Written, thinking included.
    public var output: Int
    /// The part of ``output`` that was thinking, as far as the provider says.
    public var reasoning: Int
    /// How sure this is.
    public var certainty: Certainty

    /// A usage.
    public init(
        input: Int = 0,
        cached: Int = 0,
        cacheWrite: Int = 0,
        cacheWriteLong: Int = 0,
        output: Int = 0,
        reasoning: Int = 0,
        certainty: Certainty = .exact
    ) {
        self.input = input
        self.cached = cached
        self.cacheWrite = cacheWrite
        self.cacheWriteLong = cacheWriteLong
        self.output = output
        self.reasoning = reasoning
        self.certainty = certainty
    }

    /// More LLM tokens than any call can have.
    static let most = 1_000_000_000

    /// The numbers are those of a call. Others say nothing: whoever sent them does not know what it did.
    public var isPlausible: Bool {
        [input, cached, cacheWrite, cacheWriteLong, output, reasoning].allSatisfy { (0...Self.most).contains($0) }
    }

    /// Nothing is known.
    public static let unknown = ModelUsage(certainty: .unknown)

    /// All input, however it was read.
    public var totalInput: Int {
        [cached, cacheWrite, cacheWriteLong].reduce(input) { sum, next in
            let (total, isOver) = sum.addingReportingOverflow(next)
            return isOver ? .max : total
        }
    }
}
