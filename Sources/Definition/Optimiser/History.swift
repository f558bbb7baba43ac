// Baton
// SPDX-License-Identifier: Apache-2.0

/// What is known of earlier executions of a workflow's nodes; input of estimates and suggestions.
public struct History: Sendable, Equatable {
    /// A figure over the last executions.
    public struct Spread: Sendable, Equatable {
        /// Half of them took at most this.
        public var median: Double
        /// Nine of ten took at most this.
        public var p90: Double

        /// Takes over known figures.
        public init(median: Double, p90: Double) {
            self.median = median
            self.p90 = p90
        }

        /// The figures of some executions; `nil` for none.
        public init?(_ values: [Double]) {
            let sorted = values.sorted()
            guard !sorted.isEmpty else { return nil }
            // The smallest value that so many are at most as large as.
            func quantile(_ share: Double) -> Double {
                sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
            }
            self.init(median: quantile(0.5), p90: quantile(0.9))
        }
    }

    /// The last executions of one node, at most ``window``.
    public struct Node: Sendable, Equatable {
        /// How many there were.
        public var executions: Int
        /// Time from start to end.
        public var milliseconds: Spread?
        /// LLM tokens, input and output together.
        public var llmTokens: Spread?
        /// Cost in USD.
        public var usd: Spread?
        /// The share whose inputs had been seen before, 0 to 1.
        public var repeatedInputs: Double
        /// By model tier, the share of executions on it whose output passed its checks, 0 to 1.
        public var passRates: [String: Double]
        /// Passes of a loop, items of a map.
        public var repetitions: Spread?

        /// Collects what is known.
        public init(
            executions: Int,
            milliseconds: Spread? = nil,
            llmTokens: Spread? = nil,
            usd: Spread? = nil,
            repeatedInputs: Double = 0,
            passRates: [String: Double] = [:],
            repetitions: Spread? = nil
        ) {
            self.executions = executions
            self.milliseconds = milliseconds
            self.llmTokens = llmTokens
            self.usd = usd
            self.repeatedInputs = repeatedInputs
            self.passRates = passRates
            self.repetitions = repetitions
        }
    }

    /// Executions of a node that count (spec 4.3).
    public static let window = 50

    /// By id of the node, bodies included.
    public var nodes: [String: Node]

    /// What is known; nothing when left out.
    public init(nodes: [String: Node] = [:]) {
        self.nodes = nodes
    }
}
