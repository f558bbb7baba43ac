// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a stream has received and its reader has not taken yet. One writer, the driver's thread; one reader.
final class BodyPipe: Sendable {
    struct Head: Sendable {
        let status: Int
        let headers: [(name: String, value: String)]
    }

    private struct State {
        var head: Head?
        var bytes: [UInt8] = []
        /// Bytes were refused; the driver waits to be told to go on.
        var isFull = false
        var end: Result<Void, HTTPClientError>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// More waiting bytes than that hold the sender back.
    private static let highWater = 256 << 10
    private let state = Mutex(State())

    // MARK: The driver's side

    func take(_ head: Head) { change { $0.head = head } }

    /// False when the reader is too far behind: the same bytes have to be given again after ``next()`` said so.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var isTaken = true
        change { state in
            isTaken = state.bytes.count < Self.highWater
            if isTaken { state.bytes += bytes } else { state.isFull = true }
        }
        return isTaken
    }

    func end(_ result: Result<Void, HTTPClientError>) { change { $0.end = result } }

    private func change(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    // MARK: The reader's side

    func head() async -> Result<Head, HTTPClientError> {
        while true {
            let (head, end) = state.withLock { ($0.head, $0.end) }
            if let head { return .success(head) }
            if case .failure(let error) = end { return .failure(error) }
            if end != nil {
                return .failure(HTTPClientError(.connectionLost, "the answer has no head", mayHaveLeft: true))
            }
            await wait { $0.head != nil || $0.end != nil }
        }
    }

    /// All that is there, at least one byte; `nil` at the end.
    ///
    /// - Parameter resume: Called when the sender was held back and can go on.
    func next(_ resume: () -> Void) async -> Result<[UInt8]?, HTTPClientError> {
        while true {
            let (bytes, wasFull, end) = state.withLock { state in
                defer { (state.bytes, state.isFull) = ([], false) }
                return (state.bytes, state.isFull, state.end)
            }
            if wasFull { resume() }
            if !bytes.isEmpty { return .success(bytes) }
            if let end { return end.map { nil } }
            await wait { !$0.bytes.isEmpty || $0.isFull || $0.end != nil }
        }
    }

    /// Suspends until something changed, unless that is already there.
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
