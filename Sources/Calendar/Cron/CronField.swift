// Baton
// SPDX-License-Identifier: Apache-2.0

/// One of the fields of a cron expression, in the order in which they are written.
public enum CronField: Int, CaseIterable, Sendable {
    /// 0 to 59; only in expressions of six fields.
    case second
    /// 0 to 59.
    case minute
    /// 0 to 23.
    case hour
    /// 1 to 31.
    case dayOfMonth
    /// 1 to 12, or `JAN` to `DEC`.
    case month
    /// 0 to 7, where 0 and 7 are Sunday, or `SUN` to `SAT`.
    case dayOfWeek

    /// What people call it.
    var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    var range: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// How many different values there are.
    var count: Int { self == .dayOfWeek ? 7 : range.count }

    /// `?` may stand for "any".
    var isDay: Bool { self == .dayOfMonth || self == .dayOfWeek }

    /// The value of a name of three letters, in either case.
    func value(named name: String) -> Int? {
        let names =
            switch self {
            case .month:
                ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
            case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
            default: [String]()
            }
        return names.firstIndex(of: name.uppercased()).map { $0 + range.lowerBound }
    }

    /// What may be written, for messages.
    var allowed: String {
        let values =
            switch self {
            case .month: "1-12 or JAN-DEC"
            case .dayOfWeek: "0-7 (0 and 7 are Sunday) or SUN-SAT"
            default: "\(range.lowerBound)-\(range.upperBound)"
            }
        return "\(values), `*`,\(isDay ? " `?`," : "") lists `a,b`, ranges `a-b` and steps `*/n`, `a-b/n`, `a/n`"
    }
}
