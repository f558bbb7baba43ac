// Baton
// SPDX-License-Identifier: Apache-2.0

/// Times that come again by the calendar, as `crontab(5)` writes them.
///
/// Five fields say minute, hour, day of month, month and day of week; a sixth one in front says the second, which is 0
/// without it. A field is a list of values, ranges `a-b`, steps `*/n`, `a-b/n` or `a/n` (from `a` on), or `*`. Months
/// and days of the week have names of three letters. When neither of the two day fields begins with `*` or `?`, a day
/// has to fit one of them, else both.
///
/// `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight` and `@hourly` stand for the beginning of what
/// they name. Nothing else is understood, and nothing is guessed.
public struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// The text as it was given, without blanks around it.
    public let text: String

    private let seconds, minutes, hours, days, months, weekdays: CronSet
    /// One of the two day fields is enough.
    private let isEitherDay: Bool

    /// The text.
    public var description: String { text }

    /// Reads an expression.
    ///
    /// - Throws: For anything that is not understood, and for days that no month has, such as 30 February.
    public init(_ text: String) throws(CronError) {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count <= 256 else { throw CronError("a cron expression has at most 256 characters") }
        guard let macro = scalars.firstIndex(where: { !$0.isBlank }).map({ scalars[$0...] }), macro.first == "@" else {
            try self.init(fields: scalars)
            return
        }
        let name = String(String.UnicodeScalarView(macro)).trimmed
        guard let fields = Self.macros.first(where: { $0.name == name })?.fields else {
            let names = Self.macros.map { "`\($0.name)`" }.joined(separator: ", ")
            throw CronError(
                "`\(name.prefix(40))` is not known; write \(names), or five fields such as `0 9 * * MON-FRI`"
            )
        }
        try self.init(fields: Array(fields.unicodeScalars), text: name)
    }

    private static let macros: [(name: String, fields: String)] = [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"),
    ]

    private init(fields scalars: [Unicode.Scalar], text: String? = nil) throws(CronError) {
        let parts = scalars.split(whereSeparator: \.isBlank)
        guard parts.count == 5 || parts.count == 6 else {
            throw CronError(
                "a cron expression has five fields (minute, hour, day of month, month, day of week), or six with the "
                    + "second in front; this one has \(parts.count)"
            )
        }
        var sets: [CronSet] = []
        for (field, part) in zip(CronField.allCases.suffix(parts.count), parts) {
            var reader = CronFieldReader(field, part)
            sets.append(try reader.read())
        }
        if sets.count == 5 {
            var zero = CronSet()
            zero.insert(0)
            sets.insert(zero, at: 0)
        }
        (seconds, minutes, hours) = (sets[0], sets[1], sets[2])
        (days, months, weekdays) = (sets[3], sets[4], sets[5])
        let dayParts = [parts[parts.count - 3], parts[parts.count - 1]]
        isEitherDay = dayParts.allSatisfy { $0.first != "*" && $0.first != "?" }
        self.text = text ?? String(String.UnicodeScalarView(scalars)).trimmed
        guard isEitherDay || hasDay else {
            throw CronError(.dayOfMonth, at: dayParts[0].startIndex + 1, "none of the months has such a day")
        }
    }

    /// Some month has one of the days. Every day of the year falls on every day of the week in time.
    private var hasDay: Bool {
        (1...12).contains { months.contains($0) && days.first <= CivilDate.dayCount(ofMonth: $0, year: 2000) }
    }
}

// MARK: Searching

extension CronExpression {
    /// The first time after `time` at which it is due, in seconds since the epoch.
    ///
    /// A time that the zone's clock leaves out, because it is put forward, is due when the clock goes on. A time that it
    /// shows twice, because it is put back, is due when it shows it first. So no time is due twice, and times that
    /// coincide are one.
    ///
    /// - Returns: `nil` when there is none up to the end of the year 9999.
    public func next(after time: Int64, in zone: TimeZoneRules) -> Int64? {
        let limits = RFC3339.range
        guard time < limits.upperBound else { return nil }
        let time = max(time, limits.lowerBound - 1)
        var local = time + zone.offset(at: time)
        while let candidate = nextLocal(after: local) {
            let moment = zone.moment(local: candidate)
            if moment.first > time { return moment.first <= limits.upperBound ? moment.first : nil }
            local = candidate
            // The clock shows it again. All that it shows again was due before.
            if case .twice(let first, let second) = moment { local = zone.lastDoubled(first, second) }
        }
        return nil
    }

    /// The first fitting time of a clock after another, both in seconds since it showed 1970-01-01 00:00:00.
    private func nextLocal(after local: Int64) -> Int64? {
        let start = CivilTime(secondsSinceEpoch: local + 1)
        if matches(start.date), let clock = clock(from: start) { return start.date.daysSinceEpoch * 86_400 + clock }
        guard let date = date(after: start.date) else { return nil }
        return date.daysSinceEpoch * 86_400 + hours.first * 3600 + minutes.first * 60 + seconds.first
    }

    private func date(after date: CivilDate) -> CivilDate? {
        var date = date.next
        while date.year < 10_000 {
            if !months.contains(date.month) {
                date = date.nextMonth
            } else if matches(date) {
                return date
            } else {
                date = date.next
            }
        }
        return nil
    }

    private func matches(_ date: CivilDate) -> Bool {
        guard months.contains(date.month) else { return false }
        let (isDay, isWeekday) = (days.contains(date.day), weekdays.contains(date.dayOfWeek))
        return isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    /// Seconds of the day of the first fitting time of that day from `time` on.
    private func clock(from time: CivilTime) -> Int64? {
        guard let hour = hours.first(from: time.hour) else { return nil }
        if hour == time.hour {
            if minutes.contains(time.minute), let second = seconds.first(from: time.second) {
                return hour * 3600 + time.minute * 60 + second
            }
            if let minute = minutes.first(from: time.minute + 1) {
                return hour * 3600 + minute * 60 + seconds.first
            }
        }
        guard let hour = hours.first(from: hour == time.hour ? hour + 1 : hour) else { return nil }
        return hour * 3600 + minutes.first * 60 + seconds.first
    }
}

extension CivilDate {
    fileprivate var next: CivilDate {
        day < Self.dayCount(ofMonth: month, year: year)
            ? CivilDate(checkedYear: year, month: month, day: day + 1) : nextMonth
    }

    /// The first day of the next month.
    fileprivate var nextMonth: CivilDate {
        month < 12
            ? CivilDate(checkedYear: year, month: month + 1, day: 1)
            : CivilDate(checkedYear: year + 1, month: 1, day: 1)
    }
}

extension TimeZoneRules.Moment {
    /// When the clock shows it first, or goes on.
    fileprivate var first: Int64 {
        switch self {
        case .once(let moment), .never(next: let moment), .twice(let moment, _): moment
        }
    }
}

extension TimeZoneRules {
    /// The last time of the clock that it shows twice, where `first` and `second` are the moments of one such time.
    fileprivate func lastDoubled(_ first: Int64, _ second: Int64) -> Int64 {
        change(after: first, before: second) + offset(at: first) - 1
    }
}

extension Unicode.Scalar {
    fileprivate var isBlank: Bool { self == " " || self == "\t" }
}

extension String {
    /// Without blanks around it.
    fileprivate var trimmed: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.isBlank }),
            let last = scalars.lastIndex(where: { !$0.isBlank })
        else { return "" }
        return String(scalars[first...last])
    }
}
