// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// A schedule as it is stored.
public struct Schedule: Sendable, Equatable {
    /// What it starts, when, and how.
    public let definition: ScheduleDefinition
    /// How far it got.
    public let state: ScheduleState
    /// When it has to be looked at again; in the past when there is more to do at once. `nil` when only a request or
    /// the end of a run can move it.
    public let nextWake: Timestamp?

    /// The schedule in a row.
    ///
    /// - Throws: `corrupted`, also when the system does not know the time zone any more.
    public init(_ row: ScheduleRow) throws(EngineError) {
        self.init(try ScheduleMachine(row))
    }

    init(_ machine: ScheduleMachine) {
        definition = machine.definition
        state = machine.state
        nextWake = machine.nextWake
    }

    /// The next firings of its timing that nothing was done about, whether it is paused or not.
    public func nextFirings(_ count: Int) -> [Timestamp] {
        definition.timing.firings(after: state.handled, count)
    }
}

extension ScheduleTiming {
    /// The first firings after a time; fewer when there are no more before the year 10000.
    public func firings(after time: Timestamp, _ count: Int) -> [Timestamp] {
        var result: [Timestamp] = []
        var last = time
        while result.count < count, let next = next(after: last) {
            result.append(next)
            last = next
        }
        return result
    }
}

/// What became of a run that somebody wanted at once.
public struct TriggeredRun: Sendable, Equatable {
    /// What happens with it.
    public enum Outcome: Sendable, Equatable {
        /// It was started.
        case started
        /// It starts when an open run ends.
        case waiting
        /// The policy leaves it out, because a run is open.
        case skipped
        /// It could not be started; one sentence says why.
        case failed(String)
    }

    /// Its id, whether it was started or not.
    public let run: RunID
    /// What happens with it.
    public let outcome: Outcome
}
