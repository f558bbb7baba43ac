// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What LLM tokens cost: picodollars (10⁻¹² USD) for one token.
public struct TokenRates: Sendable, Hashable {
    /// Read anew.
    public var input: Int64
    /// Read from the cache; like ``input`` when the provider has no price for it.
    public var cached: Int64
    /// Written to the cache for minutes; like ``input`` when the provider has no price for it.
    public var cacheWrite: Int64
    /// Written to the cache for an hour or more; like ``cacheWrite`` when the provider has no price for it.
    public var cacheWriteLong: Int64
    /// Written.
    public var output: Int64
    /// Thought; like ``output`` when the provider has no price of its own for it.
    public var reasoning: Int64

    /// Rates; what is left out is as dear as what it is a kind of.
    public init(
        input: Int64,
        cached: Int64? = nil,
        cacheWrite: Int64? = nil,
        cacheWriteLong: Int64? = nil,
        output: Int64,
        reasoning: Int64? = nil
    ) {
        self.input = input
        self.cached = cached ?? input
        self.cacheWrite = cacheWrite ?? input
        self.cacheWriteLong = cacheWriteLong ?? cacheWrite ?? input
        self.output = output
        self.reasoning = reasoning ?? output
    }

    /// The cost of a usage; exact, or the most that ``Money`` holds when it is more than that.
    public func cost(of usage: ModelUsage) -> Money {
        Self.sum([
            (usage.input, input), (usage.cached, cached), (usage.cacheWrite, cacheWrite),
            (usage.cacheWriteLong, cacheWriteLong), (usage.output - min(usage.reasoning, usage.output), output),
            (min(usage.reasoning, usage.output), reasoning),
        ])
    }

    /// The most that so much input and output can cost.
    ///
    /// - Parameter marksLong: The request asks for a cache that lives long.
    func worst(input count: Int, output limit: Int, marksLong: Bool) -> Money {
        let dearest = max(input, cached, cacheWrite, marksLong ? cacheWriteLong : 0)
        return Self.sum([(count, dearest), (limit, max(output, reasoning))])
    }

    private static func sum(_ parts: [(count: Int, rate: Int64)]) -> Money {
        let total = parts.reduce(Int128(0)) { $0 + Int128(max(0, $1.count)) * Int128($1.rate) }
        return Money(picodollars: Int64(clamping: total))
    }
}

/// What a model costs.
public struct ModelPrice: Sendable, Hashable {
    /// Models on this machine.
    public static let free = ModelPrice(rates: TokenRates(input: 0, output: 0))

    /// Other rates for calls with much input; the whole call is priced by them.
    public struct Tier: Sendable, Hashable {
        /// Holds for calls with more input in all than that, in LLM tokens.
        public var above: Int
        /// The rates.
        public var rates: TokenRates
        /// Those of batches.
        public var batch: TokenRates?

        /// A tier.
        public init(above: Int, rates: TokenRates, batch: TokenRates? = nil) {
            self.above = above
            self.rates = rates
            self.batch = batch
        }
    }

    /// The rates.
    public var rates: TokenRates
    /// Those of batches, which are answered later; `nil` when there are none.
    public var batch: TokenRates?
    /// The least input first.
    public private(set) var tiers: [Tier]

    /// A price.
    public init(rates: TokenRates, batch: TokenRates? = nil, tiers: [Tier] = []) {
        self.rates = rates
        self.batch = batch
        self.tiers = tiers.sorted { $0.above < $1.above }
    }

    /// What a call cost; exact.
    ///
    /// - Parameter isBatch: It was part of a batch; at the usual rates when there are no others.
    public func cost(of usage: ModelUsage, isBatch: Bool = false) -> Money {
        let tier = tiers.last { usage.totalInput > $0.above }
        guard isBatch else { return (tier?.rates ?? rates).cost(of: usage) }
        return (tier.map { $0.batch ?? $0.rates } ?? batch ?? rates).cost(of: usage)
    }

    /// The most that a call can cost, for the reservation before it: all input as dear as it can be, and an answer of full
    /// length.
    ///
    /// - Parameters:
    ///   - input: A bound of the input in LLM tokens, such as ``ModelRequest/inputBound``.
    ///   - output: ``ModelRequest/maxOutputTokens``.
    ///   - marksLong: The request asks for a cache that lives long.
    ///   - isBatch: It is part of a batch; at the usual rates when there are no others.
    public func worstCost(input: Int, output: Int, marksLong: Bool = false, isBatch: Bool = false) -> Money {
        let base = isBatch ? batch ?? rates : rates
        let reachable =
            [base] + tiers.filter { input > $0.above }.map { isBatch ? $0.batch ?? $0.rates : $0.rates }
        return reachable.map { $0.worst(input: input, output: output, marksLong: marksLong) }.max() ?? .zero
    }
}

extension ModelRequest {
    /// No tokenizer makes more LLM tokens of this request: its bytes, and what providers add for messages, tools and
    /// pictures. For reservations; far too much for estimates.
    public var inputBound: Int {
        var plain = self
        plain.origin = nil
        let pictures = messages.reduce(0) { count, message in
            count + message.parts.count { if case .image = $0 { true } else { false } }
        }
        let added = 16 * (messages.count + instructions.count) + 64 * tools.count + (tools.isEmpty ? 0 : 1024)
        return plain.canonicalBytes().count + added + 6000 * pictures
    }

    /// It asks for a cache that lives long.
    public var marksLongCache: Bool {
        instructions.contains { $0.cache == .long } || messages.contains { $0.cache == .long }
    }
}
