// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar
import Text

extension Evaluator {
    /// The `get…` functions on timestamps, in UTC or a given zone, and on durations.
    mutating func timePart(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError) -> CELValue {
        switch value {
        case .timestamp(let seconds, let nanoseconds):
            var offset: Int64 = 0
            if let node = nodes.first { offset = try Self.offset(of: try text(node, function), at: seconds) }
            let time = CivilTime(secondsSinceEpoch: seconds + offset)
            return .int(Self.part(function, time, milliseconds: Int64(nanoseconds / 1_000_000)))
        case .duration(let seconds, let nanoseconds):
            guard nodes.isEmpty else { throw .failed("`\(function.rawValue)` of a duration takes no zone") }
            switch function {
            case .getHours: return .int(seconds / 3600)
            case .getMinutes: return .int(seconds / 60)
            case .getSeconds: return .int(seconds)
            case .getMilliseconds: return .int(Int64(nanoseconds / 1_000_000))
            default: throw unsuitable(function, value)
            }
        default: throw unsuitable(function, value)
        }
    }

    /// Seconds east of UTC for an offset such as `+02:00` or the name of a zone.
    private static func offset(of zone: String, at seconds: Int64) throws(CELError) -> Int64 {
        if zone == "Z" { return 0 }
        var reader = DigitReader(zone)
        if let offset = reader.zoneOffset(signRequired: false), reader.isAtEnd { return offset }
        do { return try TimeZoneRules.named(zone).offset(at: seconds) } catch { throw .failed(error.message) }
    }

    /// Months, days of the month (but not `getDate`), days of the year and of the week count from 0.
    private static func part(_ function: Function, _ time: CivilTime, milliseconds: Int64) -> Int64 {
        switch function {
        case .getFullYear: time.date.year
        case .getMonth: time.date.month - 1
        case .getDate: time.date.day
        case .getDayOfMonth: time.date.day - 1
        case .getDayOfYear: time.date.dayOfYear - 1
        case .getDayOfWeek: time.date.dayOfWeek
        case .getHours: time.hour
        case .getMinutes: time.minute
        case .getSeconds: time.second
        default: milliseconds
        }
    }
}
