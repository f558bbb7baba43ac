// Baton
// SPDX-License-Identifier: Apache-2.0

/// Decides when a program is asked to end, when it is killed and how long its output is waited for.
struct ProgramTeardown {
    enum Action: Equatable {
        case none
        /// SIGTERM to the group.
        case terminate
        /// SIGKILL to the group.
        case kill
        /// Sweep the group, reap, answer.
        case finish
    }

    private enum Phase {
        case running(until: ContinuousClock.Instant)
        case asked(until: ContinuousClock.Instant)
        case killed
        case exited(until: ContinuousClock.Instant)
    }

    /// A grandchild may hold the pipes open for ever; this is all it gets after the program itself has ended.
    static let drain: Duration = .milliseconds(250)

    private var phase: Phase
    private let grace: Duration
    private(set) var stopReason: ProgramResult.StopReason?

    init(start: ContinuousClock.Instant, timeout: Duration, grace: Duration) {
        phase = .running(until: start + timeout)
        self.grace = grace
    }

    /// When ``tick(now:)`` has something to do; `nil` while only the program's end matters.
    var deadline: ContinuousClock.Instant? {
        switch phase {
        case .running(let until), .asked(let until), .exited(let until): until
        case .killed: nil
        }
    }

    /// The caller does not want it any more.
    ///
    /// - Parameter grace: How long it gets from now, instead of the usual time; without any it is killed at once.
    mutating func cancel(now: ContinuousClock.Instant, grace: Duration? = nil) -> Action {
        guard case .running = phase else { return .none }
        stopReason = .cancelled
        let time = grace ?? self.grace
        guard time > .zero else {
            phase = .killed
            return .kill
        }
        phase = .asked(until: now + time)
        return .terminate
    }

    /// Whoever watches it does not let it go on.
    mutating func stop(_ reason: ProgramResult.StopReason, now: ContinuousClock.Instant) -> Action {
        guard case .running = phase else { return .none }
        stopReason = reason
        phase = .asked(until: now + grace)
        return .terminate
    }

    /// It runs, and nobody has stopped it.
    var isRunning: Bool { if case .running = phase { true } else { false } }

    /// The process ended; it has not been reaped.
    mutating func processEnded(now: ContinuousClock.Instant, hasOpenPipes: Bool) -> Action {
        guard hasOpenPipes else { return .finish }
        if case .exited = phase { return .none }
        phase = .exited(until: now + Self.drain)
        return .none
    }

    /// The last pipe was closed.
    func pipesClosed() -> Action {
        if case .exited = phase { .finish } else { .none }
    }

    /// Time has passed.
    mutating func tick(now: ContinuousClock.Instant) -> Action {
        switch phase {
        case .running(let until) where until <= now:
            stopReason = .timeout
            phase = .asked(until: now + grace)
            return .terminate
        case .asked(let until) where until <= now:
            phase = .killed
            return .kill
        case .exited(let until) where until <= now: return .finish
        default: return .none
        }
    }
}
