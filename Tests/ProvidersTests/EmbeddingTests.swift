// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Providers

@Suite struct EmbeddingTests {
    @Test func `what is written for a provider is read back, packed or not, in any order`() throws {
        let texts = ["retries wait", "", "locks: ä"]
        let reply = HashedWords.reply(to: texts)
        for (format, isPacked) in [(WireFormat.chatCompletions, false), (.chatCompletions, true), (.ollama, false)] {
            let json = EmbeddingWire.write(reply, model: "m", as: format, isPacked: isPacked)
            let bytes = try JSONValue(parsing: json.bytes())
            let read = try #require(EmbeddingWire.read(bytes, count: 3, as: format), "\(format) \(isPacked)")
            #expect(read.vectors == reply.vectors && read.usage.input == 6, "\(format) \(isPacked)")
            #expect(EmbeddingWire.read(bytes, count: 2, as: format) == nil)
        }
        let swapped: JSONValue = [
            "data": [["index": 1, "embedding": [1, 2]], ["index": 0, "embedding": [3, 4.5]]],
            "usage": ["total_tokens": 7],
        ]
        let read = try #require(EmbeddingWire.read(swapped, count: 2, as: .chatCompletions))
        #expect(read.vectors == [[3, 4.5], [1, 2]] && read.usage.input == 7)
    }

    @Test func `answers that are not one vector for each text are refused`() throws {
        let bad: [(String, String)] = [
            ("{}", "nothing"), (#"{"data":[{"index":5,"embedding":[1]}]}"#, "a place that is not there"),
            (#"{"data":[{"embedding":[]}]}"#, "an empty vector"), (#"{"data":[{"embedding":["x"]}]}"#, "no number"),
            (#"{"data":[{"embedding":"AAA"}]}"#, "no whole number"), (#"{"data":[{"embedding":[1e99]}]}"#, "infinite"),
            (#"{"data":[{"embedding":null}]}"#, "null"),
        ]
        for (text, name) in bad {
            let json = try JSONValue(parsing: Array(text.utf8))
            #expect(EmbeddingWire.read(json, count: 1, as: .chatCompletions) == nil, "\(name)")
        }
        let uneven = try JSONValue(parsing: Array(#"{"embeddings":[[1],[1,2]]}"#.utf8))
        #expect(EmbeddingWire.read(uneven, count: 2, as: .ollama) == nil)
        let uncounted = try JSONValue(parsing: Array(#"{"embeddings":[[1,2]]}"#.utf8))
        #expect(EmbeddingWire.read(uncounted, count: 1, as: .ollama)?.usage.certainty == .unknown)
    }

    @Test func `texts with the same words lie close together`() {
        func cosine(_ left: String, _ right: String) -> Float {
            zip(HashedWords.vector(of: left), HashedWords.vector(of: right)).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(abs(cosine("Retries wait.", "wait, RETRIES") - 1) < 0.0001)
        #expect(cosine("retries wait long", "retried waiting") > cosine("retries wait long", "one writer locks"))
        #expect(HashedWords.vector(of: "…").allSatisfy { $0 == 0 })
    }

    @Test func `the price table has models that make vectors`() {
        let price = PriceTable.builtIn.entry(for: "text-embedding-3-small", of: "openai")?.price
        #expect(price?.cost(of: ModelUsage(input: 1_000_000)).text == "0.02")
    }
}
