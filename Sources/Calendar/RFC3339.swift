// Baton
// SPDX-License-Identifier: Apache-2.0

public import Text

/// Times as text of RFC 3339.
public enum RFC3339 {
    /// Seconds since the epoch of the years 1 to 9999, which is what the text can hold.
    public static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// UTC with `Z`, with as many digits of the fraction as needed.
    ///
    /// - Parameters:
    ///   - nanoseconds: 0 to 999,999,999.
    ///   - fractionDigits: Exactly that many digits instead, cut off, 1 to 9.
    public static func text(seconds: Int64, nanoseconds: Int32, fractionDigits: Int? = nil) -> String {
        let time = CivilTime(secondsSinceEpoch: seconds)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        if time.date.year < 0 { bytes.append(UInt8(ascii: "-")) }
        append(Int64(time.date.year.magnitude), width: 4, to: &bytes)
        append("-", time.date.month, to: &bytes)
        append("-", time.date.day, to: &bytes)
        append("T", time.hour, to: &bytes)
        append(":", time.minute, to: &bytes)
        append(":", time.second, to: &bytes)
        appendFraction(nanoseconds, digits: fractionDigits, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A point and the digits of the fraction, nothing for zero.
    public static func fraction(_ nanoseconds: Int32) -> String {
        var bytes: [UInt8] = []
        appendFraction(nanoseconds, digits: nil, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a time with any offset and up to nine digits of fraction; `nil` when it is not that.
    ///
    /// - Parameter isLenient: A space may stand for the `T`, second 60 is read as 59, and year 0 is allowed.
    public static func parse(_ text: String, isLenient: Bool = false) -> (seconds: Int64, nanoseconds: Int32)? {
        var reader = DigitReader(text)
        guard let date = reader.date(),
            reader.take("T") || reader.take("t") || isLenient && reader.take(" "),
            let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2), second < 60 || isLenient && second == 60,
            let time = CivilTime(date: date, hour: hour, minute: minute, second: min(second, 59))
        else { return nil }
        var nanoseconds: Int32 = 0
        if reader.take(".") {
            guard let fraction = reader.nanoseconds() else { return nil }
            nanoseconds = fraction
        }
        guard let offset = reader.take("Z") || reader.take("z") ? 0 : reader.zoneOffset(signRequired: true),
            reader.isAtEnd
        else { return nil }
        let seconds = time.secondsSinceEpoch - offset
        return isLenient || range.contains(seconds) ? (seconds, nanoseconds) : nil
    }

    private static func append(_ separator: Unicode.Scalar, _ value: Int64, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: separator))
        append(value, width: 2, to: &bytes)
    }

    private static func append(_ value: Int64, width: Int, to bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = value
        var count = 0
        while rest > 0 || count < width {
            bytes.append(UInt8(48 + rest % 10))
            rest /= 10
            count += 1
        }
        bytes[start...].reverse()
    }

    private static func appendFraction(_ nanoseconds: Int32, digits: Int?, to bytes: inout [UInt8]) {
        guard digits != nil || nanoseconds != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        append(Int64(nanoseconds.magnitude), width: 9, to: &bytes)
        if let digits {
            bytes.removeLast(9 - digits)
        } else {
            while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
        }
    }
}

extension DigitReader {
    /// Takes `yyyy-mm-dd`.
    public mutating func date() -> CivilDate? {
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2) else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    /// Takes `+hh:mm` or `-hh:mm`, in seconds east of UTC; the sign may be left out where allowed.
    public mutating func zoneOffset(signRequired: Bool) -> Int64? {
        let isNegative = take("-")
        guard isNegative || take("+") || !signRequired, let hours = number(2), take(":"), let minutes = number(2),
            hours < 24, minutes < 60
        else { return nil }
        return (isNegative ? -60 : 60) * (hours * 60 + minutes)
    }
}
