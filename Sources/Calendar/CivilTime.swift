// Baton
// SPDX-License-Identifier: Apache-2.0

/// A day and the time on the clock, without a zone and without leap seconds.
public struct CivilTime: Hashable, Comparable, Sendable {
    /// The day.
    public let date: CivilDate
    /// 0 to 23.
    public let hour: Int64
    /// 0 to 59.
    public let minute: Int64
    /// 0 to 59.
    public let second: Int64

    /// Checks the clock; `nil` when it shows no such time.
    public init?(date: CivilDate, hour: Int64, minute: Int64, second: Int64 = 0) {
        guard (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second) else { return nil }
        self.date = date
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// What a clock shows that many seconds after it showed 1970-01-01 00:00:00.
    public init(secondsSinceEpoch seconds: Int64) {
        let (days, rest) = floorDivision(seconds, 86_400)
        date = CivilDate(daysSinceEpoch: days)
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
    }

    /// Seconds since 1970-01-01 00:00:00 on the same clock.
    public var secondsSinceEpoch: Int64 {
        date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// The earlier one is smaller.
    public static func < (left: Self, right: Self) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }
}
