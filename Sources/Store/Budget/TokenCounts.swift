// Baton
// SPDX-License-Identifier: Apache-2.0

/// LLM tokens by kind; no token counts twice.
public struct TokenCounts: Sendable, Equatable {
    /// Read, at full price.
    public var input: Int64
    /// Read from the provider's cache.
    public var cached: Int64
    /// Written to the provider's cache.
    public var cacheWrite: Int64
    /// Written as answer.
    public var output: Int64
    /// Written to think.
    public var reasoning: Int64

    /// Puts counts together.
    public init(
        input: Int64 = 0,
        cached: Int64 = 0,
        cacheWrite: Int64 = 0,
        output: Int64 = 0,
        reasoning: Int64 = 0
    ) {
        self.input = input
        self.cached = cached
        self.cacheWrite = cacheWrite
        self.output = output
        self.reasoning = reasoning
    }
}
