// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Makes vectors of texts, and pays for them.
public protocol Embedder: Sendable {
    /// The model, `PROVIDER/MODEL`.
    var model: String { get }

    /// What so many LLM tokens cost; `nil` when nobody knows.
    func price(ofTokens count: Int) async throws(EmbeddingFailure) -> Money?

    /// Makes a vector of each text in one call, and pays for it once `keep` has written them down.
    ///
    /// - Parameter keep: Gets the vectors in the order of the texts; when it returns they are durable, so that whatever
    ///   happens later nobody pays for them again.
    /// - Throws: ``EmbeddingFailure``.
    func embed(
        _ texts: [String],
        for payer: PaidCaller,
        keep: @escaping @Sendable ([[Float]]) async throws(LibraryError) -> Void
    ) async throws(EmbeddingFailure)
}

/// Why there are no vectors.
public struct EmbeddingFailure: Error, Sendable, Hashable {
    /// `provider.limited`, `provider.failed`, `provider.unavailable`, `http.blocked`, `budget.exhausted`, `budget.unpriced`,
    /// `cancelled`, `store.unavailable`.
    public var code: String
    /// One sentence, without secrets.
    public var message: String

    /// Puts a failure together.
    public init(_ code: String, _ message: String) { (self.code, self.message) = (code, message) }
}
