// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar
import Testing

/// Searching is compared with walking through a whole year, minute by minute, and with looking at the clock.
@Suite struct CronOracleTests {
    @Test(arguments: ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
    func `searching finds what walking through a year finds`(zone: String) throws {
        let year = Walk(
            try TimeZoneRules.named(zone),
            from: "2026-01-01T00:00:00Z",
            to: "2027-01-01T00:00:00Z",
            step: 60
        )
        #expect(year.leftOut > 0 && year.doubled > 0, "the year has both changes")
        var random = Random(seed: 7)
        for _ in 0..<12 { try compare(Draw(isFine: false, &random), year, &random) }
    }

    @Test(arguments: [
        ("Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T04:00:00Z"),
        ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T04:00:00Z"),
        ("America/New_York", "2026-03-08T04:00:00Z", "2026-03-08T10:00:00Z"),
        ("America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T10:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T12:00:00Z", "2026-04-04T18:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-03T18:00:00Z"),
    ])
    func `searching finds what watching the seconds of a change finds`(zone: String, from: String, to: String) throws {
        let hours = Walk(try TimeZoneRules.named(zone), from: from, to: to, step: 1)
        #expect(hours.leftOut + hours.doubled >= 1800)
        var random = Random(seed: 8)
        for _ in 0..<25 { try compare(Draw(isFine: true, &random), hours, &random) }
    }

    private func compare(_ draw: Draw, _ walk: Walk, _ random: inout Random) throws {
        let cron = try CronExpression(draw.text)
        let expected = walk.times { draw.matches($0) }
        // Every time once, or a sample when there are too many.
        let starts =
            expected.count <= 1000
            ? [walk.start - 1] + expected
            : (0..<1000).map { _ in Int64.random(in: walk.start - 1..<walk.end, using: &random) }
        for start in starts {
            let found = cron.next(after: start, in: walk.rules)
            guard let wanted = expected.first(after: start) else {
                #expect(found.map { $0 >= walk.end } ?? true, "\(draw.text) after \(start)")
                continue
            }
            guard found == wanted else {
                Issue.record("\(draw.text) after \(start): \(wanted) wanted, \(found ?? 0) found")
                return
            }
        }
    }
}

/// What a clock shows and what it skips, moment by moment.
private struct Walk {
    /// A time of the clock and when it is due.
    struct Shown {
        let local: CivilTime
        let moment: Int64
    }

    let rules: TimeZoneRules
    let start: Int64
    let end: Int64
    private(set) var leftOut = 0
    private(set) var doubled = 0
    private var shown: [Shown] = []

    init(_ rules: TimeZoneRules, from: String, to: String, step: Int64) {
        self.rules = rules
        start = RFC3339.parse(from)?.seconds ?? 0
        end = RFC3339.parse(to)?.seconds ?? 0
        var latest = start + rules.offset(at: start) - step
        for moment in stride(from: start, to: end, by: Int64.Stride(step)) {
            let local = moment + rules.offset(at: moment)
            if local <= latest { doubled += 1 }
            for passed in stride(from: latest + step, through: local, by: Int64.Stride(step)) {
                if passed < local { leftOut += 1 }
                shown.append(Shown(local: CivilTime(secondsSinceEpoch: passed), moment: moment))
            }
            latest = max(latest, local)
        }
    }

    func times(_ matches: (CivilTime) -> Bool) -> [Int64] {
        var result: [Int64] = []
        for entry in shown where entry.moment != result.last && matches(entry.local) { result.append(entry.moment) }
        return result
    }
}

/// An expression drawn at random, and what it means.
private struct Draw {
    let text: String
    private var sets: [Set<Int>] = []
    private let isEitherDay: Bool

    init(isFine: Bool, _ random: inout Random) {
        let ranges = [0...59, 0...59, 0...23, 1...31, 1...12, 0...6]
        let chances = isFine ? [2, 2, 3, 1, 1, 1] : [0, 3, 3, 2, 2, 2]
        var parts: [String] = []
        for (range, chance) in zip(ranges, chances) {
            let isAny = Int.random(in: 0..<4, using: &random) >= chance
            let (part, set) = isAny ? ("*", Set(range)) : Self.list(range, &random)
            parts.append(part)
            sets.append(set)
        }
        if !isFine {
            parts.removeFirst()
            sets[0] = [0]
        }
        isEitherDay = ![parts[parts.count - 3], parts[parts.count - 1]].contains { $0.hasPrefix("*") }
        text = parts.joined(separator: " ")
    }

    private static func list(_ range: ClosedRange<Int>, _ random: inout Random) -> (String, Set<Int>) {
        var (parts, set): ([String], Set<Int>) = ([], [])
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            // Low days are in every month, so that none of the expressions is refused.
            let low = Int.random(
                in: range.lowerBound...(range.upperBound == 31 ? 28 : range.upperBound),
                using: &random
            )
            let high = Int.random(in: low...range.upperBound, using: &random)
            let step = Int.random(in: 1..<range.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                parts.append("\(low)-\(high)")
                set.formUnion(low...high)
            case 1:
                parts.append("\(low)-\(high)/\(step)")
                set.formUnion(stride(from: low, through: high, by: step))
            case 2:
                parts.append("\(low)/\(step)")
                set.formUnion(stride(from: low, through: range.upperBound, by: step))
            case 3 where parts.isEmpty:
                parts.append("*/\(step)")
                set.formUnion(stride(from: range.lowerBound, through: range.upperBound, by: step))
            default:
                parts.append("\(low)")
                set.insert(low)
            }
        }
        return (parts.joined(separator: ","), set)
    }

    func matches(_ time: CivilTime) -> Bool {
        guard sets[0].contains(Int(time.second)), sets[1].contains(Int(time.minute)), sets[2].contains(Int(time.hour)),
            sets[4].contains(Int(time.date.month))
        else { return false }
        let (isDay, isWeekday) = (sets[3].contains(Int(time.date.day)), sets[5].contains(Int(time.date.dayOfWeek)))
        return isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }
}

extension [Int64] {
    /// The first element above `value`; they ascend.
    fileprivate func first(after value: Int64) -> Int64? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] > value { high = middle } else { low = middle + 1 }
        }
        return low < count ? self[low] : nil
    }
}
