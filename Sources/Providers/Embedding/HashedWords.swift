// Baton
// SPDX-License-Identifier: Apache-2.0

/// Vectors without a model: texts with the same words, and with words that begin alike, lie close together. For tests and
/// for work without a network.
public enum HashedWords {
    /// How long the vectors are.
    public static let length = 256

    /// The vectors of texts; the same text always has the same one, of length 1 when it has a word.
    public static func reply(to texts: [String]) -> EmbeddingReply {
        let tokens = texts.reduce(0) { $0 + ($1.utf8.count + 3) / 4 }
        return EmbeddingReply(vectors: texts.map(vector), usage: ModelUsage(input: tokens), isSimulated: true)
    }

    /// The vector of a text.
    public static func vector(of text: String) -> [Float] {
        var vector = [Float](repeating: 0, count: length)
        func add(_ word: some StringProtocol, _ weight: Float) {
            let hash = hash(word)
            vector[Int(hash % UInt64(length))] += hash >> 63 == 0 ? weight : -weight
        }
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            add(word, 1)
            if word.count > 4 { add("\(word.prefix(4))*", 0.5) }
        }
        let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return norm == 0 ? vector : vector.map { $0 / norm }
    }

    /// FNV-1a, mixed at the end.
    private static func hash(_ word: some StringProtocol) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in word.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ hash >> 32) &* 0xd6e8_feb8_6659_fd93
        return hash ^ hash >> 32
    }
}

extension ScriptedProvider: EmbeddingProvider {
    /// Rules of the script that refuse or wait hold for vectors, too; what they answer does not matter.
    public func embed(_ texts: [String], model: String) async throws(ModelError) -> EmbeddingReply {
        let request = ModelRequest(model: model, messages: [.user(texts.joined(separator: "\n"))])
        _ = try await reply(to: request)
        return HashedWords.reply(to: texts)
    }
}
