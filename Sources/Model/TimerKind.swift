// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a timer of a run is for.
public enum TimerKind: String, Sendable, CaseIterable {
    /// The next attempt may start.
    case retry
    /// A `wait` node is over.
    case wait
    /// A request to a person expires.
    case humanExpiry = "human_expiry"
    /// People are reminded of a request.
    case humanReminder = "human_reminder"
    /// A request is no longer held by the person who claimed it.
    case humanClaim = "human_claim"
    /// The longest time from ready to start.
    case scheduleTimeout = "schedule_timeout"
    /// The run's deadline; the task number is -1.
    case deadline
    /// The longest time that a loop or map may take.
    case timeout
    /// The longest time that a phase may take; the task number is -2 minus the number of the phase.
    case phaseTimeout = "phase_timeout"
}
