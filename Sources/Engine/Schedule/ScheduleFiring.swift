// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
public import Model

/// One firing of a schedule. It starts at most one run, whose id follows from the schedule and the firing.
public struct ScheduleFiring: Hashable, Sendable {
    /// Why there is a firing.
    public enum Origin: String, Sendable, CaseIterable {
        /// The schedule's timing says so.
        case timing
        /// The timing says so of a time in the past that somebody wants made up for.
        case backfill
        /// Somebody wants a run now.
        case trigger
    }

    /// The time that names it; runs start then or later.
    public let time: Timestamp
    /// Why.
    public let origin: Origin

    /// Puts a firing together.
    public init(time: Timestamp, origin: Origin) {
        self.time = time
        self.origin = origin
    }

    /// The id of the run it starts. A backfill of a time gives the id that its firing has by the timing.
    public func run(of schedule: ScheduleID) -> RunID {
        let kind = origin == .trigger ? "trigger" : "firing"
        let digest = SHA256.digest(Array("\(schedule)/\(kind)/\(time.milliseconds)".utf8))
        let high = UInt64(clamping: time.milliseconds) << 16 | digest.number(at: 0) >> 48
        return RunID(high: high, low: digest.number(at: 8))
    }
}

extension ScheduleDefinition {
    /// When the run of a firing starts: later by a part of the jitter that depends on schedule and firing alone, and
    /// before the next firing, so that runs start in the order of their firings.
    func start(of firing: Timestamp) -> Timestamp {
        guard jitter > .zero else { return firing }
        let digest = SHA256.digest(Array("\(id)/jitter/\(firing.milliseconds)".utf8))
        let gap = timing.next(after: firing).map { $0 - firing } ?? jitter
        let unit = Double(digest.number(at: 0) >> 11) / Double(1 << 53)
        return firing + .milliseconds(Int64(Double(min(jitter, gap).milliseconds) * unit))
    }
}

extension [UInt8] {
    /// Eight bytes as a number, big-endian.
    fileprivate func number(at start: Int) -> UInt64 {
        self[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
