// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Model
internal import Threads

/// Changing the graph of a run while it runs (spec 5.1).
extension DurableEngine {
    /// Changes the graph of an open run. When it returns the outcome is durable.
    ///
    /// A patch that cannot apply is no error: its record says `rejected`, with the findings. What has started, or leads to
    /// what has, cannot change (E504).
    /// - Returns: The patch: `applied`, `rejected`, or `proposed` when a person has to approve it first.
    /// - Throws: `notFound` for the run or the patch to take back; `conflict` when the run has ended, or has no document;
    ///   `invalid` when another patch has that key; `draining`, `storageFull`, `unavailable`.
    public func patch(_ run: RunID, _ request: PatchRequest, by actor: String) async throws(EngineError) -> PatchRecord
    {
        let (reader, preparation) = (reader, preparation)
        let prepared = await blobThread.run { () -> Result<PreparedPatch?, EngineError> in
            Result { () throws(EngineError) in
                let state = try reader.state(ofRun: try reader.key(of: run))
                guard state.patches.record(key: request.key) == nil, !state.hasEnded else { return nil }
                return try preparation.prepare(request, by: nil, state)
            }
        }
        let ready = try prepared.get()
        return try await ask { .patch(.patch(.run(run), request, ready, actor: actor, $0)) }
    }

    /// Lets a run go on with another version of its workflow, with all the results it has. Those of tasks that completed
    /// must keep their contract; see ``MigrationReport``.
    ///
    /// - Throws: `notFound`; `conflict` when the run has ended or the report names conflicts; `draining`, `storageFull`,
    ///   `unavailable`.
    public func migrate(
        _ run: RunID,
        to workflow: ResolvedWorkflow,
        renamed: [String: String] = [:],
        key: String,
        by actor: String
    ) async throws(EngineError) -> PatchRecord {
        let migration = Migration(graph: workflow.graph, source: workflow.source, renamed: renamed, key: key)
        return try await ask { .patch(.migrate(run, migration, actor: actor, $0)) }
    }
}

/// What an attempt may ask of the engine while it works.
public struct ExecutionControl: Sendable {
    let submit: @Sendable (PatchRequest) async throws(EngineError) -> PatchRecord
    let recordSteps: @Sendable ([PreparedStep]) async throws(EngineError) -> StepReceipt
    let recordChecks: @Sendable ([CheckChange]) async throws(EngineError) -> CheckReceipt
    let putBlob: @Sendable ([UInt8]) async throws(EngineError) -> BlobRef
    let readBlob: @Sendable (BlobRef) async throws(EngineError) -> [UInt8]

    /// Changes the graph of the run that the attempt belongs to, as far as `can_patch` of its node allows; exactly once
    /// for each key, however often the attempt is made. When it returns the outcome is durable.
    ///
    /// A refusal is an answer: the record says `rejected` and why, and a better patch may follow, under another key.
    /// - Throws: `leaseLost` when the attempt is not the current one any more; `invalid` when another patch has that key;
    ///   `conflict`, `draining`, `storageFull`, `unavailable`.
    public func propose(_ request: PatchRequest) async throws(EngineError) -> PatchRecord {
        try await submit(request)
    }
}
