// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a call has of its answer and its client has not taken yet. The call goes on whatever becomes of the client; an
/// answer is never longer than its model may make it, so nothing is held back.
final class AnswerPipe: Sendable {
    enum Head: Sendable {
        case refused(GatewayRefusal)
        case whole([UInt8])
        case stream
    }

    /// The answer broke off.
    struct Broken: Error {}

    private struct State {
        var head: Head?
        var bytes: [UInt8] = []
        var end: Result<Void, Broken>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    // MARK: The call's side

    /// The first word counts.
    func begin(_ head: Head) { change { if $0.head == nil { $0.head = head } } }

    func write(_ bytes: [UInt8]) { change { $0.bytes += bytes } }

    /// Nothing follows; without a beginning the client is told that nothing will come.
    func end(_ result: Result<Void, Broken>) {
        change { state in
            if state.head == nil { state.head = .refused(.over) }
            if state.end == nil { state.end = result }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    // MARK: The client's side, one task at a time

    var hasBegun: Bool { state.withLock { $0.head != nil } }

    func head() async -> Head {
        while true {
            if let head = state.withLock({ $0.head }) { return head }
            await wait { $0.head != nil }
        }
    }

    /// All that is there, at least one byte; `nil` at the end.
    func next() async throws(Broken) -> [UInt8]? {
        while true {
            let (bytes, end) = state.withLock { state in
                defer { state.bytes = [] }
                return (state.bytes, state.end)
            }
            if !bytes.isEmpty { return bytes }
            if let end {
                try end.get()
                return nil
            }
            await wait { !$0.bytes.isEmpty || $0.end != nil }
        }
    }

    private func wait(_ isThere: (State) -> Bool) async {
        await withCheckedContinuation { waiter in
            let isReady = state.withLock { state in
                if isThere(state) { return true }
                state.waiter = waiter
                return false
            }
            if isReady { waiter.resume() }
        }
    }
}
