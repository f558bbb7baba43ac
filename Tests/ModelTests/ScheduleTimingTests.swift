// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@Suite struct ScheduleTimingTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    @Test func `firings come by the calendar of a zone or by whole spans from the anchor`() throws {
        let table: [(text: String, zone: String, after: String, next: String)] = [
            ("0 9 * * MON-FRI", "Europe/Berlin", "2026-07-03T12:00:00Z", "2026-07-06T07:00:00.000Z"),
            ("0 9 * * *", "UTC", "2026-07-03T08:59:59.999Z", "2026-07-03T09:00:00.000Z"),
            ("0 9 * * *", "UTC", "2026-07-03T09:00:00Z", "2026-07-04T09:00:00.000Z"),
            ("0 0 1 1 *", "UTC", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z"),
            ("@every 10m", "UTC", "2026-01-01T00:00:30Z", "2026-01-01T00:10:30.000Z"),
            ("@every 10m", "UTC", "2026-01-01T00:10:29.999Z", "2026-01-01T00:10:30.000Z"),
            (" @every  1h30m ", "Europe/Berlin", "2026-01-01T00:00:30.001Z", "2026-01-01T01:30:30.000Z"),
            ("@every 1d", "UTC", "2025-01-01T00:00:00Z", "2025-01-01T00:00:30.000Z"),
            ("@every 1500ms", "UTC", "2026-01-01T00:00:31.600Z", "2026-01-01T00:00:33.000Z"),
        ]
        let anchor = try time("2026-01-01T00:00:30Z")
        for row in table {
            let timing = try ScheduleTiming(row.text, zone: row.zone, anchor: anchor)
            #expect(try timing.next(after: time(row.after))?.description == row.next, "\(row.text) after \(row.after)")
            #expect(timing.next(after: Timestamp(milliseconds: .max)) == nil)
            #expect(timing.next(after: Timestamp(milliseconds: .min)) != nil)
        }
        #expect(try ScheduleTiming("@every 1s", anchor: .init(milliseconds: .max)).next(after: anchor) != nil)
    }

    @Test func `firings of a span are counted up to a limit`() throws {
        let start = try time("2026-01-01T00:00:00Z")
        let table: [(text: String, span: Duration, limit: Int, count: Int)] = [
            ("0 * * * *", .seconds(7200), 9, 2), ("0 * * * *", .seconds(7199), 9, 1),
            ("0 * * * *", .seconds(86_400), 9, 9),
            ("@every 1h", .seconds(7200), 9, 2), ("@every 1h", .seconds(7199), 9, 1),
            ("@every 1h", .seconds(86_400), 9, 9),
            ("@every 1h", .seconds(-7200), 9, 0), ("0 * * * *", .seconds(-7200), 9, 0),
            ("@every 1s", .seconds(100 * 366 * 86_400), .max, 100 * 366 * 86_400),
        ]
        for row in table {
            let timing = try ScheduleTiming(row.text, anchor: start)
            let count = timing.count(after: start, through: start + row.span, limit: row.limit)
            #expect(count == row.count, "\(row.text), \(row.span)")
        }
    }

    @Test func `what says no times is refused`() throws {
        let table: [(text: String, zone: String, part: String)] = [
            ("@every", "UTC", "`@every` takes one duration from 1s to 366d"),
            ("@every 999ms", "UTC", "takes one duration"),
            ("@every 367d", "UTC", "takes one duration"), ("@every -5m", "UTC", "takes one duration"),
            ("@every 5 m", "UTC", "takes one duration"), ("@every5m", "UTC", "`@every5m` is not known"),
            ("@reboot", "UTC", "or a span such as `@every 10m`"),
            ("0 0 L * *", "UTC", "day of month, character 5: `L` is not understood"),
            ("@daily", "Europe/Nowhere", "no time zone `Europe/Nowhere`"), ("@every 5m", "CEST", "no time zone `CEST`"),
            ("", "UTC", "five fields"), ("10m", "UTC", "five fields"),
        ]
        for row in table {
            let error = #expect(throws: ScheduleTimingError.self, "\(row.text)") {
                try ScheduleTiming(row.text, zone: row.zone, anchor: Timestamp(milliseconds: 0))
            }
            #expect(error?.message.contains(row.part) == true, "\(row.text): \(error?.message ?? "")")
        }
    }
}
