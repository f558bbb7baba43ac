// Baton
// SPDX-License-Identifier: Apache-2.0

extension Evaluator {
    /// The `get…` functions on timestamps, in UTC or a given zone, and on durations.
    mutating func timePart(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError) -> CELValue {
        switch value {
        case .timestamp(let seconds, let nanoseconds):
            var offset: Int64 = 0
            if let node = nodes.first {
                let zone = try text(node, function)
                guard let fixed = CalendarTime.zoneOffset(zone) else {
                    throw .failed(
                        "the zone \(CELValue.string(zone).shortText) is not known; use \"UTC\" or an offset such as \"+02:00\""
                    )
                }
                offset = fixed
            }
            let time = CalendarTime(seconds: seconds + offset)
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

    /// Months, days of the month (but not `getDate`), days of the year and of the week count from 0.
    private static func part(_ function: Function, _ time: CalendarTime, milliseconds: Int64) -> Int64 {
        switch function {
        case .getFullYear: time.year
        case .getMonth: time.month - 1
        case .getDate: time.day
        case .getDayOfMonth: time.day - 1
        case .getDayOfYear: time.dayOfYear
        case .getDayOfWeek: time.dayOfWeek
        case .getHours: time.hour
        case .getMinutes: time.minute
        case .getSeconds: time.second
        default: milliseconds
        }
    }
}
