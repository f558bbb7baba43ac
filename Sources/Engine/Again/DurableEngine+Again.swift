// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Doing things again (spec 6.6).
extension DurableEngine {
    /// Makes new attempts of tasks that failed or were skipped. A run that failed or was cancelled goes on; what was
    /// skipped because of these tasks is looked at again.
    ///
    /// - Parameter tasks: Empty for all whose failure nothing handled. A skipped task runs whatever its condition says.
    /// - Returns: The number of the last event.
    /// - Throws: `notFound`; `invalid` when there is no such task; `conflict` when the run completed, the task did not
    ///   fail, or another failure would end the run again at once.
    public func retry(_ run: RunID, tasks: [TaskName] = [], by actor: String) async throws(EngineError) -> Int64 {
        try await ask { .control(run, .retry(tasks), actor: actor, $0) }
    }

    /// Does a task of the graph itself and everything after it again, in the same run, which failed or was cancelled.
    ///
    /// What is done again has idempotency keys of its own.
    /// - Returns: The number of the last event.
    /// - Throws: `notFound`; `invalid` when there is no such node; `conflict` when the run is open or completed, or when
    ///   something that would be done again cannot be brought back (`reversible: false`, `idempotency: none`).
    public func rerunInPlace(_ run: RunID, from node: String, by actor: String) async throws(EngineError) -> Int64 {
        try await ask { .control(run, .rerun(from: node), actor: actor, $0) }
    }

    /// Makes a run from another one. Its log goes on where it leaves the other one's, nothing is copied, and the other
    /// one cannot be removed before it. When it returns the run is durable.
    ///
    /// - Throws: `notFound` for the origin or the event; `invalid` for inputs that do not fit and unknown nodes;
    ///   `conflict` when there is nothing to do or a task whose output is given had not ended; `draining`,
    ///   `storageFull`, `unavailable`.
    public func derive(_ request: DeriveRequest) async throws(EngineError) -> StartedRun {
        try await ask { .again(.derive(request, $0)) }
    }
}
