// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing
import Threads

@Suite(.timeLimit(.minutes(5))) struct BlockingThreadsTests {
    @Test func `as many calls block at once as there are threads`() async throws {
        let threads = BlockingThreads(named: "baton-blocking", count: 3)
        let arrived = Shared(0)
        let all = ThreadSemaphore()
        let values = try await withThrowingTaskGroup { group in
            for number in 0..<3 {
                group.addTask {
                    try await threads.run {
                        // Ends only when three are inside at the same time.
                        let count = arrived.change {
                            $0 += 1
                            return $0
                        }
                        if count == 3 { for _ in 0..<3 { all.signal() } }
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
        let hasRun = Shared(false)
        let first = Task {
            try await threads.run {
                begun.signal()
                release.wait()
                return 1
            }
        }
        await wait(for: begun)
        let second = Task { try await threads.run { hasRun.change { $0 = true } } }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        release.signal()
        #expect(try await first.value == 1)
        #expect(try await threads.run { 3 } == 3)
        #expect(!hasRun.value)
    }

    @Test func `a cancelled call returns at once while its body goes on`() async throws {
        let threads = BlockingThreads(named: "baton-blocking", count: 1)
        let (begun, release) = (ThreadSemaphore(), ThreadSemaphore())
        let hasEnded = Shared(false)
        let call = Task {
            try await threads.run {
                begun.signal()
                release.wait()
                hasEnded.change { $0 = true }
            }
        }
        await wait(for: begun)
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(!hasEnded.value)
        release.signal()
        // The only thread is free again when this returns.
        try await threads.run {}
        #expect(hasEnded.value)
    }

    @Test func `the first answer counts, before or after somebody waits for it`() async {
        let early = Answer<Int>()
        #expect(early.isWanted)
        early.give(.success(1))
        early.give(.success(2))
        #expect(!early.isWanted)
        let first = await withCheckedContinuation { continuation in
            let isLeft = early.wait(continuation)
            #expect(!isLeft)
        }
        #expect(number(first) == 1)

        let late = Answer<Int>()
        let value = await withCheckedContinuation { continuation in
            let isLeft = late.wait(continuation)
            #expect(isLeft)
            late.give(.success(3))
            late.give(.failure(CancellationError()))
        }
        #expect(number(value) == 3)
        #expect(!late.isWanted)
    }

    /// Waits on a thread of its own, because tasks must not block.
    private func wait(for semaphore: ThreadSemaphore) async {
        await SerialThread(named: "baton-waits").run { semaphore.wait() }
    }
}

private func number(_ outcome: Result<Int, CancellationError>) -> Int? {
    try? outcome.get()
}
