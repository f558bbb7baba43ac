// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

/// Milliseconds.
private let day: Int64 = 86_400_000

@Suite struct DurationTextTests {
    @Test func `units and ISO 8601 are read`() {
        let cases: [(text: String, milliseconds: Int64)] = [
            ("0s", 0), ("0ms", 0), ("1ms", 1), ("250ms", 250), ("10s", 10_000), ("90s", 90_000), ("1m", 60_000),
            ("1h30m", 5_400_000), ("2d", 2 * day), ("1d1h1m1s1ms", day + 3_661_001), ("1d1ms", day + 1),
            ("1.5s", 1500), ("0.5h", 1_800_000), ("1.5h30s", 5_430_000), ("0.9ms", 0), ("007s", 7000),
            ("36600d", 36_600 * day),
            ("PT0S", 0), ("PT10S", 10_000), ("PT1H30M", 5_400_000), ("P1D", day), ("P2W", 14 * day),
            ("P1W2D", 9 * day), ("P1DT12H", day * 3 / 2), ("PT0.25S", 250), ("PT90M", 5_400_000),
        ]
        for (text, milliseconds) in cases {
            #expect(Duration(text: text) == .milliseconds(milliseconds), "\(text)")
        }
    }

    @Test func `what is no duration is refused`() {
        let texts = [
            "", " ", "s", "10", "0", "10 s", " 10s", "10s ", "10S", "10sec", "-10s", "+10s", "1s1m", "1ms1s", "1s1s",
            "1h2h",
            "1..5s", ".5s", "5.s", "1,5s", "1e3s", "∞s", "١s", "nan", "inf", "0x10s", "1w", "1y",
            "36601d", "99999999999999999999d", "1\(String(repeating: "0", count: 400))s",
            "P", "PT", "P1", "PT1", "P1H", "PT1D", "P1Y", "P1M", "P1DT", "PTS", "P-1D", "pt10s", "PT10s", "P1D2W",
            "PT1S1M", "PT1H1H", "P1DT1HT1M", "1sP", "\0",
        ]
        for text in texts { #expect(Duration(text: text) == nil, "\(text)") }
    }

    @Test func `durations are written in whole units, largest first`() {
        let cases: [(milliseconds: Int64, text: String)] = [
            (0, "0s"), (1, "1ms"), (999, "999ms"), (1000, "1s"), (1500, "1s500ms"), (60_000, "1m"),
            (5_400_000, "1h30m"), (day, "1d"), (day + 1, "1d1ms"), (90 * day, "90d"), (-1500, "-1s500ms"),
        ]
        for (milliseconds, text) in cases { #expect(Duration.milliseconds(milliseconds).text == text) }
        #expect(Duration.nanoseconds(1_999_999).text == "1ms", "fractions are dropped")
    }

    @Test func `what is written is read back`() {
        var random = SplitMix(seed: 3)
        for step in 0..<5000 {
            let largest = step % 2 == 0 ? 1_000_000 : 36_600 * day
            let span = Duration.milliseconds(Int64.random(in: 0...largest, using: &random))
            guard Duration(text: span.text) == span else {
                Issue.record("\(span) became \(span.text)")
                return
            }
        }
    }
}
