// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// How far a schedule got. Its size is bounded, whatever happened.
public struct ScheduleState: Sendable, Equatable {
    /// The most firings that wait for an open run, and the most runs that are open at once.
    public static let limit = 1000
    /// The most backfills that are not done.
    public static let backfillLimit = 10
    /// The most starts that are remembered, and the most times that firings were left out.
    static let recentLimit = 10

    /// A run that has not ended.
    public struct OpenRun: Sendable, Equatable {
        /// The run.
        public let run: RunID
        /// What started it.
        public let firing: ScheduleFiring
        /// The number of the backfill it belongs to.
        var backfill: Int?
        /// It was told to stop.
        public internal(set) var isStopping = false
    }

    /// A span of past firings that are started as far as they have no run yet.
    public struct Backfill: Sendable, Equatable {
        /// Its number, from 1.
        public let number: Int
        /// Firings up to here are dealt with.
        public internal(set) var handled: Timestamp
        /// The last time that counts.
        public let through: Timestamp
        /// All at once instead of one after the other.
        public let isParallel: Bool
    }

    /// A run that was started.
    public struct Start: Sendable, Equatable {
        /// The run.
        public let run: RunID
        /// What started it.
        public let firing: ScheduleFiring
        /// When.
        public let at: Timestamp
    }

    /// Firings that were left out.
    public struct Skip: Sendable, Equatable {
        /// Which, and why.
        public let skip: ScheduleSkip
        /// When.
        public let at: Timestamp
    }

    /// Why a run could not be started.
    public struct Failure: Sendable, Equatable {
        /// When.
        public let at: Timestamp
        /// One sentence.
        public let message: String
    }

    /// Firings of the timing up to here are dealt with.
    public internal(set) var handled: Timestamp
    /// Nothing starts by itself.
    public internal(set) var isPaused = false
    /// Who paused it, while it is paused.
    public internal(set) var pausedBy: String?
    /// Why it was paused or resumed.
    public internal(set) var note: String?
    /// Runs that have not ended, in the order in which they were started.
    public internal(set) var open: [OpenRun] = []
    /// Firings that start when no run is open any more, in this order.
    public internal(set) var waiting: [ScheduleFiring] = []
    /// Backfills that are not done, in this order.
    public internal(set) var backfills: [Backfill] = []
    /// Runs that were started so far.
    public internal(set) var started = 0
    /// Firings whose run could not be started.
    public internal(set) var failed = 0
    /// Firings that were left out, by reason.
    public internal(set) var skipped: [ScheduleSkip.Reason: Int] = [:]
    /// The last starts, newest last.
    public internal(set) var recent: [Start] = []
    /// The last firings that were left out, newest last.
    public internal(set) var recentSkips: [Skip] = []
    /// The last failure.
    public internal(set) var lastFailure: Failure?
    var lastTrigger: Timestamp?
    var lastBackfill = 0

    /// A schedule that has done nothing yet; firings after `now` count.
    init(now: Timestamp) {
        handled = now
    }
}

/// Firings that were left out together.
public struct ScheduleSkip: Sendable, Equatable {
    /// Why firings are left out.
    public enum Reason: String, Sendable, CaseIterable {
        /// A run was open.
        case overlap
        /// Nothing ran then, and the catch-up window has passed.
        case late
        /// The schedule was paused.
        case paused
        /// As many firings wait as may, or as many runs are open.
        case full
    }
    /// The most firings of the past that are counted one by one.
    static let countLimit = 10_000

    /// Why.
    public let reason: Reason
    /// How many.
    public internal(set) var count: Int
    /// There may be more: counting stopped.
    public let isAtLeast: Bool
    /// The first and the last one, as far as they are known one by one; else the span they lie in.
    public internal(set) var times: ClosedRange<Timestamp>
}
