// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Many things at once (spec 7.3).
extension DurableEngine {
    /// Does the same to up to 100 runs. What was done is durable when this returns; an item that could not be done does
    /// not keep the others from being done.
    ///
    /// - Throws: `invalid` when there are more than ``BulkReport/limit``, `unavailable`, `storageFull`.
    public func bulk(_ action: BulkAction, _ runs: [RunID], by actor: String) async throws(EngineError) -> BulkReport {
        try await ask { .bulk(.runs(runs, action.command, actor: actor, $0)) }
    }

    /// Agrees to up to 100 requests to people, or does not, likewise. See ``decide(_:approve:comment:by:)``.
    ///
    /// - Throws: `invalid` when there are more than ``BulkReport/limit``, `unavailable`, `storageFull`.
    public func bulkDecide(
        _ requests: [HumanTaskID],
        approve: Bool,
        comment: String?,
        by actor: String
    ) async throws(EngineError) -> BulkReport {
        try await ask {
            .bulk(.people(requests, .decide(agrees: approve, comment: comment), actor: actor, $0))
        }
    }
}

extension SteppedEngine {
    /// See ``DurableEngine/bulk(_:_:by:)``.
    public func bulk(
        _ action: BulkAction,
        _ runs: [RunID],
        by actor: String,
        _ reply: @escaping @Sendable (Result<BulkReport, EngineError>) -> Void
    ) {
        requests.append(.bulk(.runs(runs, action.command, actor: actor, reply)))
    }

    /// See ``DurableEngine/bulkDecide(_:approve:comment:by:)``.
    public func bulkDecide(
        _ ids: [HumanTaskID],
        approve: Bool,
        comment: String?,
        by actor: String,
        _ reply: @escaping @Sendable (Result<BulkReport, EngineError>) -> Void
    ) {
        requests.append(.bulk(.people(ids, .decide(agrees: approve, comment: comment), actor: actor, reply)))
    }
}
