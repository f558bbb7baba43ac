// Baton
// SPDX-License-Identifier: Apache-2.0

/// Which dead letters are meant.
public struct DeadLetterOrder: Sendable {
    /// Their queue.
    public var queue: String
    /// Whose they are; `nil` for those of all tenants.
    public var tenant: String?
    /// At most ``BulkReport/limit``; `nil` for the oldest of the queue, as many as that.
    public var entries: [TaskID]?

    /// Names some.
    public init(queue: String, tenant: String? = nil, entries: [TaskID]? = nil) {
        (self.queue, self.tenant, self.entries) = (queue, tenant, entries)
    }
}

/// Tasks that were given up (spec 12.7). They are read through the store.
extension DurableEngine {
    /// Does tasks again that were given up, under the same ids and idempotency keys, so that effects stay single; a run
    /// that failed goes on. What was done is durable when this returns; an entry that could not be done does not keep the
    /// others from being done.
    ///
    /// - Throws: `invalid` when too many are named, `draining`, `storageFull`, `unavailable`.
    public func redrive(_ order: DeadLetterOrder, by actor: String) async throws(EngineError) -> BulkReport {
        try await ask { .deadLetter(.redrive(order, actor: actor, $0)) }
    }

    /// Removes dead letters; their tasks stay failed.
    ///
    /// - Throws: As ``redrive(_:by:)``.
    public func discard(_ order: DeadLetterOrder) async throws(EngineError) -> BulkReport {
        try await ask { .deadLetter(.discard(order, $0)) }
    }
}

extension SteppedEngine {
    /// See ``DurableEngine/redrive(_:by:)``.
    public func redrive(
        _ order: DeadLetterOrder,
        by actor: String,
        _ reply: @escaping @Sendable (Result<BulkReport, EngineError>) -> Void
    ) {
        requests.append(.deadLetter(.redrive(order, actor: actor, reply)))
    }

    /// See ``DurableEngine/discard(_:)``.
    public func discard(
        _ order: DeadLetterOrder,
        _ reply: @escaping @Sendable (Result<BulkReport, EngineError>) -> Void
    ) {
        requests.append(.deadLetter(.discard(order, reply)))
    }
}
