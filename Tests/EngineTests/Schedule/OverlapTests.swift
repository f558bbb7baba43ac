// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@testable import Engine

@Suite struct OverlapTests {
    @Test func `each policy does with an open run what it says`() throws {
        // Hourly; the first run ends at 3:30.
        let table: [(OverlapPolicy, before: [String], after: [String], waiting: [String], overlaps: Int)] = [
            (.skip, ["1h"], ["1h", "4h"], [], 2), (.bufferOne, ["1h"], ["1h", "2h"], ["4h"], 1),
            (.bufferAll, ["1h"], ["1h", "2h"], ["3h", "4h"], 0), (.cancelOther, ["1h"], ["1h", "3h"], ["4h"], 1),
            (.terminateOther, ["1h", "2h", "3h"], ["1h", "2h", "3h", "4h"], [], 0),
            (.allowAll, ["1h", "2h", "3h"], ["1h", "2h", "3h", "4h"], [], 0),
        ]
        for (policy, before, after, waiting, overlaps) in table {
            var world = try ScheduleWorld("0 * * * *", policy)
            try world.run(until: 3.5)
            #expect(world.times == before, "\(policy)")
            try world.endFirst()
            try world.run(until: 4)
            #expect(world.times == after && world.waiting == waiting, "\(policy)")
            #expect(world.skipped(.overlap) == overlaps && world.faults.isEmpty, "\(policy)")
            #expect(world.cancelled.count == (policy == .cancelOther ? 2 : 0), "\(policy)")
        }
    }

    @Test func `what was missed is caught up by the policy, and left out beyond the window`() throws {
        // Hourly, a window of two hours; nothing runs from 1:30 to 6:00:01, and the run of 1:00 has ended by then.
        let table: [(OverlapPolicy, times: [String], waiting: [String], overlaps: Int)] = [
            (.skip, ["5h"], [], 1), (.bufferOne, ["5h"], ["6h"], 0), (.bufferAll, ["5h"], ["6h"], 0),
            (.cancelOther, ["6h"], [], 1), (.terminateOther, ["6h"], [], 1), (.allowAll, ["5h", "6h"], [], 0),
        ]
        for (policy, times, waiting, overlaps) in table {
            var world = try ScheduleWorld("0 * * * *", policy) { $0.catchUp = .seconds(7200) }
            try world.run(until: 1.5)
            world.endUnnoticed(world.state.open[0].run)
            try world.sleep(until: 6 + 1.0 / 3600)
            #expect(world.times == ["1h"] + times && world.waiting == waiting, "\(policy)")
            #expect(world.skipped(.late) == 3 && world.skipped(.overlap) == overlaps, "\(policy)")
            #expect(world.skips.first { $0.reason == .late }?.count == 3 && world.faults.isEmpty, "\(policy)")
            #expect(world.machine.nextWake == ScheduleWorld.start + .seconds(7 * 3600), "\(policy)")
        }
    }

    @Test func `a run that is still open after an outage is in the way as before`() throws {
        var world = try ScheduleWorld()
        try world.run(until: 1)
        try world.sleep(until: 2.9)
        #expect(world.times == ["1h"] && world.skipped(.overlap) == 1)
        // An end and a firing in the same turn: the end comes first.
        world.now = ScheduleWorld.start + .seconds(3 * 3600)
        try world.endFirst()
        #expect(world.times == ["1h", "3h"])
    }

    @Test func `what waits starts before what becomes due in the same turn`() throws {
        var world = try ScheduleWorld("0 * * * *", .bufferOne)
        try world.run(until: 2)
        world.now = ScheduleWorld.start + .seconds(3 * 3600)
        try world.endFirst()
        #expect(world.times == ["1h", "2h"] && world.waiting == ["3h"])
    }

    @Test func `years without anybody are counted to a limit and cost little`() throws {
        for timing in ["* * * * * *", "@every 1s"] {
            var world = try ScheduleWorld(timing, .bufferAll)
            try world.sleep(until: 24 * 3650)
            #expect(world.skips.first == nil || world.skips.first?.reason == .late, "\(timing)")
            #expect(world.skips.first?.count == ScheduleSkip.countLimit && world.skips.first?.isAtLeast == true)
            var turns = 1
            while let wake = world.machine.nextWake, wake <= world.now {
                try world.send(.wake)
                turns += 1
            }
            #expect(turns == 3601 / ScheduleMachine.budget + 1, "a turn looks at a bounded number of firings")
            #expect(world.starts.count == 1 && world.waiting.count == ScheduleState.limit, "\(timing)")
            #expect(world.skipped(.full) == 3600 - ScheduleState.limit, "\(timing)")
            #expect(world.machine.row.state.count < 100_000 && world.faults.isEmpty, "\(timing)")
        }
    }

    @Test func `as many runs are open at once as may be`() throws {
        var world = try ScheduleWorld("@every 1s", .allowAll)
        try world.run(until: 1)
        #expect(world.open.count == ScheduleState.limit && world.skipped(.full) == 3600 - ScheduleState.limit)
        try world.endFirst()
        try world.run(to: world.now + .seconds(1))
        #expect(world.starts.count == ScheduleState.limit + 1 && world.faults.isEmpty)
    }
}
