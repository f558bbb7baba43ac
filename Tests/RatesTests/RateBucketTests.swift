// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@testable import Rates

@Suite struct RateBucketTests {
    /// Two a second, five at once.
    private let rate = Rate(units: 2, period: .seconds(1), burst: 5)

    @Test func `a bucket hands out the instants at which calls may start`() {
        var buckets = RateBuckets()
        let starts = (0..<8).map { _ in buckets.reserve("a", rate, at: 1000) }
        #expect(starts == [1000, 1000, 1000, 1000, 1000, 1500, 2000, 2500])
        #expect(buckets.earliest("a", rate, at: 2900) == 3000)
        #expect(buckets.earliest("a", rate, weight: 3, at: 2900) == 4000)
        #expect(buckets.earliest("b", rate, at: 2900) == 2900)
        #expect(buckets.earliest("a", rate, at: 60_000) == 60_000)
        let burst = (0..<6).map { _ in buckets.reserve("a", rate, at: 60_000) }
        #expect(burst == [60_000, 60_000, 60_000, 60_000, 60_000, 60_500])
    }

    @Test func `what may not start now takes nothing`() {
        var buckets = RateBuckets()
        let taken = (0..<8).map { buckets.take("a", rate, at: $0 * 100) }
        #expect(taken == [true, true, true, true, true, true, false, false])
        #expect(buckets.earliest("a", rate, at: 700) == 1000)
        let late = buckets.take("a", rate, at: 1000)
        #expect(late)
    }

    @Test func `a call larger than the burst waits for a full bucket and leaves a debt`() {
        var buckets = RateBuckets()
        let starts = [
            buckets.reserve("a", rate, weight: 20, at: 0), buckets.reserve("a", rate, at: 0),
            buckets.reserve("a", rate, weight: 20, at: 0), buckets.reserve("a", rate, weight: 0, at: 50_000),
        ]
        // 20 units take 10 s, of which the burst gives 2.5; the next large one starts when all is paid for.
        #expect(starts == [0, 8000, 10_500, 50_000])
    }

    @Test func `the other side's word counts`() {
        var buckets = RateBuckets()
        buckets.hold("a", rate, until: 9000, at: 0)
        let starts = (0..<3).map { _ in buckets.reserve("a", rate, at: 100) }
        #expect(starts == [9000, 9500, 10_000])
        buckets.hold("a", rate, until: 50, at: 200)
        #expect(buckets.earliest("a", rate, at: 200) == 10_500, "earlier than what is known is no news")

        buckets.limit("b", rate, remaining: 2, at: 0)
        let left = (0..<4).map { _ in buckets.reserve("b", rate, at: 0) }
        #expect(left == [0, 0, 500, 1000])
        buckets.limit("b", rate, remaining: 4, at: 0)
        #expect(buckets.earliest("b", rate, at: 0) == 1500)
        buckets.limit("b", rate, remaining: -3, at: 9000)
        #expect(buckets.earliest("b", rate, at: 9000) == 9500)
        buckets.limit("b", rate, remaining: 99, at: 9000)
        #expect(buckets.earliest("b", rate, at: 9000) == 9500)

        // An estimate of 4 that was 2; one of 1 that was 5.
        _ = buckets.reserve("c", rate, weight: 4, at: 0)
        buckets.correct("c", rate, weight: -2, at: 0)
        #expect(buckets.earliest("c", rate, weight: 3, at: 0) == 0)
        #expect(buckets.earliest("c", rate, weight: 4, at: 0) == 500)
        buckets.correct("c", rate, weight: 4, at: 0)
        #expect(buckets.earliest("c", rate, at: 0) == 1000)
        buckets.correct("d", rate, weight: -100, at: 0)
        #expect(buckets.earliest("d", rate, weight: 5, at: 0) == 0)
        #expect(buckets.earliest("d", rate, weight: 6, at: 0) == 0)
    }

    @Test func `no span has more than the burst and what the rate gives in it`() throws {
        for seed in 1...12 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            let rate = Rate(
                units: Int.random(in: 1...1000, using: &random),
                period: .milliseconds(Int64.random(in: 1...60_000, using: &random)),
                burst: Int.random(in: 1...50, using: &random)
            )
            var buckets = RateBuckets()
            // The clock of the process; each process has another start.
            var (now, start): (Int64, Int64) = (0, 500_000)
            var starts: [(at: Int64, weight: Int)] = []
            var rows: [String: BucketRow] = [:]
            for _ in 0..<400 {
                now += Int64.random(in: 0..<2000, using: &random)
                let weight = Int.random(in: 1...rate.burst, using: &random)
                if Bool.random(using: &random) {
                    starts.append((start + buckets.reserve("a", rate, weight: weight, at: now), weight))
                } else if buckets.take("a", rate, weight: weight, at: now) {
                    starts.append((start + now, weight))
                }
                let changes = buckets.takeChanges(wall: Timestamp(milliseconds: start + now), at: now)
                for row in changes.rows { rows[row.key] = row }
                for key in changes.removed { rows[key] = nil }
                if Int.random(in: 0..<40, using: &random) == 0 {
                    // The process dies.
                    buckets = RateBuckets()
                    (start, now) = (start + now, 0)
                    let wall = Timestamp(milliseconds: start)
                    buckets.restore(Array(rows.values), wall: wall, at: now, limit: .seconds(1_000_000))
                }
            }
            starts.sort { $0.at < $1.at }
            for first in starts.indices {
                var sum = 0
                for last in first..<min(first + 60, starts.count) {
                    sum += starts[last].weight
                    // Instants are whole milliseconds, so a span may be a millisecond longer than it looks.
                    let span = Double(starts[last].at - starts[first].at + 1)
                    let most = Double(rate.burst) + span * Double(rate.units) / Double(rate.period.milliseconds)
                    try #require(Double(sum) <= most + 0.001, "seed \(seed), \(rate): \(sum) in \(span) ms")
                }
            }
        }
    }

    @Test func `rows tell what changed, and full buckets are forgotten`() {
        var buckets = RateBuckets()
        for number in 0..<3000 { _ = buckets.reserve("k\(number)", rate, at: 0) }
        var changes = buckets.takeChanges(wall: Timestamp(milliseconds: 7000), at: 0)
        #expect(changes.rows.count == 3000 && changes.removed.isEmpty)
        #expect(changes.rows[0] == BucketRow(key: "k0", fullAt: Timestamp(milliseconds: 7500)))
        for number in 0..<3000 { _ = buckets.reserve("l\(number)", rate, at: 1000) }
        changes = buckets.takeChanges(wall: Timestamp(milliseconds: 8000), at: 1000)
        #expect(buckets.count < 4500 && changes.removed.allSatisfy { $0.hasPrefix("k") })
        #expect(changes.rows.count == 3000 && changes.removed.count == 6000 - buckets.count)

        // A row from a time that the clock was set back from costs an hour at most; one of the past is removed.
        var restored = RateBuckets()
        let rows = [
            BucketRow(key: "future", fullAt: Timestamp(milliseconds: 90_000_000)),
            BucketRow(key: "past", fullAt: Timestamp(milliseconds: 1)),
        ]
        restored.restore(rows, wall: Timestamp(milliseconds: 5000), at: 300)
        #expect(restored.earliest("future", rate, weight: 5, at: 300) == 3_600_300)
        #expect(restored.takeChanges(wall: Timestamp(milliseconds: 5000), at: 300).removed == ["past"])
    }

    @Test func `absurd numbers do no harm`() {
        var buckets = RateBuckets()
        let slow = Rate(units: 1, period: .seconds(366 * 86_400), burst: 1)
        for _ in 0..<5 { _ = buckets.reserve("a", slow, weight: .max, at: .max / 2_000_000) }
        #expect(buckets.earliest("a", slow, weight: .max, at: 0) > 1_000_000_000)
        let none = Rate(units: 0, period: .zero, burst: 0)
        let starts = (0..<2).map { _ in buckets.reserve("b", none, at: 0) }
        #expect(starts == [0, 1])
    }
}

/// Numbers that a seed gives.
private struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    // SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
