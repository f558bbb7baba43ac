// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar
import Testing

@Suite struct CivilTests {
    @Test func `days and dates are each other's opposite`() {
        for days in stride(from: Int64(-800_000), to: 3_000_000, by: 37) {
            let date = CivilDate(daysSinceEpoch: days)
            guard date.daysSinceEpoch == days, CivilDate(year: date.year, month: date.month, day: date.day) == date
            else {
                Issue.record("\(days): \(date)")
                return
            }
        }
    }

    @Test func `dates know their place in week and year`() {
        let table: [(Int64, Int64, Int64, days: Int64, weekday: Int64, iso: Int64, dayOfYear: Int64)] = [
            (1970, 1, 1, 0, 4, 4, 1), (2024, 2, 29, 19_782, 4, 4, 60), (2024, 12, 31, 20_088, 2, 2, 366),
            (2023, 12, 31, 19_722, 0, 7, 365), (1, 1, 1, -719_162, 1, 1, 1), (1969, 12, 31, -1, 3, 3, 365),
        ]
        for row in table {
            let date = CivilDate(daysSinceEpoch: row.days)
            #expect(date == CivilDate(year: row.0, month: row.1, day: row.2), "\(row)")
            #expect(date.dayOfWeek == row.weekday && date.isoWeekday == row.iso, "\(row)")
            #expect(date.dayOfYear == row.dayOfYear, "\(row)")
        }
    }

    @Test func `what no calendar and no clock shows is refused`() {
        for (year, month, day) in [
            (2023, 2, 29), (1900, 2, 29), (2024, 13, 1), (2024, 0, 1), (2024, 4, 31), (2024, 1, 0),
        ] {
            #expect(CivilDate(year: Int64(year), month: Int64(month), day: Int64(day)) == nil)
        }
        let date = CivilDate(daysSinceEpoch: 0)
        #expect(CivilTime(date: date, hour: 24, minute: 0) == nil)
        #expect(CivilTime(date: date, hour: 0, minute: 60) == nil)
        #expect(CivilTime(date: date, hour: 0, minute: 0, second: 60) == nil)
    }

    @Test func `clocks before the epoch count up`() {
        let time = CivilTime(secondsSinceEpoch: -1)
        #expect(time == CivilTime(date: CivilDate(daysSinceEpoch: -1), hour: 23, minute: 59, second: 59))
        #expect(time.secondsSinceEpoch == -1)
    }

    @Test func `RFC 3339 is read and written`() {
        let table: [(String, Int64, Int32, String)] = [
            ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
            ("2024-02-29T12:00:00.120+02:00", 1_709_200_800, 120_000_000, "2024-02-29T10:00:00.12Z"),
            ("1969-12-31t23:59:59.999999999z", -1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
            ("9999-12-31T23:59:59-00:00", 253_402_300_799, 0, "9999-12-31T23:59:59Z"),
        ]
        for (text, seconds, nanoseconds, written) in table {
            let time = RFC3339.parse(text)
            #expect(time?.seconds == seconds && time?.nanoseconds == nanoseconds, "\(text)")
            #expect(RFC3339.text(seconds: seconds, nanoseconds: nanoseconds) == written)
        }
        #expect(RFC3339.text(seconds: 0, nanoseconds: 1_999_999, fractionDigits: 3) == "1970-01-01T00:00:00.001Z")
        let wrong = [
            "", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z", "2024-01-01T00:00:60Z",
            "0001-01-01T00:00:00+00:01",
            "2024-01-01 00:00:00Z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.1234567891Z",
            "2024-01-01T00:00:00+2:00",
        ]
        for text in wrong { #expect(RFC3339.parse(text) == nil, "\(text)") }
        #expect(RFC3339.parse("2016-12-31 23:59:60Z", isLenient: true)?.seconds == 1_483_228_799)
    }
}
