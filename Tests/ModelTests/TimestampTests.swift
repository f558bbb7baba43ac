// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@Suite struct TimestampTests {
    private static let both: [(text: String, milliseconds: Int64)] = [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1970-01-01T00:00:00.001Z", 1),
        ("2026-01-31T09:30:00.250Z", 1_769_851_800_250),
        ("2000-02-29T00:00:00.000Z", 951_782_400_000),
        ("2000-03-01T00:00:00.000Z", 951_868_800_000),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("1900-03-01T00:00:00.000Z", -2_203_891_200_000),
        ("2100-03-01T00:00:00.000Z", 4_107_542_400_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("1969-12-31T00:00:00.000Z", -86_400_000),
        ("1601-01-01T00:00:00.000Z", -11_644_473_600_000),
        ("0000-01-01T00:00:00.000Z", -62_167_219_200_000),
        ("0001-01-01T00:00:00.000Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ]

    @Test func `times are written as RFC 3339 and read back`() {
        for (text, milliseconds) in Self.both {
            #expect(Timestamp(milliseconds: milliseconds).description == text)
            #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds, "\(text)")
        }
    }

    @Test func `offsets, fractions and spellings are understood`() {
        let cases = [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("1970-01-01t00:00:00z", "1970-01-01T00:00:00.000Z"),
            ("1970-01-01 00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2026-01-31T09:30:00+01:00", "2026-01-31T08:30:00.000Z"),
            ("2026-01-31T09:30:00-05:30", "2026-01-31T15:00:00.000Z"),
            ("2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.000Z"),
            ("1970-01-01T00:00:00+00:01", "1969-12-31T23:59:00.000Z"),
            ("2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00.000Z"),
            ("2026-01-31T09:30:00-00:00", "2026-01-31T09:30:00.000Z"),
            ("2026-01-31T09:30:00.5Z", "2026-01-31T09:30:00.500Z"),
            ("2026-01-31T09:30:00.05Z", "2026-01-31T09:30:00.050Z"),
            ("2026-01-31T09:30:00.123999999Z", "2026-01-31T09:30:00.123Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
        ]
        for (text, expected) in cases { #expect(Timestamp(rfc3339: text)?.description == expected, "\(text)") }
    }

    @Test func `what is no time is refused`() {
        let texts = [
            "", "2026", "2026-01-31", "2026-01-31T09:30:00", "2026-01-31T09:30Z", "09:30:00Z",
            "2026-00-31T09:30:00Z", "2026-13-31T09:30:00Z", "2026-01-00T09:30:00Z", "2026-01-32T09:30:00Z",
            "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
            "2026-01-31T24:00:00Z", "2026-01-31T09:60:00Z", "2026-01-31T09:30:61Z", "2026-01-31T09:30:00.Z",
            "2026-01-31T09:30:00.1234567890Z", "2026-01-31T09:30:00+24:00", "2026-01-31T09:30:00+01:60",
            "2026-01-31T09:30:00+0100", "2026-01-31T09:30:00+1:00", "2026-01-31T09:30:00ZZ", " 2026-01-31T09:30:00Z",
            "2026-01-31T09:30:00Z ", "26-01-31T09:30:00Z", "2026-1-31T09:30:00Z", "2026-01-31X09:30:00Z",
            "-2026-01-31T09:30:00Z", "+2026-01-31T09:30:00Z", "２０２６-01-31T09:30:00Z", "2026-01-31T09:30:00,5Z",
        ]
        for text in texts { #expect(Timestamp(rfc3339: text) == nil, "\(text)") }
    }

    @Test func `every time of four-digit years survives the way to text and back`() {
        var random = SplitMix(seed: 1)
        for _ in 0..<20_000 {
            let time = Timestamp(milliseconds: .random(in: -62_167_219_200_000...253_402_300_799_999, using: &random))
            guard Timestamp(rfc3339: time.description) == time else {
                Issue.record("\(time.milliseconds) became \(time)")
                return
            }
        }
    }

    @Test func `text order is time order`() {
        var random = SplitMix(seed: 2)
        let times = (0..<1000).map { _ in
            Timestamp(milliseconds: .random(in: -62_167_219_200_000...253_402_300_799_999, using: &random))
        }
        #expect(times.sorted().map(\.description) == times.map(\.description).sorted())
    }

    @Test func `a span leads from one time to another`() {
        let earlier = Timestamp(milliseconds: -5)
        let later = earlier + .milliseconds(1505)
        #expect(later.milliseconds == 1500)
        #expect(later - earlier == .milliseconds(1505))
        #expect(earlier - later == .milliseconds(-1505))
        #expect(earlier + .nanoseconds(999_999) == earlier)
    }
}
