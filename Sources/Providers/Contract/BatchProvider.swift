// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
public import JSON

/// A provider that also answers later, for less.
///
/// A call is handed over, may wait for up to a day, and is then answered; nothing of it is streamed. A ticket is all that
/// has to be kept in between: it is good in another process, too.
public protocol BatchProvider: ModelProvider {
    /// Whether calls can be handed over: a kind of provider may have batches only with some settings. When not, ``submit(_:key:)``
    /// throws `provider.unavailable`.
    var offersBatches: Bool { get }

    /// Hands a call over. Returns when the provider has taken it, which may be a little later: calls for the same model
    /// that come at about the same time are handed over together.
    ///
    /// - Parameter key: Unique for the call, such as the idempotency key of its step.
    /// - Throws: ``ModelError`` as ``ModelProvider/reply(to:onChunk:)`` does. ``ModelError/mayBeCharged`` says that the
    ///   provider may have taken the call nevertheless.
    func submit(_ request: ModelRequest, key: String) async throws(ModelError) -> BatchTicket

    /// Asks once whether there is an answer.
    ///
    /// - Parameter request: What was handed over; tells how the answer is to be read.
    /// - Returns: ``BatchAnswer/pending(nextLook:)`` also when the look itself failed (the network, 429, 5xx): the batch goes
    ///   on.
    /// - Throws: Only when this call is over, or when nobody can look:
    ///   - it was refused, with the provider's error as if it had been asked at once; never charged;
    ///   - it expired or was given up: `provider.failed`, transient, not charged;
    ///   - the batch is gone, or has no answer to it: `provider.failed`, and it may be charged;
    ///   - the key is missing or not accepted: `provider.unavailable` or `provider.failed` with status 401 or 403. The batch
    ///     goes on and may be charged.
    func answer(to ticket: BatchTicket, for request: ModelRequest) async throws(ModelError) -> BatchAnswer

    /// Gives a call up. Asks the provider to give up the whole batch once nothing in it is wanted any more; what it has
    /// answered by then is charged.
    ///
    /// - Throws: For logs only; nothing is to be done about it.
    func cancel(_ ticket: BatchTicket) async throws(ModelError)
}

/// Names a call that was handed over.
public struct BatchTicket: Sendable, Hashable {
    /// The provider's id of the batch.
    public let batch: String
    /// The name of the call within the batch (`custom_id`): letters, digits, `_` and `-`, at most 64.
    public let key: String

    /// A ticket.
    public init(batch: String, key: String) {
        (self.batch, self.key) = (batch, key)
    }

    /// The name that a call has in a batch: the SHA-256 of its key, in hex.
    public static func name(of key: String) -> String { SHA256.hex(Array(key.utf8)) }

    /// `{batch, key}`; stable.
    public var json: JSONValue { ["batch": .string(batch), "key": .string(key)] }

    /// Reads ``json``; `nil` when it is not one.
    public init?(json: JSONValue) {
        guard let batch = json["batch"]?.stringValue, let key = json["key"]?.stringValue else { return nil }
        self.init(batch: batch, key: key)
    }
}

/// What has become of a call that was handed over.
public enum BatchAnswer: Sendable, Hashable {
    /// Nothing yet; to be asked again after that time.
    case pending(nextLook: Duration)
    /// The answer.
    case answered(ModelReply)
}
