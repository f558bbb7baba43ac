// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Threads

/// Async work that the thread of a command waits for.
///
/// That thread is the process' main thread and none of the pool, so it may block: on this, on the store, on a terminal.
final class AsyncWork<Value: Sendable>: Sendable {
    private let result = Mutex<Value?>(nil)
    private let isDone = ThreadSemaphore()

    /// Starts the work.
    init(_ body: @escaping @Sendable () async -> Value) {
        // The one place where a command enters async code: nothing above is a task, so there is no parent.
        Task {
            let value = await body()
            result.withLock { $0 = value }
            isDone.signal()
        }
    }

    /// Blocks until the work is done and gives its result; call it once.
    func wait() -> Value {
        while true {
            isDone.wait()
            if let value = result.withLock({ $0 }) { return value }
        }
    }
}
