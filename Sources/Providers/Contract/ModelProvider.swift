// Baton
// SPDX-License-Identifier: Apache-2.0

/// A service that answers as a model.
public protocol ModelProvider: Sendable {
    /// The name in the settings (`providers.NAME`), such as `anthropic`.
    var name: String { get }

    /// Asks once; no attempt is made again here.
    ///
    /// Suspends until the answer is whole. There is no time limit on it as long as something comes; a silent provider
    /// fails with `provider.failed` (transient) after the idle limit of its settings. Cancelling the task ends the call
    /// with code `cancelled`.
    ///
    /// - Parameter onChunk: Called for every piece as it comes, one at a time and in order; a slow one holds the provider
    ///   back. Pieces are for showing only: the answer repeats all of them.
    /// - Throws: ``ModelError``.
    func reply(
        to request: ModelRequest,
        onChunk: @Sendable (ModelChunk) async -> Void
    ) async throws(ModelError) -> ModelReply
}

extension ModelProvider {
    /// Asks without looking at the pieces.
    public func reply(to request: ModelRequest) async throws(ModelError) -> ModelReply {
        try await reply(to: request) { _ in }
    }
}

/// A piece of an answer that is on its way.
public enum ModelChunk: Sendable, Hashable {
    /// The provider has begun.
    case started(id: String?, model: String?)
    /// Words.
    case text(String)
    /// Thinking, as far as it is shown.
    case thinking(String)
    /// A call begins; `index` counts the parts of the answer.
    case toolCallStarted(index: Int, id: String, name: String)
    /// More of the JSON text of a call's arguments.
    case toolArguments(index: Int, text: String)
    /// What the provider has counted so far.
    case usage(ModelUsage)
}
