// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Schedules (spec 12.6). They are read through the store: ``Schedule/init(_:)``.
///
/// A process that does not call ``runSchedules()`` fires nothing by itself. A request about one schedule deals with
/// what is due of that one first, whichever process it comes from.
extension DurableEngine {
    /// Fires schedules from now on, beginning with what was due while nothing ran. Call it once, in the process that
    /// drives every run of the store.
    ///
    /// - Returns: Why some schedules cannot be read; the others fire.
    /// - Throws: `unavailable`.
    public func runSchedules() async throws(EngineError) -> [EngineError] {
        try await ask { .schedule(.run($0)) }
    }

    /// Makes a schedule. The same definition with the same id again changes nothing.
    ///
    /// - Throws: `invalid`, `conflict` when the name or the id is taken, `unavailable`.
    public func createSchedule(_ definition: ScheduleDefinition) async throws(EngineError) -> Schedule {
        try await ask { .schedule(.create(definition, $0)) }
    }

    /// Starts other runs, or at other times, from now on; the id says which schedule is changed.
    ///
    /// - Throws: `notFound`, `invalid`, `conflict` when the name is taken, `unavailable`.
    public func changeSchedule(_ definition: ScheduleDefinition) async throws(EngineError) -> Schedule {
        try await ask { .schedule(.command(definition.id, .change(definition), $0)) }
    }

    /// Starts nothing by itself any more; what was due before still starts.
    ///
    /// - Throws: `notFound`, `conflict` when it is paused, `unavailable`.
    public func pauseSchedule(
        _ id: ScheduleID,
        note: String?,
        by actor: String? = nil
    ) async throws(EngineError) -> Schedule {
        try await ask { .schedule(.command(id, .pause(note: note, by: actor), $0)) }
    }

    /// Goes on after a pause; firings meanwhile are left out.
    ///
    /// - Throws: `notFound`, `conflict` when it is not paused, `unavailable`.
    public func resumeSchedule(_ id: ScheduleID, note: String?) async throws(EngineError) -> Schedule {
        try await ask { .schedule(.command(id, .resume(note: note), $0)) }
    }

    /// Starts a run now, paused or not; the policy stands in for the schedule's.
    ///
    /// - Throws: `notFound`, `unavailable`.
    public func trigger(_ id: ScheduleID, _ policy: OverlapPolicy? = nil) async throws(EngineError) -> TriggeredRun {
        try await ask { .schedule(.trigger(id, policy, $0)) }
    }

    /// Starts the runs of the firings from one time to another, both included, that have none; all at once, or one
    /// after the other, whatever the policy says.
    ///
    /// - Throws: `notFound`, `invalid` when there are none or they are in the future, `conflict` when too many
    ///   backfills are not done, `unavailable`.
    public func backfill(
        _ id: ScheduleID,
        from: Timestamp,
        to: Timestamp,
        isParallel: Bool
    ) async throws(EngineError) -> Schedule {
        try await ask { .schedule(.command(id, .backfill(from: from, to: to, isParallel: isParallel), $0)) }
    }

    /// Removes a schedule. Runs that it started go on.
    ///
    /// - Throws: `notFound`, `unavailable`.
    public func deleteSchedule(_ id: ScheduleID) async throws(EngineError) {
        try await ask { .schedule(.delete(id, $0)) }
    }
}
