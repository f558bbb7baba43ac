// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// What was paused, and what goes on now that it is resumed.
public struct ResumedScope: Sendable, Equatable {
    /// What was paused.
    public let pause: PauseRow
    /// How many runs of this process go on, because nothing else holds them. Those that no process drives go on when
    /// one does.
    public let woken: Int
}

/// Pauses above single runs (spec 3.11). They are read through the store: ``RunStore/pauses()``.
extension DurableEngine {
    /// Starts nothing any more of what the scope covers: runs that are started wait, open runs make no further attempt,
    /// start no run and ask nobody. Attempts in flight finish and their results count, timers run, and what people
    /// decide is taken and has its effect after the pause. It holds for every process until it is resumed.
    ///
    /// - Throws: `conflict` when it is paused already, `invalid` when the name is empty, `unavailable`, `storageFull`.
    public func pause(_ scope: PauseScope, reason: String?, by actor: String) async throws(EngineError) -> PauseRow {
        try await ask { .pause(.pause(scope, reason: reason, actor: actor, $0)) }
    }

    /// Ends a pause: exactly those go on that nothing else holds.
    ///
    /// - Throws: `conflict` when it is not paused, `unavailable`, `storageFull`.
    public func resume(_ scope: PauseScope, by actor: String) async throws(EngineError) -> ResumedScope {
        try await ask { .pause(.resume(scope, actor: actor, $0)) }
    }
}

extension SteppedEngine {
    /// See ``DurableEngine/pause(_:reason:by:)-(PauseScope,_,_)``.
    public func pause(
        _ scope: PauseScope,
        reason: String?,
        by actor: String,
        _ reply: @escaping @Sendable (Result<PauseRow, EngineError>) -> Void
    ) {
        requests.append(.pause(.pause(scope, reason: reason, actor: actor, reply)))
    }

    /// See ``DurableEngine/resume(_:by:)-(PauseScope,_)``.
    public func resume(
        _ scope: PauseScope,
        by actor: String,
        _ reply: @escaping @Sendable (Result<ResumedScope, EngineError>) -> Void
    ) {
        requests.append(.pause(.resume(scope, actor: actor, reply)))
    }
}
