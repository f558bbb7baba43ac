// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store
internal import Threads

/// What happens to an assignment between the loop and its executor, and to the result on its way back.
struct Attempts: Sendable {
    let executors: [String: any NodeExecutor]
    let blobs: any BlobStore
    let blobThread: SerialThread
    let mailbox: Mailbox<Request>
    let feed: EventFeed
    let fullDiskPause: Duration

    /// Makes an attempt and hands its result in.
    @Sendable func make(
        _ assignment: Assignment,
        _ cancellation: CancellationSignal,
        _ dispatcher: Dispatcher
    ) async {
        CrashPoint.beforeEffect.reach()
        let outcome: AttemptOutcome
        if cancellation.isCancelled {
            guard assignment.allowance != nil else { return dispatcher.forget(assignment.lease) }
            // The call never left, so that nothing was spent.
            let error = TaskError(code: "cancelled", errorClass: .permanent, message: "it had not begun")
            return await deliver(.failed(error, usage: CallUsage.none), of: assignment, cancellation, dispatcher)
        } else if let executor = executors[assignment.executor] {
            var assignment = assignment
            assignment.control = control(of: assignment)
            outcome = await executor.execute(assignment, cancellation)
        } else {
            let message = "no executor is registered for nodes of kind `\(assignment.executor)`"
            outcome = .failed(TaskError(code: "tool.unavailable", errorClass: .permanent, message: message))
        }
        CrashPoint.afterEffect.reach()
        await deliver(outcome, of: assignment, cancellation, dispatcher)
    }

    /// Hands a result in; the loop forgets the attempt when it is durable. A full disk is waited for: the lease stays
    /// ours, and the result is worth keeping. An attempt that completed although it was told to stop is handed in once
    /// if something undoes it, and what an attempt did cost is always handed in.
    private func deliver(
        _ outcome: AttemptOutcome,
        of assignment: Assignment,
        _ cancellation: CancellationSignal,
        _ dispatcher: Dispatcher
    ) async {
        let isKept =
            outcome.hasCompleted && assignment.node.compensation != nil && assignment.checks == nil
            || outcome.usage != nil
        while isKept || !cancellation.isCancelled {
            do throws(EngineError) {
                let result = try await store(outcome)
                CrashPoint.beforeCompletion.reach()
                guard mailbox.send(.attemptEnded(assignment.lease, result, outcome.usage)) else { break }
                return
            } catch {
                guard error.code == .storageFull, !cancellation.isCancelled else { break }
                // A value that does not fit never comes to the loop, so nobody else says why nothing happens.
                feed.storageIsFull()
                // Nothing tells when a disk has room again.
                guard (try? await Task.sleep(for: fullDiskPause)) != nil else { break }
            }
        }
        dispatcher.forget(assignment.lease)
    }

    func store(_ outcome: AttemptOutcome) async throws(EngineError) -> AttemptResult {
        switch outcome {
        case .completed(let value, let log, _):
            let (payload, bytes) = Payload.of(value)
            if let bytes { _ = try await put(bytes) }
            return .completed(payload, log: try await put(log))
        case .failed(let error, let log, _):
            return .failed(error, log: try await put(log))
        case .starved(let cost): return .starved(cost)
        case .awaits(let until): return .awaits(until: until)
        case .asks(let approval):
            let (subject, bytes) = Payload.of(approval.subject)
            if let bytes { _ = try await put(bytes) }
            return .asks(PreparedApproval(approval, subject: subject))
        case .checked(let evidence): return .checked(evidence)
        }
    }

    private func put(_ text: String?) async throws(EngineError) -> BlobRef? {
        guard let text, !text.isEmpty else { return nil }
        return try await put(Array(text.utf8))
    }

    /// Stores bytes; suspends until they are durable.
    func put(_ bytes: [UInt8]) async throws(EngineError) -> BlobRef {
        CrashPoint.blobBeforePut.reach()
        let result = await blobThread.run { [blobs] in
            Result { () throws(StoreError) in try blobs.put(bytes) }
        }
        CrashPoint.blobAfterPut.reach()
        do {
            return try result.get()
        } catch {
            throw EngineError(store: error)
        }
    }

    private func control(of assignment: Assignment) -> ExecutionControl {
        let (lease, actor) = (assignment.lease, "task:\(assignment.node.id)")
        return ExecutionControl(
            submit: { [mailbox] request throws(EngineError) in
                try await mailbox.ask { .patch(.patch(.attempt(lease), request, nil, actor: actor, $0)) }
            },
            recordSteps: { [mailbox] changes throws(EngineError) in
                try await mailbox.ask { .steps(changes, lease, $0) }
            },
            recordChecks: { [mailbox] changes throws(EngineError) in
                try await mailbox.ask { .checks(changes, lease, $0) }
            },
            putBlob: { bytes throws(EngineError) in try await put(bytes) },
            readBlob: { blob throws(EngineError) in try await get(blob) }
        )
    }

    /// Reads bytes; suspends meanwhile.
    private func get(_ blob: BlobRef) async throws(EngineError) -> [UInt8] {
        let result = await blobThread.run { [blobs] in
            Result { () throws(StoreError) in try blobs.get(blob) }
        }
        do {
            return try result.get()
        } catch {
            throw EngineError(store: error)
        }
    }
}

extension Assignment {
    /// The executor that makes it: that of the node's kind, or ``ExecutorName/verification``.
    fileprivate var executor: String { checks == nil ? node.kind.name : ExecutorName.verification }
}

/// Names of executors that belong to no kind of node.
public enum ExecutorName {
    /// Makes the checks of outputs.
    public static let verification = "verify"
}
