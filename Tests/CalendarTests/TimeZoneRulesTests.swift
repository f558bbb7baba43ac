// Baton
// SPDX-License-Identifier: Apache-2.0

@testable import Calendar
import Testing

@Suite struct TimeZoneRulesTests {
    private func time(_ text: String) throws -> Int64 { try #require(RFC3339.parse(text)).seconds }

    @Test func `zones of the system have their offsets`() throws {
        let table: [(String, String, Int64)] = [
            ("Europe/Berlin", "2024-01-15T12:00:00Z", 3600), ("Europe/Berlin", "2024-07-15T12:00:00Z", 7200),
            ("Europe/Berlin", "2024-03-31T00:59:59Z", 3600), ("Europe/Berlin", "2024-03-31T01:00:00Z", 7200),
            ("Europe/Berlin", "2024-10-27T00:59:59Z", 7200), ("Europe/Berlin", "2024-10-27T01:00:00Z", 3600),
            ("Europe/Berlin", "2150-07-15T12:00:00Z", 7200), ("Europe/Berlin", "1800-01-01T00:00:00Z", 3208),
            ("America/New_York", "2024-07-04T00:00:00Z", -14_400),
            ("America/St_Johns", "2100-01-01T00:00:00Z", -12_600),
            ("Asia/Kolkata", "2024-01-01T00:00:00Z", 19_800), ("Australia/Sydney", "2099-01-01T00:00:00Z", 39_600),
            ("Australia/Sydney", "2099-07-01T00:00:00Z", 36_000), ("Etc/GMT+5", "2024-01-01T00:00:00Z", -18_000),
            ("Europe/Dublin", "2090-01-01T00:00:00Z", 0), ("Europe/Dublin", "2090-07-01T00:00:00Z", 3600),
            ("America/Argentina/Buenos_Aires", "2024-01-01T00:00:00Z", -10_800), ("UTC", "2024-01-01T00:00:00Z", 0),
        ]
        for (name, text, offset) in table {
            #expect(try TimeZoneRules.named(name).offset(at: time(text)) == offset, "\(name) \(text)")
        }
    }

    @Test func `names that are none cannot lead out of the folder`() {
        let names = [
            "", "Europe", "Europe/", "/etc/passwd", "../../../etc/passwd", "Europe/../UTC", "Europe/Nowhere",
            "tzdata.zi",
            "Europe//Berlin", "right/UTC", "Europe/Berlin\0", "-a", String(repeating: "a", count: 65), "Zürich",
            "zone.tab",
        ]
        for name in names {
            #expect(throws: TimeZoneError.self, "\(name)") { try TimeZoneRules.named(name) }
        }
    }

    @Test func `clock times are found on the time line`() throws {
        let rules = try TimeZoneRules.named("Europe/Berlin")
        let gap = try time("2024-03-31T01:00:00Z")
        #expect(rules.moment(local: try time("2024-01-15T12:00:00Z")) == .once(try time("2024-01-15T11:00:00Z")))
        #expect(rules.moment(local: try time("2024-03-31T01:59:59Z")) == .once(gap - 1))
        #expect(rules.moment(local: try time("2024-03-31T02:00:00Z")) == .never(next: gap))
        #expect(rules.moment(local: try time("2024-03-31T02:59:59Z")) == .never(next: gap))
        #expect(rules.moment(local: try time("2024-03-31T03:00:00Z")) == .once(gap))
        let first = try time("2024-10-27T00:30:00Z")
        #expect(rules.moment(local: try time("2024-10-27T02:30:00Z")) == .twice(first, first + 3600))
        #expect(TimeZoneRules(offset: -3600).moment(local: 0) == .once(3600))
        // Samoa left out 30 December 2011.
        let samoa = try TimeZoneRules.named("Pacific/Apia")
        #expect(samoa.moment(local: try time("2011-12-30T12:00:00Z")) == .never(next: try time("2011-12-30T10:00:00Z")))
    }

    @Test func `rules for the time after the list are read`() throws {
        let table: [(String, String, Int64)] = [
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T01:00:00Z", 7200),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T00:59:59Z", 3600),
            ("<+0330>-3:30", "2050-01-01T00:00:00Z", 12_600), ("EST5EDT,J60/0,300/-1", "2052-03-01T05:00:00Z", -14_400),
            ("EST5EDT,J60/0,300/-1", "2052-03-01T04:59:59Z", -18_000),
            ("XXX3EDT4,0/0,J365/23", "2050-06-01T00:00:00Z", -14_400),
            ("XXX3EDT4,0/0,J365/23", "2051-01-01T03:30:00Z", -14_400),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", "2050-07-01T00:00:00Z", 3600),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-07-01T00:00:00Z", -3600),
        ]
        for (rule, text, offset) in table {
            let seconds = try time(text)
            #expect(PosixRule(rule)?.offset(at: seconds) == offset, "\(rule) \(text)")
        }
        let wrong = [
            "", "CET", "C-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M1.1.1", "CET-25",
            "CET-1CEST,M3.5.0,M10.5.0x", "<a>1",
        ]
        for rule in wrong { #expect(PosixRule(rule) == nil, "\(rule)") }
    }

    @Test func `damaged files are refused`() throws {
        let whole = try #require(ZoneFile.read("/usr/share/zoneinfo/Europe/Berlin"))
        #expect(ZoneFile.parse(whole) != nil)
        for count in 0..<whole.count where ZoneFile.parse(Array(whole[..<count])) != nil {
            Issue.record("cut at \(count)")
        }
        for place in whole.indices {
            for change in [UInt8(0xFF), 0x80, 0x01] {
                var damaged = whole
                damaged[place] ^= change
                // Must not trap; the result may be rules of another zone.
                if let rules = ZoneFile.parse(damaged) { _ = rules.moment(local: 4_000_000_000) }
            }
        }
        #expect(ZoneFile.parse([UInt8](repeating: 0xFF, count: 200)) == nil)
    }
}
