// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What LLM tokens cost. Prices that are not known are missing; they never count as nothing.
public struct PriceTable: Sendable, Equatable {
    /// The price of a million tokens.
    public struct Price: Sendable, Equatable {
        /// Of the prompt.
        public var input: Money
        /// Of the answer.
        public var output: Money

        /// A price in USD for a million tokens.
        public init(input: Money, output: Money) {
            self.input = input
            self.output = output
        }
    }

    /// By tier: `local`, `small`, `medium`, `large`.
    public var tiers: [String: Price]
    /// By name of the model; wins over the tier.
    public var models: [String: Price]
    /// The tier of agents that name none.
    public var usualTier: String

    /// Prices that are known; none when left out.
    public init(tiers: [String: Price] = [:], models: [String: Price] = [:], usualTier: String = "medium") {
        self.tiers = tiers
        self.models = models
        self.usualTier = usualTier
    }

    /// The price for a node; `nil` when it is not known.
    func price(model: String?, tier: String?) -> Price? {
        if let model { return models[model] }
        return tiers[tier ?? usualTier]
    }
}
