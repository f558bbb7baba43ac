// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Threads

@Suite(.timeLimit(.minutes(1))) struct BlockingThreadsTests {
    @Test func `as many calls block at once as there are threads`() async throws {
        let threads = BlockingThreads(named: "baton-blocking", count: 3)
        let arrived = Atomic(0)
        let all = ThreadSemaphore()
        let values = try await withThrowingTaskGroup { group in
            for number in 0..<3 {
                group.addTask {
                    try await threads.run {
                        // Ends only when three are inside at the same time.
                        if arrived.add(1, ordering: .sequentiallyConsistent).newValue == 3 {
                            for _ in 0..<3 { all.signal() }
                        }
                        all.wait()
                        return number
                    }
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(values == [0, 1, 2])
    }

    @Test func `more callers than threads all get their own result`() async throws {
        let threads = BlockingThreads(named: "baton-blocking", count: 2)
        let values = try await withThrowingTaskGroup { group in
            for number in 0..<500 { group.addTask { try await threads.run { number * 2 } == number * 2 } }
            return try await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(values.count == 500 && !values.contains(false))
    }

    @Test func `a cancelled call that has not begun never does`() async throws {
        let threads = BlockingThreads(named: "baton-blocking", count: 1)
        let (begun, release) = (ThreadSemaphore(), ThreadSemaphore())
        let hasRun = Atomic(false)
        let first = Task {
            try await threads.run {
                begun.signal()
                release.wait()
                return 1
            }
        }
        await wait(for: begun)
        let second = Task { try await threads.run { hasRun.store(true, ordering: .sequentiallyConsistent) } }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        release.signal()
        #expect(try await first.value == 1)
        #expect(try await threads.run { 3 } == 3)
        #expect(!hasRun.load(ordering: .sequentiallyConsistent))
    }

    @Test func `a cancelled call returns at once while its body goes on`() async throws {
        let threads = BlockingThreads(named: "baton-blocking", count: 1)
        let (begun, release) = (ThreadSemaphore(), ThreadSemaphore())
        let hasEnded = Atomic(false)
        let call = Task {
            try await threads.run {
                begun.signal()
                release.wait()
                hasEnded.store(true, ordering: .sequentiallyConsistent)
            }
        }
        await wait(for: begun)
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(!hasEnded.load(ordering: .sequentiallyConsistent))
        release.signal()
        // The only thread is free again when this returns.
        try await threads.run {}
        #expect(hasEnded.load(ordering: .sequentiallyConsistent))
    }

    @Test func `the first answer counts, before or after somebody waits for it`() async {
        let early = Answer<Int>()
        #expect(early.isWanted)
        early.give(.success(1))
        early.give(.success(2))
        #expect(!early.isWanted)
        #expect(await withCheckedContinuation { #expect(!early.wait($0)) } == .success(1))

        let late = Answer<Int>()
        let value = await withCheckedContinuation { continuation in
            #expect(late.wait(continuation))
            late.give(.success(3))
            late.give(.failure(CancellationError()))
        }
        #expect(value == .success(3))
        #expect(!late.isWanted)
    }

    /// Waits on a thread of its own, because tasks must not block.
    private func wait(for semaphore: ThreadSemaphore) async {
        await SerialThread(named: "baton-waits").run { semaphore.wait() }
    }
}

private func == (left: Result<Int, CancellationError>, right: Result<Int, CancellationError>) -> Bool {
    (try? left.get()) == (try? right.get())
}
