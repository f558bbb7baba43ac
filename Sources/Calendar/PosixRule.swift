// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

/// The rule at the end of a zone's file, for example `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX.1, 8.3 `TZ`).
struct PosixRule: Sendable, Equatable {
    /// A day of every year.
    enum Day: Sendable, Equatable {
        /// 1 to 365; 29 February is not counted.
        case withoutLeapDay(Int64)
        /// 0 to 365.
        case ofYear(Int64)
        /// The first to fourth or, as 5, the last such day of a week in a month; 0 is Sunday.
        case ofWeek(month: Int64, week: Int64, day: Int64)
    }

    /// A change to or from summer time, in seconds of the clock before it.
    struct Change: Sendable, Equatable {
        let day: Day
        let seconds: Int64
    }

    struct Summer: Sendable, Equatable {
        let offset: Int64
        let start: Change
        let end: Change
    }

    /// Seconds east of UTC.
    let standard: Int64
    let summer: Summer?

    /// Seconds east of UTC at a time in seconds since the epoch.
    func offset(at time: Int64) -> Int64 {
        guard let summer else { return standard }
        let year = CivilTime(secondsSinceEpoch: time + standard).date.year
        var latest: (time: Int64, isStart: Bool)?
        for year in year - 1...year + 1 {
            let changes = [
                (summer.start.seconds(year: year) - standard, true),
                (summer.end.seconds(year: year) - summer.offset, false),
            ]
            for change in changes where change.0 <= time {
                // Summer time that lasts all year ends when it starts again; the start then wins.
                if let known = latest, known.time > change.0 || known.time == change.0 && known.isStart { continue }
                latest = change
            }
        }
        return latest?.isStart == true ? summer.offset : standard
    }
}

extension PosixRule.Change {
    /// Seconds of the clock since 1970-01-01 00:00:00.
    func seconds(year: Int64) -> Int64 {
        dayNumber(year) * 86_400 + seconds
    }

    private func dayNumber(_ year: Int64) -> Int64 {
        let newYear = CivilDate(checkedYear: year, month: 1, day: 1).daysSinceEpoch
        switch day {
        case .ofYear(let day): return newYear + day
        case .withoutLeapDay(let day): return newYear + day - 1 + (CivilDate.isLeap(year) && day >= 60 ? 1 : 0)
        case .ofWeek(let month, let week, let weekday):
            let first = CivilDate(checkedYear: year, month: month, day: 1)
            let day = 1 + (weekday - first.dayOfWeek + 7) % 7 + (week - 1) * 7
            let last = CivilDate.dayCount(ofMonth: month, year: year)
            return first.daysSinceEpoch + (day > last ? day - 7 : day) - 1
        }
    }
}

// MARK: Reading

extension PosixRule {
    /// Nil when the text is not such a rule.
    init?(_ text: String) {
        var reader = DigitReader(text)
        guard reader.zoneName(), let west = reader.clock(hourLimit: 24) else { return nil }
        standard = -west
        guard !reader.isAtEnd else {
            summer = nil
            return
        }
        guard reader.zoneName() else { return nil }
        var offset = standard + 3600
        if reader.next != UInt8(ascii: ",") {
            guard let west = reader.clock(hourLimit: 24) else { return nil }
            offset = -west
        }
        guard reader.take(","), let start = reader.change(), reader.take(","), let end = reader.change(),
            reader.isAtEnd
        else { return nil }
        summer = Summer(offset: offset, start: start, end: end)
    }
}

extension DigitReader {
    /// Three or more letters, or anything simple in angle brackets.
    fileprivate mutating func zoneName() -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
        if take("<") {
            let name = take { isLetter($0) || (48...57).contains($0) || "+-".utf8.contains($0) }
            return name.utf8.count >= 3 && take(">")
        }
        return take(while: isLetter).utf8.count >= 3
    }

    /// `[+-]h[:m[:s]]` in seconds.
    fileprivate mutating func clock(hourLimit: Int64) -> Int64? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(), hours <= hourLimit else { return nil }
        var seconds = hours * 3600
        for unit in [Int64(60), 1] where take(":") {
            guard let value = number(2), value < 60 else { return nil }
            seconds += value * unit
        }
        return isNegative ? -seconds : seconds
    }

    fileprivate mutating func change() -> PosixRule.Change? {
        guard let day = day() else { return nil }
        guard take("/") else { return PosixRule.Change(day: day, seconds: 7200) }
        return clock(hourLimit: 167).map { PosixRule.Change(day: day, seconds: $0) }
    }

    private mutating func day() -> PosixRule.Day? {
        if take("J") {
            guard let day = number(), (1...365).contains(day) else { return nil }
            return .withoutLeapDay(day)
        }
        if take("M") {
            guard let month = number(), (1...12).contains(month), take("."), let week = number(),
                (1...5).contains(week), take("."), let day = number(), (0...6).contains(day)
            else { return nil }
            return .ofWeek(month: month, week: week, day: day)
        }
        guard let day = number(), (0...365).contains(day) else { return nil }
        return .ofYear(day)
    }
}
