// Baton
// SPDX-License-Identifier: Apache-2.0

/// Timestamps as RFC 3339 text and as parts of the proleptic Gregorian calendar.
struct CalendarTime {
    let year: Int64
    /// 1 to 12.
    let month: Int64
    /// 1 to 31.
    let day: Int64
    /// 0 to 365.
    let dayOfYear: Int64
    /// 0 is Sunday.
    let dayOfWeek: Int64
    let hour: Int64
    let minute: Int64
    let second: Int64

    /// Years 1 to 9999.
    static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// The parts of a time given in seconds since 1970-01-01T00:00:00 of the wanted zone.
    init(seconds: Int64) {
        let days = Self.floorDivide(seconds, 86_400)
        let rest = seconds - days * 86_400
        let era = Self.floorDivide(days + 719_468, 146_097)
        let dayOfEra = days + 719_468 - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayFromMarch = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayFromMarch + 2) / 153
        day = dayFromMarch - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        dayOfYear = days - Self.days(year: year, month: 1, day: 1)
        dayOfWeek = days + 4 - Self.floorDivide(days + 4, 7) * 7
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
    }

    /// RFC 3339 in UTC with as many fraction digits as needed.
    static func text(seconds: Int64, nanoseconds: Int32) -> String {
        let time = CalendarTime(seconds: seconds)
        let date = "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2))"
        let clock = "\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))"
        return "\(date)T\(clock)\(fraction(nanoseconds))Z"
    }

    /// A point and the digits of the fraction, nothing for zero.
    static func fraction(_ nanoseconds: Int32) -> String {
        guard nanoseconds != 0 else { return "" }
        var digits = padded(Int64(nanoseconds.magnitude), 9)
        while digits.last == "0" { digits.removeLast() }
        return "." + digits
    }

    /// Reads RFC 3339; nil when it is not that or outside the years 1 to 9999.
    static func parse(_ text: String) -> (seconds: Int64, nanoseconds: Int32)? {
        var reader = DigitReader(text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T") || reader.take("t"), let hour = reader.number(2),
            reader.take(":"), let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            (1...12).contains(month), day >= 1, day <= daysIn(month: month, year: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var nanoseconds: Int32 = 0
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            nanoseconds = fraction
        }
        guard let offset = reader.take("Z") || reader.take("z") ? 0 : reader.zoneOffset(signRequired: true),
            reader.isAtEnd
        else { return nil }
        let clock = hour * 3600 + minute * 60 + second
        let seconds = days(year: year, month: month, day: day) * 86_400 + clock - offset
        return range.contains(seconds) ? (seconds, nanoseconds) : nil
    }

    /// Seconds east of UTC for `UTC`, `Z` and fixed offsets such as `+02:00`; nil for every other name.
    static func zoneOffset(_ zone: String) -> Int64? {
        if zone == "UTC" || zone == "Z" || zone == "GMT" { return 0 }
        var reader = DigitReader(zone)
        guard let offset = reader.zoneOffset(signRequired: false), reader.isAtEnd else { return nil }
        return offset
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayFromMarch = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayFromMarch - 719_468
    }

    private static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value / divisor - (value % divisor < 0 ? 1 : 0)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// Reads digits and single characters from the front of a text.
struct DigitReader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { index == bytes.count }

    /// Exactly `count` digits.
    mutating func number(_ count: Int) -> Int64? {
        guard index + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[index..<index + count] {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        index += count
        return value
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, UInt32(bytes[index]) == character.value else { return false }
        index += 1
        return true
    }

    /// One to nine digits after a point, as nanoseconds.
    mutating func fraction() -> Int32? {
        var value: Int64 = 0
        var count = 0
        while count < 9, let digit = number(1) {
            value = value * 10 + digit
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in count..<9 { value *= 10 }
        return Int32(value)
    }

    /// `+hh:mm` or `-hh:mm` in seconds; the sign may be left out where allowed.
    mutating func zoneOffset(signRequired: Bool) -> Int64? {
        let isNegative = take("-")
        guard isNegative || take("+") || !signRequired, let hours = number(2), take(":"), let minutes = number(2),
            hours < 24, minutes < 60
        else { return nil }
        return (isNegative ? -60 : 60) * (hours * 60 + minutes)
    }
}
