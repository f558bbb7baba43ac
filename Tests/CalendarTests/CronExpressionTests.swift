// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar
import Testing

@Suite struct CronExpressionTests {
    private func time(_ text: String) throws -> Int64 { try #require(RFC3339.parse(text)).seconds }

    /// The next `count` times after `start` as text.
    private func times(_ text: String, _ zone: String, after start: String, _ count: Int) throws -> [String] {
        let (cron, rules) = (try CronExpression(text), try TimeZoneRules.named(zone))
        var result: [String] = []
        var moment = try time(start)
        while result.count < count, let next = cron.next(after: moment, in: rules) {
            moment = next
            result.append(RFC3339.text(seconds: next, nanoseconds: 0))
        }
        return result
    }

    @Test func `expressions give the times of the calendar`() throws {
        let table: [(text: String, after: String, next: [String])] = [
            ("*/15 * * * *", "2026-01-31T23:40:00Z", ["2026-01-31T23:45:00Z", "2026-02-01T00:00:00Z"]),
            ("30 4 1,15 * FRI", "2026-01-01T05:00:00Z", ["2026-01-02T04:30:00Z", "2026-01-09T04:30:00Z"]),
            ("0 0 29 2 *", "2024-02-29T00:00:00Z", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
            ("0 0 29 2 *", "2096-03-01T00:00:00Z", ["2104-02-29T00:00:00Z"]),
            ("0 0 31 * *", "2026-01-31T00:00:00Z", ["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"]),
            ("0 0 ? FEB-apr 7", "2026-02-22T00:00:00Z", ["2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z"]),
            ("0 12 * * FRI-SUN", "2026-01-01T00:00:00Z", ["2026-01-02T12:00:00Z", "2026-01-03T12:00:00Z"]),
            ("0 12 * * SUN-TUE/2", "2026-01-01T00:00:00Z", ["2026-01-04T12:00:00Z", "2026-01-06T12:00:00Z"]),
            ("0 0 */10 * MON", "2026-01-01T00:00:00Z", ["2026-05-11T00:00:00Z"]),
            ("5/20 22-23 * * *", "2026-01-01T22:25:00Z", ["2026-01-01T22:45:00Z", "2026-01-01T23:05:00Z"]),
            ("10,50 59 23 31 12 *", "2026-12-31T23:59:10Z", ["2026-12-31T23:59:50Z", "2027-12-31T23:59:10Z"]),
            ("0 0 1 1 7/2", "2026-01-01T00:00:00Z", ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]),
            ("\t 0  0 1\t1 * ", "2026-01-01T00:00:00Z", ["2027-01-01T00:00:00Z"]),
            ("@yearly", "2026-01-01T00:00:00Z", ["2027-01-01T00:00:00Z"]),
            ("@annually", "2026-01-01T00:00:00Z", ["2027-01-01T00:00:00Z"]),
            ("@monthly", "2026-01-01T00:00:00Z", ["2026-02-01T00:00:00Z"]),
            ("@weekly", "2026-01-01T00:00:00Z", ["2026-01-04T00:00:00Z"]),
            (" @daily ", "2026-01-01T00:00:00Z", ["2026-01-02T00:00:00Z"]),
            ("@midnight", "2026-01-01T00:00:00Z", ["2026-01-02T00:00:00Z"]),
            ("@hourly", "2026-01-01T00:59:59Z", ["2026-01-01T01:00:00Z"]),
            ("0 0 1 1 *", "9998-06-01T00:00:00Z", ["9999-01-01T00:00:00Z"]),
            ("0 0 1 1 *", "0001-01-01T00:00:00Z", ["0002-01-01T00:00:00Z"]),
        ]
        for row in table {
            #expect(try times(row.text, "UTC", after: row.after, row.next.count) == row.next, "\(row.text)")
        }
        #expect(try times("0 0 1 1 *", "UTC", after: "9999-01-01T00:00:00Z", 1).isEmpty)
        #expect(try CronExpression("* * * * *").next(after: .max, in: .utc) == nil)
        #expect(try CronExpression("* * * * *").next(after: .min, in: .utc) == RFC3339.range.lowerBound)
        #expect(try CronExpression(" 0 0 1 1 * ").description == "0 0 1 1 *")
    }

    @Test func `a time that the clock leaves out comes when the clock goes on, a doubled one comes once`() throws {
        let table: [(text: String, zone: String, after: String, next: [String])] = [
            // 02:00 to 03:00 is left out on 29 March and doubled on 25 October.
            (
                "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
                ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
            ),
            (
                "*/20 2,3 * * *", "Europe/Berlin", "2026-03-29T00:59:00Z",
                ["2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z"]
            ),
            ("30 2 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", ["2026-10-26T01:30:00Z"]),
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T01:15:00Z", ["2026-10-26T01:30:00Z"]),
            (
                "*/30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z",
                ["2026-10-25T02:00:00Z", "2026-10-25T02:30:00Z"]
            ),
            ("* * * * * *", "Europe/Berlin", "2026-10-25T00:59:58Z", ["2026-10-25T00:59:59Z", "2026-10-25T02:00:00Z"]),
            (
                "30 2 8 3 *", "America/New_York", "2026-01-01T00:00:00Z",
                ["2026-03-08T07:00:00Z", "2027-03-08T07:30:00Z"]
            ),
            (
                "0 1 1 11 *", "America/New_York", "2026-01-01T00:00:00Z",
                ["2026-11-01T05:00:00Z", "2027-11-01T05:00:00Z"]
            ),
            // Half an hour: 02:00 to 02:30 is left out on 4 October, 01:30 to 02:00 doubled on 5 April.
            (
                "15 2 4 10 *", "Australia/Lord_Howe", "2026-10-01T00:00:00Z",
                ["2026-10-03T15:30:00Z", "2027-10-03T15:15:00Z"]
            ),
            (
                "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z",
                ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]
            ),
            // Samoa had no 30 December 2011.
            (
                "0 9,10 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z",
                ["2011-12-30T10:00:00Z", "2012-12-29T19:00:00Z"]
            ),
        ]
        for row in table {
            let found = try times(row.text, row.zone, after: row.after, row.next.count)
            #expect(found == row.next, "\(row.text) in \(row.zone) after \(row.after)")
        }
    }

    @Test func `what is not understood is refused by field, place and what is allowed`() throws {
        let table: [(text: String, field: CronField?, position: Int, part: String)] = [
            ("", nil, 1, "this one has 0"), ("* * * *", nil, 1, "this one has 4"),
            ("0 0 0 1 1 ? 2026", nil, 1, "this one has 7"), ("@reboot", nil, 1, "`@reboot` is not known"),
            ("@Daily", nil, 1, "`@daily`"), ("@every 5m", nil, 1, "is not known"), ("0 0 L * *", .dayOfMonth, 5, "`L`"),
            ("0 0 15W * *", .dayOfMonth, 7, "`W` is not understood; allowed are 1-31, `*`, `?`, lists"),
            ("0 0 LW * *", .dayOfMonth, 5, "day of month, character 5: `LW`"), ("0 0 * * 5L", .dayOfWeek, 10, "`L`"),
            ("0 0 * * 1,5#2", .dayOfWeek, 12, "`#2`"), ("0 0 * * MONDAY", .dayOfWeek, 9, "0-7 (0 and 7 are Sunday)"),
            ("60 * * * *", .minute, 1, "`60` is out of range; allowed are 0-59"), ("0 24 * * *", .hour, 3, "0-23"),
            ("0 0 0 * *", .dayOfMonth, 5, "`0` is out of range"), ("0 0 1 13 *", .month, 7, "1-12 or JAN-DEC"),
            ("0 0 1 JAM *", .month, 7, "`JAM`"), ("0 0 * * 8", .dayOfWeek, 9, "`8` is out of range"),
            ("61 0 0 * * *", .second, 1, "`61`"), ("? * * * *", .minute, 1, "`?` may only stand for a day"),
            ("0 0 1,? * *", .dayOfMonth, 7, "stands alone"), ("0 0 ?/2 * *", .dayOfMonth, 5, "stands alone"),
            ("*/0 * * * *", .minute, 3, "the step `0` is not from 1 to 59"), ("*/60 * * * *", .minute, 3, "`60`"),
            ("*/ * * * *", .minute, 3, "something is missing"), ("1,,2 * * * *", .minute, 3, "something is missing"),
            ("1, * * * *", .minute, 3, "something is missing"), ("1- * * * *", .minute, 3, "something is missing"),
            ("*-5 * * * *", .minute, 2, "`-5`"), ("/5 * * * *", .minute, 1, "`/5`"), ("-5 * * * *", .minute, 1, "`-5`"),
            ("0 22-2 * * *", .hour, 3, "write two, such as `22-23,0-2`"),
            ("0 0 * * SAT-MON", .dayOfWeek, 9, "`6-7,0-1`"),
            ("0 0 30 2 *", .dayOfMonth, 5, "none of the months"), ("0 0 31 4,6,9,11 *", .dayOfMonth, 5, "none of the"),
            ("0 0 * * ſun", .dayOfWeek, 9, "`ſun`"), ("é * * * *", .minute, 1, "`é`"),
            ("1.5 * * * *", .minute, 2, "`.5`"),
            ("99999999999999999999 * * * *", .minute, 1, "out of range"), ("0\u{A0}0 * * * *", .minute, 2, "`\u{A0}0`"),
            (String(repeating: "*", count: 257), nil, 1, "at most 256"),
            (String(repeating: "x", count: 99) + " 0 * * *", .minute, 1, "`xxxxxxxxxxxxxxxxxxxx…`"),
        ]
        for row in table {
            let error = #expect(throws: CronError.self, "\(row.text)") { try CronExpression(row.text) }
            #expect(
                error?.field == row.field && error?.position == row.position,
                "\(row.text): \(error?.message ?? "")"
            )
            #expect(error?.message.contains(row.part) == true, "\(row.text): \(error?.message ?? "")")
        }
    }

    @Test func `no text makes the reader trap, and what it reads has an end`() {
        var random = Random(seed: 11)
        let alphabet = Array("0123456789 */,-?LW#@ \tJANFEBMONSUNjan\u{301}é\u{1F600}".unicodeScalars)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...24, using: &random)
            let scalars = (0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] }
            guard let cron = try? CronExpression(String(String.UnicodeScalarView(scalars))) else { continue }
            _ = cron.next(after: 1_800_000_000, in: .utc)
        }
    }
}
