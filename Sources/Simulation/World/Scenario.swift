// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// Which faults a simulation meets. What it does, and which faults come when, is drawn from the number of the case.
public enum Scenario: String, Sendable, CaseIterable {
    /// None; attempts may still fail.
    case quiet
    /// The process dies at any named point, or is stopped, and starts again.
    case crash
    /// Messages are late, lost, doubled and out of order; attempts outlive their leases.
    case network
    /// The clock is set forward and back, and stands still; the process is paused.
    case clock
    /// The disk is full, does not answer, or its flush fails.
    case disk
    /// All of these.
    case all

    var hasCrashes: Bool { self == .crash || self == .all }
    var hasLossyNetwork: Bool { self == .network || self == .all }
    var hasClockFaults: Bool { self == .clock || self == .all }
    var hasDiskFaults: Bool { self == .disk || self == .all }
}

/// Something that goes wrong at a time, in milliseconds since the start.
struct Fault: Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        /// The process dies the next time it gets there.
        case crash(CrashPoint)
        /// The process dies now.
        case kill
        /// The process is asked to stop, and starts again.
        case restart
        case clockJump(Int64)
        case clockFrozen(Int64)
        /// The process gets no time for that long.
        case pause(Int64)
        case diskFull(Int64)
        case flushFails(SimulatedDisk.FlushFailure)
        case readsFail(Int)
        /// No message gets through for that long.
        case partition(Int64)
    }
    let at: Int64
    let kind: Kind

    var description: String { "\(at) ms: \(kind)" }

    /// Points that the simulation can crash at.
    static let points: [CrashPoint] = [
        .blobBeforePut, .blobAfterPut, .beforeCommit, .insideCommit, .afterCommit, .beforeAnswer, .beforeDispatch,
        .beforeEffect, .afterEffect, .beforeCompletion, .timerBeforeFire, .recovery,
    ]

    /// The faults of a case, by time. How many of each kind there are differs from case to case, because an even
    /// mixture hides faults behind each other.
    static func plan(_ scenario: Scenario, _ random: inout SeededRandom) -> [Fault] {
        var kinds: [(inout SeededRandom) -> Kind] = []
        if scenario.hasCrashes {
            let point = random.pick(points)
            kinds.append { _ in .crash(point) }
            kinds.append { random in .crash(random.pick(points)) }
            kinds.append { random in random.happens(700) ? .kill : .restart }
        }
        if scenario.hasClockFaults {
            kinds.append { random in .clockJump(random.pick([-1, 1]) * random.span(1...3_600_000)) }
            kinds.append { random in .clockFrozen(random.span(100...60_000)) }
            kinds.append { random in .pause(random.span(100...60_000)) }
        }
        if scenario.hasDiskFaults {
            kinds.append { random in .diskFull(random.span(100...15_000)) }
            kinds.append { random in .flushFails(random.happens(500) ? .written : .lost) }
            kinds.append { random in .readsFail(random.draw(1...3)) }
        }
        if scenario.hasLossyNetwork { kinds.append { random in .partition(random.span(500...60_000)) } }
        guard !kinds.isEmpty else { return [] }
        // Some kinds only: a case with one kind of fault shows what it does alone.
        let chosen = kinds.filter { _ in random.happens(600) }
        guard !chosen.isEmpty else { return [] }
        let count = random.draw(1...8)
        return (0..<count).map { _ in Fault(at: random.span(1...90_000), kind: random.pick(chosen)(&random)) }
            .sorted { $0.at < $1.at }
    }
}
