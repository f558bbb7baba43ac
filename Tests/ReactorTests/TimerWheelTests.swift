// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reactor

private final class Element: Deadlined {
    var timerPlace = TimerPlace()
    let name: String
    init(_ name: String) { self.name = name }
    func deadlinePassed() {}
}

@Suite struct TimerWheelTests {
    @Test func `elements are due in time, never early, whatever was set before`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            let start = Int64.random(in: 0...1_000_000, using: &random)
            var wheel = TimerWheel(now: start)
            let elements = (0..<40).map { Element("\($0)") }
            var wanted: [String: Int64] = [:]
            var now = start
            var wrong: [String] = []
            for _ in 0..<400 {
                let element = elements[Int.random(in: 0..<elements.count, using: &random)]
                switch Int.random(in: 0...3, using: &random) {
                case 0:
                    wheel.remove(element)
                    wanted[element.name] = nil
                case 1:
                    wheel.set(.max, of: element)
                    wanted[element.name] = nil
                default:
                    let deadline = now + Int64.random(in: 1...90_000, using: &random)
                    wheel.set(deadline, of: element)
                    wanted[element.name] = deadline
                }
                let delay = wheel.delay(from: now)
                if !wanted.isEmpty, delay == nil { wrong.append("sleeps without end") }
                now += Bool.random(using: &random) ? Int64.random(in: 0...3_000, using: &random) : (delay ?? 1)
                for case let element as Element in wheel.due(at: now) {
                    guard let deadline = wanted.removeValue(forKey: element.name) else {
                        wrong.append("\(element.name) was not wanted")
                        continue
                    }
                    if deadline > now { wrong.append("\(element.name) is early") }
                }
                let late = wanted.filter { $0.value + TimerWheel.tick <= now }
                wrong += late.keys.map { "\($0) is late" }
            }
            #expect(wrong == [])
        }
    }

    @Test func `a far deadline is told after many rounds of the wheel`() {
        var wheel = TimerWheel(now: 0)
        let element = Element("far")
        wheel.set(200_000, of: element)
        var now: Int64 = 0
        var found = 0
        while found == 0, let delay = wheel.delay(from: now) {
            now += delay
            found = wheel.due(at: now).count
        }
        #expect(found == 1)
        #expect((200_000...200_000 + TimerWheel.tick).contains(now))
        #expect(wheel.count == 0)
    }
}
