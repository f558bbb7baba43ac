// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing
import Text

@Suite struct SpellerTests {
    @Test func `the nearest name is found when it is near`() {
        let table: [(String, [String], String?)] = [
            ("lowr", ["upper", "lower"], "lower"), ("lowre", ["lower"], "lower"),
            ("status", ["stats", "statuses"], "stats"),
            ("x", ["y"], "y"), ("abc", ["xyz"], nil), ("same", ["same"], nil), ("", ["a"], "a"), ("abc", [], nil),
        ]
        for (name, known, expected) in table {
            var speller = Speller()
            #expect(speller.nearest(to: name, among: known) == expected, "\(name)")
        }
    }
}
