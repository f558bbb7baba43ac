// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a program is told on its standard input while it runs.
public final class ProgramInput: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isClosed = false
    }

    /// More that waits for the program to read it ends the input.
    private static let limit = 16 << 20
    private let state = Mutex(State())

    /// Nothing yet.
    public init() {}

    /// Tells more. A program that reads nothing of very much is told no more, and its input ends.
    public func send(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        state.withLock { state in
            guard !state.isClosed else { return }
            if state.bytes.count + bytes.count > Self.limit { state.isClosed = true } else { state.bytes += bytes }
        }
        ProgramLoop.shared.ring()
    }

    /// Nothing follows.
    public func close() {
        state.withLock { $0.isClosed = true }
        ProgramLoop.shared.ring()
    }

    /// What is to be written, and whether that is all.
    func take() -> (bytes: [UInt8], isClosed: Bool) {
        state.withLock { state in
            defer { state.bytes = [] }
            return (state.bytes, state.isClosed)
        }
    }
}
