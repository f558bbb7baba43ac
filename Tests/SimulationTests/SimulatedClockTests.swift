// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Simulation

@Suite struct SimulatedClockTests {
    @Test func `the time of day jumps and stands still, and the other clock does neither`() {
        let clock = SimulatedClock(start: Timestamp(milliseconds: 1_000_000))
        clock.advance(by: .seconds(5))
        clock.jump(by: .seconds(-60))
        #expect(clock.wall() == Timestamp(milliseconds: 945_000))
        #expect(clock.monotonic() == 5_000)
        clock.freeze(for: .seconds(10))
        clock.advance(by: .seconds(9))
        #expect(clock.wall() == Timestamp(milliseconds: 945_000))
        clock.advance(by: .seconds(1))
        #expect(clock.wall() == Timestamp(milliseconds: 955_000))
        #expect(clock.monotonic() == 15_000)
    }
}
