// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Providers
import Testing

@Suite struct PriceTests {
    private let table = PriceTable.builtIn

    private func cost(_ vendor: String, _ model: String, _ usage: ModelUsage, isBatch: Bool = false) -> String? {
        table.entry(for: model, of: vendor)?.price.cost(of: usage, isBatch: isBatch).text
    }

    @Test func `the table knows the models of today`() {
        #expect(table.entries.count >= 60)
        #expect(table.version == "2026-11-26")
        for (key, entry) in table.entries {
            let rates = [entry.price.rates] + entry.price.tiers.map(\.rates)
            #expect(rates.allSatisfy { $0.cached <= $0.input && $0.cacheWriteLong >= $0.cacheWrite }, "\(key)")
        }
    }

    @Test func `costs are exact`() {
        let usage = ModelUsage(input: 1, cached: 1, cacheWrite: 1, cacheWriteLong: 1, output: 1, reasoning: 1)
        #expect(cost("anthropic", "claude-opus-5-5", usage) == "0.0000372")
        #expect(cost("anthropic", "claude-opus-5-5", ModelUsage(input: 1_000_000)) == "4")
        #expect(
            cost("anthropic", "claude-opus-5-5", ModelUsage(input: 1_000_000, output: 1_000_000), isBatch: true) == "12"
        )
        #expect(cost("deepseek", "deepseek-v4-flash", ModelUsage(cached: 1)) == "0.000000006")
        // The whole call is priced at the tier that its input reaches.
        #expect(cost("openai", "gpt-6-sol", ModelUsage(input: 272_000, output: 10)) == "0.5441")
        #expect(cost("openai", "gpt-6-sol", ModelUsage(input: 1000, cached: 271_001, output: 10)) == "0.1125504")
        #expect(cost("openai", "gpt-6-sol", ModelUsage(input: .max, output: .max)) == "9223372.036854775807")
    }

    @Test func `a name with a date means the model, an unknown one nothing`() {
        let price = table.entry(for: "claude-haiku-4-5", of: "anthropic")?.price
        #expect(price != nil)
        #expect(table.entry(for: "claude-haiku-4-5-20251001", of: "anthropic")?.price == price)
        #expect(table.entry(for: "claude-haiku-4-5-latest", of: "anthropic")?.price == price)
        #expect(table.entry(for: "gpt-5-2025-08-07", of: "openai") != nil)
        #expect(table.entry(for: "gpt-5-turbo-ultra", of: "openai") == nil)
        #expect(table.entry(for: "gpt-5", of: "anthropic") == nil)
        var settings = ProviderSettings(name: "x", kind: .openAICompatible, baseURL: "https://api.deepseek.com/v1")
        #expect(table.entry(for: "deepseek-v4-pro", of: settings)?.price.rates.input ?? 0 > 0)
        settings.baseURL = "https://elsewhere.example/v1"
        #expect(table.entry(for: "deepseek-v4-pro", of: settings) == nil)
        for local in ["http://127.0.0.1:8080", "http://localhost/v1", "http://[::1]:9000/v1"] {
            settings.baseURL = local
            #expect(table.entry(for: "anything", of: settings)?.price == .free, "\(local)")
        }
        #expect(table.entry(for: "gpt-6-sol", of: ProviderSettings(name: "o", kind: .openAI))?.price.batch != nil)
    }

    @Test func `no call costs more than its worst cost`() {
        var generator = SystemRandomNumberGenerator()
        for (key, entry) in table.entries {
            for _ in 1...20 {
                let input = Int.random(in: 0...1_000_000, using: &generator)
                let output = Int.random(in: 0...100_000, using: &generator)
                let first = Int.random(in: 0...input, using: &generator)
                let second = Int.random(in: 0...(input - first), using: &generator)
                let usage = ModelUsage(
                    input: first,
                    cached: second,
                    cacheWrite: input - first - second,
                    output: output,
                    reasoning: Int.random(in: 0...output, using: &generator)
                )
                let worst = entry.price.worstCost(input: input + 1, output: output)
                if entry.price.cost(of: usage) > worst { Issue.record("\(key) \(usage)") }
                let worstBatch = entry.price.worstCost(input: input + 1, output: output, isBatch: true)
                if entry.price.cost(of: usage, isBatch: true) > worstBatch { Issue.record("batch: \(key) \(usage)") }
                if worstBatch > worst { Issue.record("a batch is dearer: \(key)") }
                let long = ModelUsage(cacheWriteLong: input, output: output)
                let worstLong = entry.price.worstCost(input: input + 1, output: output, marksLong: true)
                if entry.price.cost(of: long) > worstLong { Issue.record("\(key) \(long)") }
            }
        }
    }

    @Test func `a table that is wrong says where`() {
        let cases = [
            ("[]", "a price table is {version, models: […]}"),
            (#"{"version":"1","models":[{"provider":"p"}]}"#, "models[0]: needs `provider` and `model`"),
            (
                #"{"version":"1","models":[{"provider":"p","model":"m","input":"1"}]}"#,
                "models[0]: needs `input` and `output`"
            ),
            (
                #"{"version":"1","models":[{"provider":"p","model":"m","input":"1","output":"0.0000001"}]}"#,
                "models[0]: `output` must be text like \"0.25\": USD for a million, at most six digits after the point"
            ),
            (
                #"{"version":"1","models":[{"provider":"p","model":"m","input":"1","output":"1","no":["fun"]}]}"#,
                "models[0]: `no` has \"fun\""
            ),
        ]
        for (text, message) in cases {
            #expect("\(text)") { _ = try PriceTable(Array(text.utf8)) } throws: { "\($0)" == message }
        }
    }

    @Test func `a bound of the input is above what any tokenizer makes`() {
        #expect(StoredFormTests.request.inputBound > StoredFormTests.request.canonicalBytes().count - 100)
        #expect(StoredFormTests.request.marksLongCache)
    }
}
