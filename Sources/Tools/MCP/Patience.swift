// Baton
// SPDX-License-Identifier: Apache-2.0

import Threads

/// What comes of waiting with a limit.
enum Waited<Value: Sendable>: Sendable {
    case value(Value)
    /// The time was up.
    case late
    /// It is not wanted any more.
    case cancelled
}

/// Waits for what others do, never longer than is wanted. Blocks no thread.
enum Patience {
    static func wait<Value>(
        for answer: Answer<Waited<Value>>,
        _ limit: Duration,
        _ cancellation: CancellationSignal
    ) async -> Waited<Value> {
        let timer = Task {
            guard (try? await Task.sleep(for: max(limit, .zero))) != nil else { return }
            answer.give(.success(.late))
        }
        let registration = cancellation.onCancel { answer.give(.success(.cancelled)) }
        defer {
            timer.cancel()
            registration.remove()
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in _ = answer.wait(continuation) }
        } onCancel: {
            answer.give(.success(.cancelled))
        }
        switch outcome {
        case .success(let waited): return waited
        case .failure: return .cancelled
        }
    }

    /// Waits for work that goes on without us.
    static func wait<Value>(
        for work: Task<Value, Never>,
        _ limit: Duration,
        _ cancellation: CancellationSignal
    ) async -> Waited<Value> {
        let answer = Answer<Waited<Value>>()
        // Ends with the work itself.
        Task { answer.give(.success(.value(await work.value))) }
        return await wait(for: answer, limit, cancellation)
    }
}
