// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// Something that may move a schedule.
enum ScheduleCommand: Sendable {
    /// It was read from the store.
    case load
    /// The time came that it asked for, or the clock was set.
    case wake
    /// A run ended that it started.
    case runEnded(RunID)
    /// A run that it wanted could not be started; trying again would fail again.
    case startFailed(RunID, message: String)
    /// Start nothing by itself.
    case pause(note: String?, by: String? = nil)
    /// Go on. Firings meanwhile are left out.
    case resume(note: String?)
    /// Start a run now, paused or not; the policy stands in for the schedule's.
    case trigger(OverlapPolicy?)
    /// Start the runs of firings from one time to another, both included, that have none.
    case backfill(from: Timestamp, to: Timestamp, isParallel: Bool)
    /// Start other runs, or at other times, from now on.
    case change(ScheduleDefinition)
}

/// What the shell has to do, in this order, in the commit that stores the schedule.
enum ScheduleAction: Sendable, Equatable {
    /// Start the run of a firing under that id. When that cannot be done, the schedule has to be told.
    case start(ScheduleFiring, run: RunID)
    /// Cancel the run; its end has to be told.
    case cancel(RunID)
    /// End the run at once; the schedule counts it as ended.
    case terminate(RunID)
    /// Tell that firings were left out.
    case skip(ScheduleSkip)
}

/// What a store and the runs of the same turn say of a run's id.
enum ScheduledRun: Sendable {
    /// There never was such a run.
    case absent
    /// It has not ended.
    case open
    /// It has.
    case ended
}
