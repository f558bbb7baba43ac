// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One result for one continuation, whichever comes first.
public final class Answer<Value: Sendable>: Sendable {
    /// The value, or that it is not wanted any more.
    public typealias Outcome = Result<Value, CancellationError>

    private enum State {
        case empty
        case waiting(CheckedContinuation<Outcome, Never>)
        case early(Outcome)
        case done
    }

    private let state = Mutex(State.empty)

    /// Without a result yet.
    public init() {}

    /// Nobody gave a result yet.
    public var isWanted: Bool {
        state.withLock { state in
            switch state {
            case .empty, .waiting: true
            case .early, .done: false
            }
        }
    }

    /// Takes the continuation; false when a result was there before and it was resumed at once.
    public func wait(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
        let early: Outcome? = state.withLock { state in
            if case .early(let outcome) = state {
                state = .done
                return outcome
            }
            state = .waiting(continuation)
            return nil
        }
        guard let early else { return true }
        continuation.resume(returning: early)
        return false
    }

    /// Gives the result; every later one is dropped.
    public func give(_ outcome: Outcome) {
        let continuation: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            switch state {
            case .empty: state = .early(outcome)
            case .waiting(let continuation):
                state = .done
                return continuation
            case .early, .done: break
            }
            return nil
        }
        continuation?.resume(returning: outcome)
    }
}
