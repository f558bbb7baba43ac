// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import JSON
public import Model

/// Work that is done outside (spec 9.11): tasks of runs whose ``RunExecution`` leaves them to whoever claims them.
extension DurableEngine {
    /// Tasks that may be claimed now, by their ids. Others may be faster.
    ///
    /// - Throws: `draining`.
    public func claimableTasks(_ filter: ClaimableFilter) async throws(EngineError) -> [ClaimableTask] {
        try await ask { .claim(.list(filter, $0)) }
    }

    /// Takes a task. The claim is durable when this returns; it ends by itself when ``ClaimOrder/lease`` long nothing is
    /// heard, and the task may be claimed again then: the attempt was lost, which is no retry.
    ///
    /// - Throws: `notFound`; `taskTaken` when somebody else has it; `conflict` when it is not to be claimed, or cannot be
    ///   now: something is paused, or a limit, a rate or a budget is in its way; `invalid` for a lease out of bounds;
    ///   `draining`, `storageFull`, `unavailable`.
    public func claim(_ order: ClaimOrder, by actor: String) async throws(EngineError) -> ClaimedTask {
        guard ClaimOrder.leases.contains(order.lease) else {
            throw EngineError(.invalid, "a claim lasts 1 second to 24 hours, not \(order.lease.text)")
        }
        return try await ask { .claim(.claim(order, actor: actor, $0)) }
    }

    /// Makes a claim last, and tells how far the task is.
    ///
    /// - Throws: `leaseLost` when the claim ended: stop; `notFound`, `draining`, `storageFull`, `unavailable`.
    public func heartbeat(
        _ claim: HeldClaim,
        _ progress: TaskProgress = TaskProgress()
    ) async throws(EngineError) -> ClaimLease {
        try await ask { .claim(.heartbeat(claim, progress, $0)) }
    }

    /// Ends a claimed task with its output. Returns the number of the last event.
    ///
    /// What does not satisfy the schema of its node or tool is no output: the attempt ends with `output.invalid`, which is
    /// not tried again by itself, and the task is a dead letter.
    ///
    /// - Throws: `leaseLost` when the claim ended, or a result was handed in; `invalid` when it is no output; `notFound`,
    ///   `draining`, `storageFull`, `unavailable`.
    public func complete(_ claim: HeldClaim, output: JSONValue) async throws(EngineError) -> Int64 {
        let violations = try await violations(of: output, claim.task)
        guard let first = violations.first else { return try await finish(claim, .completed(output)) }
        let place = first.instancePointer.description
        let message = "the result does not satisfy the schema: " + (place.isEmpty ? "" : "\(place): ") + first.message
        let error = TaskError(code: TaskError.invalidOutput, errorClass: .permanent, message: message)
        _ = try await finish(claim, .failed(error))
        let told = violations.prefix(20).map {
            InputViolation(pointer: "/output\($0.instancePointer)", message: $0.message)
        }
        throw EngineError(.invalid, "\(message); the attempt has ended", violations: told)
    }

    private func violations(
        of output: JSONValue,
        _ task: TaskID
    ) async throws(EngineError) -> [JSONSchemaViolation] {
        guard let schema = try await mailbox.ask({ .claim(.outputSchema(task, $0)) }) else { return [] }
        do throws(JSONSchemaError) {
            return try JSONSchema(schema).validate(output)
        } catch {
            // The document was checked when it was compiled.
            throw EngineError(.corrupted, "the schema of \(task) is none: \(error)")
        }
    }

    /// Ends the attempt at a claimed task; its class and the document decide whether there is another one. Returns the
    /// number of the last event.
    ///
    /// - Throws: As ``complete(_:output:)``.
    public func fail(_ claim: HeldClaim, _ error: TaskError) async throws(EngineError) -> Int64 {
        try await finish(claim, .failed(error))
    }

    private func finish(_ claim: HeldClaim, _ outcome: AttemptOutcome) async throws(EngineError) -> Int64 {
        let result = try await attempts.store(outcome)
        return try await ask { .claim(.result(claim, result, $0)) }
    }

    /// Hands a claimed task back that was not done; the attempt does not count. Returns the number of the last event.
    ///
    /// - Throws: As ``complete(_:output:)``.
    public func release(_ claim: HeldClaim) async throws(EngineError) -> Int64 {
        try await ask { .claim(.release(claim, $0)) }
    }

    /// Changes the graph of the run as far as `can_patch` of the claimed node allows; see
    /// ``ExecutionControl/propose(_:)``.
    ///
    /// - Throws: `leaseLost` when the claim ended; `invalid` when another patch has that key; `notFound`, `conflict`,
    ///   `draining`, `storageFull`, `unavailable`.
    public func propose(_ request: PatchRequest, for claim: HeldClaim) async throws(EngineError) -> PatchRecord {
        try await ask { .claim(.patch(claim, request, $0)) }
    }
}

extension SteppedEngine {
    /// See ``DurableEngine/claimableTasks(_:)``.
    public func claimableTasks(
        _ filter: ClaimableFilter,
        _ reply: @escaping @Sendable (Result<[ClaimableTask], EngineError>) -> Void
    ) {
        requests.append(.claim(.list(filter, reply)))
    }

    /// See ``DurableEngine/claim(_:by:)``.
    public func claim(
        _ order: ClaimOrder,
        by actor: String,
        _ reply: @escaping @Sendable (Result<ClaimedTask, EngineError>) -> Void
    ) {
        requests.append(.claim(.claim(order, actor: actor, reply)))
    }

    /// See ``DurableEngine/heartbeat(_:_:)``.
    public func heartbeat(
        _ claim: HeldClaim,
        _ progress: TaskProgress,
        _ reply: @escaping @Sendable (Result<ClaimLease, EngineError>) -> Void
    ) {
        requests.append(.claim(.heartbeat(claim, progress, reply)))
    }

    /// See ``DurableEngine/complete(_:output:)``; small outputs only.
    public func complete(
        _ claim: HeldClaim,
        output: JSONValue,
        _ reply: @escaping @Sendable (Result<Int64, EngineError>) -> Void
    ) {
        requests.append(.claim(.result(claim, .completed(Payload(inline: output), log: nil), reply)))
    }

    /// See ``DurableEngine/fail(_:_:)``.
    public func fail(
        _ claim: HeldClaim,
        _ error: TaskError,
        _ reply: @escaping @Sendable (Result<Int64, EngineError>) -> Void
    ) {
        requests.append(.claim(.result(claim, .failed(error, log: nil), reply)))
    }

    /// See ``DurableEngine/release(_:)``.
    public func release(_ claim: HeldClaim, _ reply: @escaping @Sendable (Result<Int64, EngineError>) -> Void) {
        requests.append(.claim(.release(claim, reply)))
    }
}
