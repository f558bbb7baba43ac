// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The calls of a gateway that are under way.
final class GatewayCalls: Sendable {
    private struct State {
        var isClosed = false
        /// Ends the calls that are under way.
        var calls: [Int: @Sendable () -> Void] = [:]
        var next = 0
        var whenIdle: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let onEnd: @Sendable () -> Void

    /// - Parameter onEnd: A call has ended; not to be blocked.
    init(onEnd: @escaping @Sendable () -> Void = {}) { self.onEnd = onEnd }

    var isClosed: Bool { state.withLock(\.isClosed) }
    /// A call is under way.
    var isBusy: Bool { state.withLock { !$0.calls.isEmpty } }

    /// Starts a call; gives what cancels it, and `nil` when no more are taken.
    func begin(_ body: @escaping @Sendable () async -> Void) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            let number = state.next
            let task = Task { [self] in
                await body()
                leave(number)
            }
            let cancel = { @Sendable in task.cancel() }
            state.calls[number] = cancel
            return cancel
        }
    }

    private func leave(_ number: Int) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.calls[number] = nil
            guard state.calls.isEmpty else { return [] }
            defer { state.whenIdle = [] }
            return state.whenIdle
        }
        onEnd()
        for waiter in waiters { waiter.resume() }
    }

    /// Takes no more calls.
    func close() { state.withLock { $0.isClosed = true } }

    /// Ends those that are under way.
    func cancel() {
        let calls = state.withLock { Array($0.calls.values) }
        for cancel in calls { cancel() }
    }

    /// Returns when no call is under way: then all that they cost is written down.
    func finish() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                guard !state.calls.isEmpty else { return true }
                state.whenIdle.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }
}
