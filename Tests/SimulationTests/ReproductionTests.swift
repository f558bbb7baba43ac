// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Simulation

@Suite struct ReproductionTests {
    @Test func `the same case gives the same log, byte by byte`() {
        for number in [7, 1234] as [UInt64] {
            for scenario in Scenario.allCases {
                let plan = SimulationCase(scenario, number)
                #expect(plan.run() == plan.run(), "\(plan)")
            }
        }
        #expect(SimulationCase(.all, 1).run().logHash != SimulationCase(.all, 2).run().logHash)
    }

    @Test func `numbers from a seed stay what they are`() {
        var random = SeededRandom(seed: 0)
        #expect(random.next() == 0xe220_a839_7b1d_cdaf)
        #expect(random.next() == 0x6e78_9e6a_a1b9_65f4)
    }
}
