// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Engine

@Suite struct ScheduleMachineTests {
    private func hours(_ hours: Double) -> Timestamp { ScheduleWorld.start + .milliseconds(Int64(hours * 3_600_000)) }

    private func code(_ body: () throws -> Void) -> EngineError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? EngineError)?.code
        }
    }

    @Test func `a paused schedule leaves firings out and still obeys people`() throws {
        var world = try ScheduleWorld("0 * * * *", .bufferAll)
        try world.run(until: 2)
        try world.send(.pause(note: "deploy"))
        #expect(world.state.isPaused && world.state.note == "deploy" && world.machine.nextWake == nil)
        #expect(code { try world.send(.pause(note: nil)) } == .conflict)
        // What waits goes on waiting, what somebody asks for starts.
        try world.endFirst()
        #expect(world.times == ["1h"] && world.waiting == ["2h"])
        world.now = hours(4.5)
        try world.send(.trigger(nil))
        #expect(world.times == ["1h", "4h30m"])
        try world.send(.trigger(nil))
        #expect(world.state.waiting.count == 2)
        try world.endFirst()
        #expect(world.starts.last?.firing.origin == .trigger && world.waiting == ["2h"])
        try world.endFirst()
        try world.send(.resume(note: nil))
        #expect(world.times.last == "2h" && world.skipped(.paused) == 2 && world.state.note == nil)
        #expect(world.machine.nextWake == hours(5))
        #expect(code { try world.send(.resume(note: nil)) } == .conflict)
        #expect(world.faults.isEmpty)
    }

    @Test func `what is due when it is paused still starts`() throws {
        var world = try ScheduleWorld()
        world.now = hours(1.5)
        try world.send(.pause(note: nil))
        #expect(world.times == ["1h"])
    }

    @Test func `the first firing is the first one after it was made, however late the engine hears of it`() throws {
        var world = try ScheduleWorld("0 * * * *", .allowAll)
        world.machine = ScheduleMachine(world.machine.definition, now: hours(1.5))
        world.now = hours(1.5)
        #expect(world.machine.nextWake == hours(1))
        try world.send(.wake)
        #expect(world.times == ["1h"])
        // One whose maker's clock is ahead begins with the engine's.
        let early = ScheduleMachine(world.machine.definition, now: hours(-3))
        #expect(early.state.handled == hours(-3))
    }

    @Test func `a refused request changes nothing`() throws {
        var world = try ScheduleWorld()
        world.now = hours(1.5)
        #expect(code { try world.send(.resume(note: nil)) } == .conflict)
        #expect(world.starts.isEmpty && world.state.handled == hours(0))
        try world.send(.wake)
        #expect(world.times == ["1h"])
    }

    @Test func `triggers are firings of their own and obey a policy`() throws {
        var world = try ScheduleWorld()
        for policy in [nil, .bufferAll, .allowAll, .allowAll] as [OverlapPolicy?] { try world.send(.trigger(policy)) }
        #expect(world.times == ["0s", "2ms", "3ms"] && world.waiting == ["1ms"] && world.faults.isEmpty)
        try world.send(.trigger(nil))
        #expect(world.skipped(.overlap) == 1 && world.skips.last?.times.lowerBound == world.now + .milliseconds(4))
        // A trigger at the very time of a firing is not that firing.
        let (schedule, time) = (world.machine.definition.id, hours(1))
        let origins = ScheduleFiring.Origin.allCases.map { ScheduleFiring(time: time, origin: $0).run(of: schedule) }
        #expect(Set(origins).count == 2 && origins[0] == origins[1])
        #expect(origins[0].high >> 16 == UInt64(time.milliseconds))
        #expect(origins[0] != ScheduleFiring(time: time, origin: .timing).run(of: ScheduleID(high: 7, low: 8)))
    }

    @Test func `a backfill starts past firings one after the other, each at most once`() throws {
        var world = try ScheduleWorld { $0.catchUp = .seconds(10) }
        try world.run(until: 1)
        try world.endFirst()
        try world.sleep(until: 4.5)
        #expect(world.skipped(.late) == 3)
        try world.send(.backfill(from: hours(-1), to: hours(3), isParallel: false))
        #expect(world.times == ["1h", "-1h"])
        for count in 3...5 {
            try world.endFirst()
            #expect(world.starts.count == count)
        }
        #expect(world.times == ["1h", "-1h", "0s", "2h", "3h"] && world.faults.isEmpty)
        try world.endFirst()
        #expect(world.state.backfills.isEmpty && world.open.isEmpty)
        // Again: all but one have a run.
        try world.send(.backfill(from: hours(1), to: hours(4), isParallel: true))
        #expect(world.times.last == "4h" && world.starts.count == 6 && world.faults.isEmpty)
    }

    @Test func `backfills at once have bounds, and those that cannot be are refused`() throws {
        var world = try ScheduleWorld("@every 1m")
        let from = hours(-48)
        try world.send(.backfill(from: from, to: hours(0), isParallel: true))
        #expect(world.starts.count == ScheduleMachine.budget && world.machine.nextWake == world.now)
        try world.run(until: 0)
        #expect(world.open.count == ScheduleState.limit && world.machine.nextWake == hours(1.0 / 60))
        while !world.open.isEmpty { try world.endFirst() }
        #expect(world.starts.count == 48 * 60 + 1 && world.faults.isEmpty && world.state.backfills.isEmpty)
        let wrong: [(from: Timestamp, to: Timestamp)] = [
            (hours(-1), hours(1)), (hours(0), hours(-1)), (hours(-1.0 / 120), hours(-1.0 / 240)),
        ]
        for (from, to) in wrong {
            #expect(code { try world.send(.backfill(from: from, to: to, isParallel: false)) } == .invalid)
        }
        try world.send(.trigger(nil))
        for _ in 0..<ScheduleState.backfillLimit {
            try world.send(.backfill(from: from, to: hours(0), isParallel: false))
        }
        #expect(code { try world.send(.backfill(from: from, to: hours(0), isParallel: false)) } == .conflict)
    }

    @Test func `a start that fails is counted, and ends its backfill`() throws {
        var world = try ScheduleWorld("0 * * * *", .bufferAll)
        try world.run(until: 3)
        let first = world.state.open[0].run
        world.endUnnoticed(first)
        try world.send(.startFailed(first, message: "there is no report@main"))
        #expect(world.times == ["1h", "2h"] && world.waiting == ["3h"])
        #expect(
            world.state.failed == 1 && world.state.started == 1
                && world.state.recent.map(\.run) == [world.starts[1].run]
        )
        #expect(world.state.lastFailure?.message == "there is no report@main")
        try world.endFirst()
        try world.endFirst()
        for from in [-9, -99] as [Double] {
            try world.send(.backfill(from: hours(from), to: hours(0), isParallel: true))
        }
        let failed = world.starts.filter { $0.firing.time == hours(-9) }[0].run
        world.endUnnoticed(failed)
        try world.send(.startFailed(failed, message: ""))
        #expect(world.state.backfills.allSatisfy { $0.number == 2 } && world.faults.isEmpty)
    }

    @Test func `a changed timing counts from now on, another change takes nothing back`() throws {
        var world = try ScheduleWorld("0 * * * *", .bufferAll)
        try world.run(until: 2.5)
        var changed = world.machine.definition
        changed.overlap = .allowAll
        changed.name = "hourly"
        try world.send(.change(changed))
        try world.run(until: 3)
        #expect(world.times == ["1h", "3h"] && world.waiting == ["2h"])
        changed.timing = try ScheduleTiming("*/20 * * * *", anchor: ScheduleWorld.start)
        world.now = hours(4.9)
        try world.send(.change(changed))
        #expect(world.times == ["1h", "3h", "4h"] && world.machine.nextWake == hours(5))
        changed.catchUp = .seconds(1)
        #expect(code { try world.send(.change(changed)) } == .invalid)
        let other = ScheduleDefinition(
            id: ScheduleID(high: 7, low: 8),
            createdAt: changed.createdAt,
            name: "a",
            workflow: "a",
            inputs: [:],
            timing: changed.timing,
            creator: ""
        )
        #expect(code { try world.send(.change(other)) } == .invalid)
    }

    @Test func `a clock that goes back fires nothing twice, and far back the schedule follows it`() throws {
        var world = try ScheduleWorld("0 * * * *", .allowAll)
        try world.run(until: 3)
        world.now = hours(2.1)
        try world.send(.wake)
        #expect(world.starts.count == 3 && world.machine.nextWake == hours(4))
        world.now = hours(0.5)
        try world.send(.wake)
        #expect(world.starts.count == 3 && world.machine.nextWake == hours(1))
        try world.run(until: 5)
        #expect(world.times == ["1h", "2h", "3h", "4h", "5h"] && world.faults.isEmpty)
    }

    @Test func `jitter is the same each time, moves starts but not their order`() throws {
        var world = try ScheduleWorld("@every 10m", .allowAll) { $0.jitter = .seconds(3600) }
        try world.run(until: 5)
        #expect(world.starts.count == 29 || world.starts.count == 30)
        let delays = world.starts.map { $0.at - $0.firing.time }
        #expect(delays.allSatisfy { $0 >= .zero && $0 < .seconds(600) } && Set(delays).count > 20)
        #expect(zip(world.starts, world.starts.dropFirst()).allSatisfy { $0.firing.time < $1.firing.time })
        var again = try ScheduleWorld("@every 10m", .allowAll) { $0.jitter = .seconds(3600) }
        try again.run(until: 5)
        #expect(again.starts.map(\.at) == world.starts.map(\.at))
        // The window begins when the run was to start.
        var late = try ScheduleWorld("0 * * * *") { ($0.jitter, $0.catchUp) = (.seconds(3000), .seconds(10)) }
        try late.run(until: 40)
        #expect(late.skipped(.late) == 0 && late.starts.count == 1)
    }

    @Test func `a schedule that never fires again waits for people`() throws {
        var world = try ScheduleWorld("0 0 1 1 *")
        world.now = try #require(Timestamp(rfc3339: "9999-06-01T00:00:00Z"))
        try world.send(.wake)
        #expect(world.machine.nextWake == nil)
        try world.send(.trigger(nil))
        #expect(world.starts.count == 1)
    }

    @Test func `a definition that does not hold is refused`() throws {
        let good = try ScheduleWorld().machine.definition
        try good.check()
        let wrong: [(String, (inout ScheduleDefinition) -> Void)] = [
            ("name", { $0.name = "" }), ("name", { $0.name = "1a" }), ("name", { $0.name = "a b" }),
            ("name", { $0.name = String(repeating: "a", count: 201) }), ("workflow", { $0.workflow = "" }),
            ("workflow", { $0.workflow = String(repeating: "a", count: 301) }),
            ("window is from 10s to 366d, not 9s", { $0.catchUp = .seconds(9) }),
            ("jitter is from 0s to 1d", { $0.jitter = .seconds(86_401) }), ("jitter", { $0.jitter = .seconds(-1) }),
            ("65536 bytes", { $0.inputs["b"] = .string(String(repeating: "b", count: 65_536)) }),
        ]
        for (part, change) in wrong {
            var definition = good
            change(&definition)
            let error = #expect(throws: EngineError.self, "\(part)") { try definition.check() }
            #expect(error?.code == .invalid && error?.message.contains(part) == true, "\(error?.message ?? "")")
        }
    }
}
