// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@testable import Engine

/// Schedules driven at random: whatever happens, no firing starts two runs and the policies are kept.
@Suite struct SchedulePropertyTests {
    @Test(arguments: OverlapPolicy.allCases)
    func `no firing starts twice and no policy is broken, whatever clock and people do`(policy: OverlapPolicy) throws {
        for seed in 1...12 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            var world = try ScheduleWorld(
                ["@every 7m", "*/5 * * * *", "0 * * * *"].randomElement(using: &random)!,
                policy
            ) {
                if Bool.random(using: &random) { $0.jitter = .seconds(400) }
            }
            for step in 0..<300 {
                try act(&world, &random)
                let limit = policy == .allowAll ? ScheduleState.limit : 1
                let place = "\(policy), seed \(seed), step \(step)"
                guard world.faults.isEmpty, world.open.count <= limit else {
                    Issue.record("\(place): \(world.faults), \(world.open.count) open")
                    return
                }
                #expect(world.waiting.count <= (policy == .bufferAll ? 1000 : 1), "\(place)")
                #expect(Set(world.state.waiting).count == world.state.waiting.count, "\(place)")
                guard step % 8 == 0 else { continue }
                let stored = try ScheduleMachine(world.machine.row)
                guard stored.state == world.state, stored.definition == world.machine.definition else {
                    Issue.record("\(place): what is stored is not what was")
                    return
                }
                // Now and then the process dies and another one reads the row.
                if Int.random(in: 0..<3, using: &random) == 0 {
                    world.machine = stored
                    try world.send(.load)
                }
            }
            #expect(world.starts.count > 10, "\(policy), seed \(seed)")
        }
    }

    private func act(_ world: inout ScheduleWorld, _ random: inout SeededRandom) throws {
        func span(_ minutes: ClosedRange<Int64>) -> Duration {
            .milliseconds(Int64.random(in: minutes.lowerBound * 60_000...minutes.upperBound * 60_000, using: &random))
        }
        do throws(any Error) {
            switch Int.random(in: 0..<24, using: &random) {
            case 0: try world.send(.pause(note: nil))
            case 1, 2: try world.send(.resume(note: "go on"))
            case 3, 4: try world.send(.trigger(nil))
            case 5:
                let from = world.now + span(-600...0)
                try world.send(.backfill(from: from, to: from + span(0...600), isParallel: false))
            case 6: world.now = world.now + span(-30...0)
            case 7: world.now = world.now + span(-3000...3000)
            case 8: try world.sleep(after: span(0...300))
            case 9:
                if let run = world.open.first {
                    world.endUnnoticed(run)
                    try world.send(.startFailed(run, message: "no"))
                }
            case 10: try world.send(.wake)
            case 11...16: try world.endFirst()
            default: try world.run(to: world.now + span(0...30))
            }
        } catch {
            guard error is EngineError else { throw error }
        }
    }

    @Test(arguments: OverlapPolicy.allCases)
    func `every firing of the timing is started, waits, or is counted as left out`(policy: OverlapPolicy) throws {
        for seed in 1...10 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            var world = try ScheduleWorld("*/10 * * * *", policy) {
                $0.catchUp = .seconds(3000)
                if Bool.random(using: &random) { $0.jitter = .seconds(200) }
            }
            var (all, counted) = (0, ScheduleWorld.start)
            for step in 0..<200 {
                let span = Duration.milliseconds(Int64.random(in: 0...5_000_000, using: &random))
                switch Int.random(in: 0..<8, using: &random) {
                case 0: try? world.send(.pause(note: nil))
                case 1, 2: try? world.send(.resume(note: nil))
                case 3: try world.sleep(after: span)
                case 4, 5: try world.endFirst()
                default: try world.run(to: world.now + span)
                }
                let state = world.state
                let timing = world.machine.definition.timing
                all += timing.count(after: counted, through: state.handled, limit: .max)
                counted = state.handled
                let known = state.started + state.waiting.count + state.skipped.values.reduce(0, +)
                guard all == known else {
                    Issue.record("\(policy), seed \(seed), step \(step): \(all) firings, \(known) accounted for")
                    return
                }
            }
        }
    }

    @Test func `a damaged row is an error, not a crash`() throws {
        var world = try ScheduleWorld("0 * * * *", .bufferAll)
        try world.run(until: 3)
        try world.send(.backfill(from: world.now + .seconds(-7200), to: world.now, isParallel: false))
        let row = world.machine.row
        #expect(try ScheduleMachine(row).row == row)
        for (name, place) in [("definition", \ScheduleRow.definition), ("state", \ScheduleRow.state)] {
            let whole = try #require(try JSONValue(parsing: row[keyPath: place]).objectValue)
            for key in whole.keys {
                for value in [nil, .null, "x", [:], [1], -1] as [JSONValue?] {
                    var (damaged, object) = (row, whole)
                    object[key] = value
                    damaged[keyPath: place] = JSONValue.object(object).bytes()
                    do {
                        _ = try ScheduleMachine(damaged)
                    } catch {
                        #expect(error.code == .corrupted && error.message.contains("nightly"), "\(name).\(key)")
                    }
                }
            }
            var damaged = row
            damaged[keyPath: place] = [0xFF]
            #expect(throws: EngineError.self) { try ScheduleMachine(damaged) }
        }
    }
}

extension ScheduleWorld {
    fileprivate mutating func sleep(after span: Duration) throws {
        now = now + span
        try send(.load)
    }
}
