// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

extension SteppedEngine {
    /// See ``DurableEngine/runSchedules()``.
    public func runSchedules(_ reply: @escaping @Sendable (Result<[EngineError], EngineError>) -> Void) {
        requests.append(.schedule(.run(reply)))
    }

    /// See ``DurableEngine/createSchedule(_:)``.
    public func createSchedule(
        _ definition: ScheduleDefinition,
        _ reply: @escaping @Sendable (Result<Schedule, EngineError>) -> Void
    ) {
        requests.append(.schedule(.create(definition, reply)))
    }

    /// See ``DurableEngine/changeSchedule(_:)``.
    public func changeSchedule(
        _ definition: ScheduleDefinition,
        _ reply: @escaping @Sendable (Result<Schedule, EngineError>) -> Void
    ) {
        requests.append(.schedule(.command(definition.id, .change(definition), reply)))
    }

    /// See ``DurableEngine/pauseSchedule(_:note:)``.
    public func pauseSchedule(
        _ id: ScheduleID,
        note: String?,
        _ reply: @escaping @Sendable (Result<Schedule, EngineError>) -> Void
    ) {
        requests.append(.schedule(.command(id, .pause(note: note), reply)))
    }

    /// See ``DurableEngine/resumeSchedule(_:note:)``.
    public func resumeSchedule(
        _ id: ScheduleID,
        note: String?,
        _ reply: @escaping @Sendable (Result<Schedule, EngineError>) -> Void
    ) {
        requests.append(.schedule(.command(id, .resume(note: note), reply)))
    }

    /// See ``DurableEngine/trigger(_:_:)``.
    public func trigger(
        _ id: ScheduleID,
        _ policy: OverlapPolicy?,
        _ reply: @escaping @Sendable (Result<TriggeredRun, EngineError>) -> Void
    ) {
        requests.append(.schedule(.trigger(id, policy, reply)))
    }

    /// See ``DurableEngine/backfill(_:from:to:isParallel:)``.
    public func backfill(
        _ id: ScheduleID,
        from: Timestamp,
        to: Timestamp,
        isParallel: Bool,
        _ reply: @escaping @Sendable (Result<Schedule, EngineError>) -> Void
    ) {
        requests.append(.schedule(.command(id, .backfill(from: from, to: to, isParallel: isParallel), reply)))
    }

    /// See ``DurableEngine/deleteSchedule(_:)``.
    public func deleteSchedule(_ id: ScheduleID, _ reply: @escaping @Sendable (Result<Void, EngineError>) -> Void) {
        requests.append(.schedule(.delete(id, reply)))
    }
}
