// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// One row of a price table.
struct PriceRow {
    private let json: JSONValue
    private let place: String

    init(_ json: JSONValue, _ place: String) {
        (self.json, self.place) = (json, place)
    }

    func read() throws(PriceTableError) -> (PriceTable.Key, PriceTable.Entry) {
        guard let vendor = json["provider"]?.stringValue, let model = json["model"]?.stringValue else {
            throw wrong("needs `provider` and `model`")
        }
        var tiers: [ModelPrice.Tier] = []
        for (position, tier) in (json["tiers"]?.arrayValue ?? []).enumerated() {
            guard let above = tier["above"]?.intValue, above > 0 else { throw wrong("tier \(position) needs `above`") }
            tiers.append(.init(above: Int(above), rates: try rates(tier), batch: try tier["batch"].map(rates)))
        }
        let price = ModelPrice(rates: try rates(json), batch: try json["batch"].map(rates), tiers: tiers)
        return (.init(vendor: vendor, model: model), .init(price: price, facts: try facts()))
    }

    private func rates(_ json: JSONValue) throws(PriceTableError) -> TokenRates {
        guard let input = try rate(json, "input"), let output = try rate(json, "output") else {
            throw wrong("needs `input` and `output`")
        }
        return TokenRates(
            input: input,
            cached: try rate(json, "cached"),
            cacheWrite: try rate(json, "cache_write"),
            cacheWriteLong: try rate(json, "cache_write_long"),
            output: output,
            reasoning: try rate(json, "reasoning")
        )
    }

    /// USD for a million is picodollars for one, a million times as many.
    private func rate(_ json: JSONValue, _ key: String) throws(PriceTableError) -> Int64? {
        guard let value = json[key] else { return nil }
        guard let amount = value.stringValue.flatMap(Money.init(text:)), amount.picodollars % 1_000_000 == 0 else {
            throw wrong("`\(key)` must be text like \"0.25\": USD for a million, at most six digits after the point")
        }
        return amount.picodollars / 1_000_000
    }

    private func facts() throws(PriceTableError) -> ModelFacts {
        let missing = (json["no"]?.arrayValue ?? []).map { $0.stringValue ?? "" }
        let known = ["sampling", "forced_tools", "schema", "images"]
        if let word = missing.first(where: { !known.contains($0) }) { throw wrong("`no` has \"\(word)\"") }
        var facts = ModelFacts(
            contextLimit: json["context"]?.intValue.map { Int($0) },
            outputLimit: json["output_limit"]?.intValue.map { Int($0) },
            takesSampling: !missing.contains("sampling"),
            takesForcedTools: !missing.contains("forced_tools"),
            mostEffort: json["most_effort"]?.stringValue ?? "high",
            hasSchemaMode: !missing.contains("schema"),
            takesImages: !missing.contains("images")
        )
        if let word = json["thinking"]?.stringValue {
            guard let thinking = ModelFacts.Thinking(rawValue: word) else { throw wrong("`thinking` is \"\(word)\"") }
            facts.thinking = thinking
        }
        return facts
    }

    private func wrong(_ rule: String) -> PriceTableError { PriceTableError("\(place): \(rule)") }
}
