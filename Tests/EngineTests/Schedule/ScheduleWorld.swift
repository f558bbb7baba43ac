// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Engine

/// One schedule, the runs it started, and a clock.
struct ScheduleWorld {
    var machine: ScheduleMachine
    var now: Timestamp
    /// What became of runs. A run that was started stays here for ever.
    private(set) var runs: [RunID: ScheduledRun] = [:]
    private(set) var starts: [(firing: ScheduleFiring, run: RunID, at: Timestamp)] = []
    private(set) var skips: [ScheduleSkip] = []
    private(set) var cancelled: Set<RunID> = []
    /// What must never happen and did.
    private(set) var faults: [String] = []

    static let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z

    init(
        _ timing: String = "0 * * * *",
        _ overlap: OverlapPolicy = .skip,
        change: (inout ScheduleDefinition) -> Void = { _ in }
    ) throws {
        var definition = ScheduleDefinition(
            id: ScheduleID(high: 7, low: 7),
            createdAt: Self.start,
            name: "nightly",
            workflow: "report@main",
            inputs: ["a": 1],
            timing: try ScheduleTiming(timing, anchor: Self.start),
            creator: "user:test"
        )
        definition.overlap = overlap
        change(&definition)
        machine = ScheduleMachine(definition, now: Self.start)
        now = Self.start
    }

    var state: ScheduleState { machine.state }
    private(set) var open: Set<RunID> = []

    /// Hours and minutes since the start of each firing that has a run.
    var times: [String] { starts.map { Self.clock($0.firing.time) } }
    var waiting: [String] { state.waiting.map { Self.clock($0.time) } }

    static func clock(_ time: Timestamp) -> String { (time - start).text }

    mutating func send(_ command: ScheduleCommand) throws {
        var next = machine
        let actions = try next.handle(command, at: now) { runs[$0] ?? .absent }
        machine = next
        for action in actions {
            switch action {
            case .start(let firing, let run):
                if runs.updateValue(.open, forKey: run) != nil { faults.append("\(firing) started twice") }
                open.insert(run)
                starts.append((firing, run, now))
            case .terminate(let run): endUnnoticed(run)
            case .cancel(let run):
                if !cancelled.insert(run).inserted { faults.append("\(run) cancelled twice") }
            case .skip(let skip): skips.append(skip)
            }
        }
        if state.open.count != open.count || !state.open.allSatisfy({ open.contains($0.run) }) {
            faults.append("the schedule knows other open runs")
        }
    }

    mutating func end(_ run: RunID) throws {
        endUnnoticed(run)
        try send(.runEnded(run))
    }

    /// Somebody ended the run and nobody told the schedule.
    mutating func endUnnoticed(_ run: RunID) {
        runs[run] = .ended
        open.remove(run)
    }

    /// Ends the open run that was started first.
    mutating func endFirst() throws {
        guard let run = state.open.first?.run else { return }
        try end(run)
    }

    /// Lets time pass; the schedule is woken whenever it asked for it.
    mutating func run(until hours: Double) throws { try run(to: Self.start + .milliseconds(Int64(hours * 3_600_000))) }

    mutating func run(to target: Timestamp) throws {
        while let wake = machine.nextWake, wake <= target {
            now = max(now, wake)
            try send(.wake)
        }
        now = target
    }

    /// Lets time pass while nothing runs, and starts again.
    mutating func sleep(until hours: Double) throws {
        now = Self.start + .milliseconds(Int64(hours * 3_600_000))
        try send(.load)
    }

    func skipped(_ reason: ScheduleSkip.Reason) -> Int { state.skipped[reason] ?? 0 }
}
