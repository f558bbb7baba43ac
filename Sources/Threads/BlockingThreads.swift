// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A fixed number of threads for calls that block, so that none of them blocks a task's thread.
///
/// Jobs start in order. Every job has a caller who waits, so the queue is never longer than there are callers.
public final class BlockingThreads: Sendable {
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let waiting = ThreadSemaphore()

    /// Starts the threads; they live as long as the process.
    public init(named name: String, count: Int) {
        for number in 1...count {
            OwnThread(named: "\(name)-\(number)") { [self] in work() }.detach()
        }
    }

    /// Runs `body` on one of the threads and returns its result.
    ///
    /// - Throws: `CancellationError` at once when the task is cancelled; a body that already runs goes on unobserved.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async throws(CancellationError) -> Value {
        let answer = Answer<Value>()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard answer.wait(continuation) else { return }
                add {
                    guard answer.isWanted else { return }
                    answer.give(.success(body()))
                }
            }
        } onCancel: {
            answer.give(.failure(CancellationError()))
        }
        return try result.get()
    }

    private func add(_ job: @escaping @Sendable () -> Void) {
        jobs.withLock { $0.append(job) }
        waiting.signal()
    }

    private func work() {
        while true {
            waiting.wait()
            let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            job?()
        }
    }
}
