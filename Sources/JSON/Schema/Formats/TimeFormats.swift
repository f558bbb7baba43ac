// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar
import Text

/// Dates and times (RFC 3339).
enum TimeFormats {
    static func isDate(_ text: String) -> Bool {
        var reader = DigitReader(text)
        return takeDate(&reader) && reader.isAtEnd
    }

    static func isTime(_ text: String) -> Bool {
        var reader = DigitReader(text)
        return takeTime(&reader) && reader.isAtEnd
    }

    static func isDateTime(_ text: String) -> Bool {
        var reader = DigitReader(text)
        guard takeDate(&reader), reader.take("T") || reader.take("t") else { return false }
        return takeTime(&reader) && reader.isAtEnd
    }

    private static func takeDate(_ reader: inout DigitReader) -> Bool {
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), 1...12 ~= month
        else { return false }
        return day >= 1 && day <= CivilDate.dayCount(ofMonth: month, year: year)
    }

    /// A 60th second is a leap second, which there is only before midnight in UTC.
    private static func takeTime(_ reader: inout DigitReader) -> Bool {
        guard let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2), hour < 24, minute < 60, second <= 60
        else { return false }
        if reader.take(".") {
            guard reader.number(1) != nil else { return false }
            _ = reader.take { 48...57 ~= $0 }
        }
        guard let offset = takeOffset(&reader) else { return false }
        let utc = (hour * 60 + minute - offset + 1_440) % 1_440
        return second < 60 || utc == 1_439
    }

    /// Minutes.
    private static func takeOffset(_ reader: inout DigitReader) -> Int64? {
        if reader.take("Z") || reader.take("z") { return 0 }
        let isNegative = reader.take("-")
        guard isNegative || reader.take("+"), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), hour < 24, minute < 60
        else { return nil }
        return isNegative ? -(hour * 60 + minute) : hour * 60 + minute
    }

    /// The grammar of appendix A: weeks alone, or units from large to small without gaps.
    static func isDuration(_ text: String) -> Bool {
        guard text.utf8.first == UInt8(ascii: "P") else { return false }
        let parts = text.utf8.dropFirst().split(separator: UInt8(ascii: "T"), omittingEmptySubsequences: false)
        guard parts.count <= 2, let date = parts.first.flatMap(units) else { return false }
        guard parts.count == 2 else { return !date.isEmpty && (date == "W" || "YMD".contains(date)) }
        guard let time = units(parts[1]), !time.isEmpty else { return false }
        return "HMS".contains(time) && (date.isEmpty || "YMD".contains(date))
    }

    /// The letters behind numbers; `nil` when something else is there.
    private static func units(_ bytes: Substring.UTF8View) -> String? {
        var units = ""
        var hasDigits = false
        for byte in bytes {
            if 48...57 ~= byte {
                hasDigits = true
            } else {
                guard hasDigits, byte < 0x80 else { return nil }
                hasDigits = false
                units.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return hasDigits ? nil : units
    }
}
