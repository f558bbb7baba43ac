// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model
import ProviderCalls
import Providers
import Store

/// What a call of a model may cost and did cost (spec 8.11).
struct AskPrice: Sendable {
    private let price: ModelPrice
    private let input: Int
    private let output: Int
    private let marksLong: Bool
    /// It is answered later, at the rates of batches.
    private let isBatch: Bool
    /// See ``ModelRate/version``.
    private let version: String?
    let cost: CallCost

    /// With less room for its answer a call is not worth making.
    static let leastOutput = 256

    init(_ request: ModelRequest, _ rate: ModelRate, of model: ModelReference, isBatch: Bool = false) {
        self.init(
            input: request.inputBound,
            output: request.maxOutputTokens,
            marksLong: request.marksLongCache,
            rate,
            of: model,
            isBatch: isBatch
        )
    }

    /// - Parameter input: A bound of the input in LLM tokens.
    init(
        input: Int,
        output: Int,
        marksLong: Bool,
        _ rate: ModelRate,
        of model: ModelReference,
        isBatch: Bool = false
    ) {
        let price = rate.entry.price
        (self.price, self.input, self.output, self.marksLong) = (price, input, output, marksLong)
        self.isBatch = isBatch
        version = rate.version
        let charge = { (output: Int) in
            Charge(
                money: price.worstCost(input: input, output: output, marksLong: marksLong, isBatch: isBatch),
                languageModelTokens: Int64(input + output)
            )
        }
        cost = CallCost(
            most: charge(output),
            least: charge(min(output, Self.leastOutput)),
            provider: model.provider,
            model: model.model
        )
    }

    /// The longest answer that an allowance pays for, whatever it is made of.
    func outputLimit(within allowance: Charge?) -> Int {
        guard let allowance else { return output }
        let room = min(output, Int(clamping: allowance.languageModelTokens) - input)
        var (low, high) = (min(output, Self.leastOutput), max(room, min(output, Self.leastOutput)))
        while low < high {
            let middle = low + (high - low + 1) / 2
            let cost = price.worstCost(input: input, output: middle, marksLong: marksLong, isBatch: isBatch)
            if cost <= allowance.money {
                low = middle
            } else {
                high = middle - 1
            }
        }
        return low
    }

    /// What an answer did cost; `nil` when nobody knows, so that all that was held counts.
    func usage(of reply: ModelReply) -> CallUsage? {
        let usage = reply.usage
        guard usage.certainty != .unknown, usage.isPlausible else { return nil }
        return CallUsage(
            charge: Charge(
                money: price.cost(of: usage, isBatch: isBatch),
                languageModelTokens: Int64(usage.totalInput) + Int64(usage.output)
            ),
            tokens: TokenCounts(
                input: Int64(usage.input),
                cached: Int64(usage.cached),
                cacheWrite: Int64(usage.cacheWrite) + Int64(usage.cacheWriteLong),
                output: Int64(usage.output - min(usage.reasoning, usage.output)),
                reasoning: Int64(usage.reasoning)
            ),
            pricedBy: version,
            isSimulated: reply.isSimulated
        )
    }
}
