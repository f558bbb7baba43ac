// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Threads

@Suite(.timeLimit(.minutes(1))) struct CancellationSignalTests {
    @Test func `handlers are called once, however often it is cancelled`() {
        let signal = CancellationSignal()
        let calls = Mutex<[String]>([])
        let first = signal.onCancel { calls.withLock { $0.append("first") } }
        let second = signal.onCancel { calls.withLock { $0.append("second") } }
        #expect(!signal.isCancelled)
        #expect(calls.withLock(\.self).isEmpty)
        signal.cancel()
        signal.cancel()
        #expect(signal.isCancelled)
        #expect(calls.withLock { $0.sorted() } == ["first", "second"])
        first.remove()
        second.remove()
    }

    @Test func `a late handler is called at once`() {
        let signal = CancellationSignal()
        signal.cancel()
        let calls = Atomic(0)
        let registration = signal.onCancel { calls.add(1, ordering: .sequentiallyConsistent) }
        #expect(calls.load(ordering: .sequentiallyConsistent) == 1)
        registration.remove()
        signal.cancel()
        #expect(calls.load(ordering: .sequentiallyConsistent) == 1)
    }

    @Test func `a handler that was removed is not called, others are`() {
        let signal = CancellationSignal()
        let calls = Mutex<[String]>([])
        let removed = signal.onCancel { calls.withLock { $0.append("removed") } }
        let kept = signal.onCancel { calls.withLock { $0.append("kept") } }
        removed.remove()
        removed.remove()
        signal.cancel()
        #expect(calls.withLock(\.self) == ["kept"])
        kept.remove()
    }

    @Test func `a handler may use the signal`() {
        let signal = CancellationSignal()
        let wasCancelled = Atomic(false)
        let registration = signal.onCancel {
            wasCancelled.store(signal.isCancelled, ordering: .sequentiallyConsistent)
            signal.cancel()
        }
        signal.cancel()
        registration.remove()
        #expect(wasCancelled.load(ordering: .sequentiallyConsistent))
    }

    @Test func `handlers that come while others cancel are each called once`() {
        for _ in 0..<50 {
            let signal = CancellationSignal()
            let calls = Atomic(0)
            let threads = (0..<4).map { number in
                OwnThread(named: "canceller") {
                    for _ in 0..<20 { _ = signal.onCancel { calls.add(1, ordering: .sequentiallyConsistent) } }
                    if number % 2 == 0 { signal.cancel() }
                    for _ in 0..<20 { _ = signal.onCancel { calls.add(1, ordering: .sequentiallyConsistent) } }
                }
            }
            for thread in threads { thread.join() }
            #expect(calls.load(ordering: .sequentiallyConsistent) == 160)
        }
    }
}
