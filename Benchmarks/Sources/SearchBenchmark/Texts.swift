// Baton
// SPDX-License-Identifier: Apache-2.0

import Knowledge
import Model
import Store

/// Texts whose words are as common as those of people: the nth one about 1/n as often as the first.
struct Words {
    private static let count = 20_000

    private static func word(_ number: Int) -> String {
        let syllables = [
            "ba", "ke", "li", "mo", "nu", "pra", "sti", "to", "ve", "zu", "fra", "gel", "hin", "jor", "kal", "den",
        ]
        var (rest, text) = (number + 16, "")
        while rest > 0 {
            text += syllables[rest % 16]
            rest /= 16
        }
        return text
    }

    private func some(_ random: inout SmallRandom) -> String {
        // The inverse of the sum of 1/n is about an exponential.
        var number = 1
        let size = 1 << (random.next() % 15)
        number = size + Int(random.next() % UInt64(size))
        return Self.word(min(number, Self.count))
    }

    /// A document with a heading above each passage.
    func document(_ number: Int, passages: Int) -> String {
        var random = SmallRandom(seed: UInt64(number) + 1)
        return (0..<passages).map { passage in
            let body = (0..<60).map { _ in some(&random) }.joined(separator: " ")
            return "## \(some(&random)) \(number).\(passage)\n\n\(body).\n"
        }.joined(separator: "\n")
    }

    /// Some words of the middle.
    func question(_ number: Int) -> String {
        var random = SmallRandom(seed: UInt64(number) + 1_000_003)
        return (0..<3).map { _ in Self.word(100 + Int(random.next() % 3000)) }.joined(separator: " ")
    }
}

/// SplitMix64.
struct SmallRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

/// A model that answers at once: a vector for each text, always the same.
struct RandomVectors: Embedder {
    let dimensions: Int
    let model = "bench/random"

    func price(ofTokens count: Int) -> Money? { .zero }

    func vector(_ text: String) -> [Float] {
        var random = SmallRandom(seed: text.utf8.reduce(7) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
        return VectorProduct.normalized((0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) })
    }

    func embed(
        _ texts: [String],
        for payer: PaidCaller,
        keep: @escaping @Sendable ([[Float]]) async throws(LibraryError) -> Void
    ) async throws(EmbeddingFailure) {
        let vectors = texts.map(vector)
        do throws(LibraryError) {
            try await keep(vectors)
        } catch {
            throw EmbeddingFailure("store.unavailable", error.message)
        }
    }
}
