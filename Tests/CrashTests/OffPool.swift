// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Threads

/// Runs tests on threads of their own, because they wait for processes and would hold those that all other tests need.
struct OffPool: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(WaitingThreads.shared) { try await function() }
    }
}

extension Trait where Self == OffPool {
    /// See ``OffPool``.
    static var offPool: Self { Self() }
}

/// A few threads whose work may block.
private final class WaitingThreads: TaskExecutor {
    static let shared = WaitingThreads(count: 4)

    private let jobs = Mutex<[UnownedJob]>([])
    private let waiting = ThreadSemaphore()

    init(count: Int) {
        for number in 1...count { OwnThread(named: "waits-\(number)") { [self] in work() }.detach() }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        waiting.signal()
    }

    private func work() {
        while true {
            waiting.wait()
            jobs.withLock { $0.removeFirst() }.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
