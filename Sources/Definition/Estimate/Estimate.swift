// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What a run is expected to take (spec 4.3).
public struct Estimate: Sendable, Equatable {
    /// Three guesses at one figure.
    public struct Range: Sendable, Equatable {
        /// If all goes well and the cheapest ways are taken.
        public var low: Double
        /// What to expect.
        public var likely: Double
        /// If loops go to their limits and the dearest ways are taken.
        public var high: Double

        static let zero = Range(low: 0, likely: 0, high: 0)

        static func * (range: Range, factor: Range) -> Range {
            Range(low: range.low * factor.low, likely: range.likely * factor.likely, high: range.high * factor.high)
        }

        static func + (left: Range, right: Range) -> Range {
            Range(low: left.low + right.low, likely: left.likely + right.likely, high: left.high + right.high)
        }
    }

    /// What one node takes in a whole run, repetitions included.
    public struct Node: Sendable, Equatable {
        /// Its id.
        public let id: String
        /// Its kind.
        public let kind: NodeType
        /// How often it runs.
        public let times: Range
        /// In USD; `nil` when a price is not known.
        public let usd: Range?
        /// LLM tokens, input and output together.
        public let llmTokens: Range
        /// From its start to its end, once.
        public let minutes: Range
        /// `history`, `assumed`, or `free` for what is evaluated on the spot.
        public let basis: String
    }

    /// In USD; `nil` when a price is not known.
    public let usd: Range?
    /// LLM tokens, input and output together.
    public let llmTokens: Range
    /// From start to end, as if everything independent ran in parallel.
    public let minutes: Range
    /// Ids of the nodes on the longest way by likely minutes, in order.
    public let criticalPath: [String]
    /// In the order of the document, bodies after their node.
    public let nodes: [Node]
    /// What the figures rest on, in words.
    public let basis: [String]

    /// `{usd, llm_tokens, minutes, critical_path, by_node, basis}`; what is not known is null.
    public var json: JSONValue {
        [
            "usd": Self.json(usd, digits: 6), "llm_tokens": Self.json(llmTokens, digits: 0),
            "minutes": Self.json(minutes, digits: 3),
            "critical_path": .array(criticalPath.map(JSONValue.string)),
            "by_node": .array(nodes.map(\.json)), "basis": .array(basis.map(JSONValue.string)),
        ]
    }

    fileprivate static func json(_ range: Range?, digits: Int) -> JSONValue {
        guard let range else { return .null }
        let rounded = { (value: Double) -> JSONValue in
            let factor = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000][digits]
            let scaled = (value * Double(factor)).rounded()
            return digits == 0 ? .int(Int64(scaled)) : .double(scaled / Double(factor))
        }
        return ["low": rounded(range.low), "likely": rounded(range.likely), "high": rounded(range.high)]
    }
}

extension Estimate.Node {
    fileprivate var json: JSONValue {
        [
            "id": .string(id), "kind": .string(kind.rawValue), "times": Estimate.json(times, digits: 0),
            "usd": Estimate.json(usd, digits: 6), "llm_tokens": Estimate.json(llmTokens, digits: 0),
            "minutes": Estimate.json(minutes, digits: 3), "basis": .string(basis),
        ]
    }
}
