// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells work that it is no longer wanted. Once cancelled it stays so.
public final class CancellationSignal: Sendable {
    /// Keeps a handler registered; see ``remove()``.
    public struct Registration: Sendable {
        fileprivate let signal: CancellationSignal
        fileprivate let number: Int

        /// The handler will not be called any more, unless it is running right now.
        public func remove() {
            signal.state.withLock { $0.handlers[number] = nil }
        }
    }

    private struct State {
        var isCancelled = false
        var grace: Duration?
        var next = 0
        var handlers: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    /// A signal that nobody has cancelled.
    public init() {}

    /// ``cancel()`` was called.
    public var isCancelled: Bool { state.withLock(\.isCancelled) }

    /// How long the work may take to stop before it is killed, as far as that can be done; `nil` for what the work
    /// itself finds right, and before it was cancelled.
    public var grace: Duration? { state.withLock(\.grace) }

    /// Cancels; handlers run once, on the caller's thread. Repeated calls do nothing.
    public func cancel(grace: Duration? = nil) {
        let handlers = state.withLock { state in
            if !state.isCancelled { state.grace = grace }
            state.isCancelled = true
            defer { state.handlers = [:] }
            return state.handlers.values
        }
        for handler in handlers { handler() }
    }

    /// Calls `handler` once when cancelled; at once if that has happened already.
    public func onCancel(_ handler: @escaping @Sendable () -> Void) -> Registration {
        let number: Int? = state.withLock { state in
            guard !state.isCancelled else { return nil }
            state.next += 1
            state.handlers[state.next] = handler
            return state.next
        }
        if number == nil { handler() }
        return Registration(signal: self, number: number ?? 0)
    }
}
