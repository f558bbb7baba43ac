// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing
import Threads

@Suite(.timeLimit(.minutes(5))) struct CancellationSignalTests {
    @Test func `handlers are called once, however often it is cancelled`() {
        let signal = CancellationSignal()
        let calls = Shared<[String]>([])
        let first = signal.onCancel { calls.change { $0.append("first") } }
        let second = signal.onCancel { calls.change { $0.append("second") } }
        #expect(!signal.isCancelled)
        #expect(calls.value.isEmpty)
        signal.cancel()
        signal.cancel()
        #expect(signal.isCancelled)
        #expect(calls.value.sorted() == ["first", "second"])
        first.remove()
        second.remove()
    }

    @Test func `a late handler is called at once`() {
        let signal = CancellationSignal()
        signal.cancel()
        let calls = Shared(0)
        let registration = signal.onCancel { calls.change { $0 += 1 } }
        #expect(calls.value == 1)
        registration.remove()
        signal.cancel()
        #expect(calls.value == 1)
    }

    @Test func `a handler that was removed is not called, others are`() {
        let signal = CancellationSignal()
        let calls = Shared<[String]>([])
        let removed = signal.onCancel { calls.change { $0.append("removed") } }
        let kept = signal.onCancel { calls.change { $0.append("kept") } }
        removed.remove()
        removed.remove()
        signal.cancel()
        #expect(calls.value == ["kept"])
        kept.remove()
    }

    @Test func `a handler may use the signal`() {
        let signal = CancellationSignal()
        let wasCancelled = Shared(false)
        let registration = signal.onCancel {
            wasCancelled.change { $0 = signal.isCancelled }
            signal.cancel()
        }
        signal.cancel()
        registration.remove()
        #expect(wasCancelled.value)
    }

    @Test func `handlers that come while others cancel are each called once`() {
        for _ in 0..<50 {
            let signal = CancellationSignal()
            let calls = Shared(0)
            let threads = (0..<4).map { number in
                OwnThread(named: "canceller") {
                    for _ in 0..<20 { _ = signal.onCancel { calls.change { $0 += 1 } } }
                    if number % 2 == 0 { signal.cancel() }
                    for _ in 0..<20 { _ = signal.onCancel { calls.change { $0 += 1 } } }
                }
            }
            for thread in threads { thread.join() }
            #expect(calls.value == 160)
        }
    }
}
