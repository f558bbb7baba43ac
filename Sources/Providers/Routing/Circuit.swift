// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Keeps calls away from a model that keeps failing (spec 8.1). Times are those of one clock, given by the caller.
public struct Circuit: Sendable, Hashable {
    /// When it opens and for how long.
    public struct Limits: Sendable, Hashable {
        /// Failures in a row until it opens; at least 1.
        public var failures: Int
        /// How long it stays open before one call may try.
        public var reset: Duration

        /// By default 5 failures and 60 seconds.
        public init(failures: Int = 5, reset: Duration = .seconds(60)) {
            self.failures = failures
            self.reset = reset
        }
    }

    /// Whether calls pass.
    public enum State: Sendable, Hashable {
        /// They do.
        case closed
        /// None before that time.
        case open(until: Timestamp)
        /// One is trying; others wait. A trial that nobody reports on is forgotten at `until`.
        case halfOpen(until: Timestamp)
    }

    /// Whether calls pass.
    public private(set) var state: State = .closed
    /// Failures in a row.
    public private(set) var failures = 0
    private let limits: Limits

    /// A closed circuit.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Whether a call may start now; the first after an open circuit's time is the trial.
    public mutating func mayCall(at now: Timestamp) -> Bool {
        switch state {
        case .closed: return true
        case .open(let until), .halfOpen(let until):
            guard now >= until else { return false }
            state = .halfOpen(until: now + limits.reset)
            return true
        }
    }

    /// When a call may be tried; `nil` when at once.
    public func opens(after now: Timestamp) -> Timestamp? {
        switch state {
        case .closed: nil
        case .open(let until), .halfOpen(let until): until > now ? until : nil
        }
    }

    /// A call was answered, even if with a refusal of the request: the provider works.
    public mutating func succeed() {
        (state, failures) = (.closed, 0)
    }

    /// A call ended without saying anything about whoever was called. A trial leaves its place to the next call.
    public mutating func giveBack() {
        if case .halfOpen = state { state = .open(until: Timestamp(milliseconds: 0)) }
    }

    /// A call failed; only classes `transient` and `upstream` count.
    ///
    /// - Returns: Whether this opened the circuit.
    public mutating func fail(_ errorClass: ErrorClass, at now: Timestamp) -> Bool {
        guard errorClass == .transient || errorClass == .upstream else {
            if case .halfOpen = state { succeed() }
            return false
        }
        failures += 1
        if case .open = state { return false }
        let isTrial = if case .halfOpen = state { true } else { false }
        guard isTrial || failures >= limits.failures else { return false }
        state = .open(until: now + limits.reset)
        return true
    }
}
