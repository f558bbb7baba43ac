// Baton
// SPDX-License-Identifier: Apache-2.0

/// A service that makes vectors of texts, so that texts which mean something alike lie close together.
public protocol EmbeddingProvider: Sendable {
    /// The name in the settings (`providers.NAME`).
    var name: String { get }

    /// Asks once for the vectors of texts.
    ///
    /// - Parameter texts: At least one, none of them empty.
    /// - Returns: A vector for each text in order, all of the same length.
    /// - Throws: ``ModelError``, as calls of models do; `provider.unavailable` when the provider makes no vectors.
    func embed(_ texts: [String], model: String) async throws(ModelError) -> EmbeddingReply
}

/// Vectors of texts.
public struct EmbeddingReply: Sendable, Hashable {
    /// In the order of the texts.
    public var vectors: [[Float]]
    /// What it took; all of it is input.
    public var usage: ModelUsage
    /// No model was asked.
    public var isSimulated: Bool

    /// A reply.
    public init(vectors: [[Float]], usage: ModelUsage, isSimulated: Bool = false) {
        (self.vectors, self.usage, self.isSimulated) = (vectors, usage, isSimulated)
    }
}

/// What a call for vectors asks of a provider.
public enum EmbeddingBound {
    /// No tokenizer makes more LLM tokens of these texts: their bytes, and what providers add to each.
    public static func input(of texts: [String]) -> Int { texts.reduce(0) { $0 + $1.utf8.count + 16 } }
}
