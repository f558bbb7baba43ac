// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model

/// Times as people read them.
enum TimeText {
    /// `0.4s`, `12.3s`, `2m05s`, `3h07m`, `2d04h`.
    static func span(_ span: Duration) -> String {
        let milliseconds = max(0, span.milliseconds)
        let seconds = milliseconds / 1000
        switch seconds {
        case ..<60: return "\(seconds).\(milliseconds % 1000 / 100)s"
        case ..<3600: return "\(seconds / 60)m\(two(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3600)h\(two(seconds / 60 % 60))m"
        default: return "\(seconds / 86_400)d\(two(seconds / 3600 % 24))h"
        }
    }

    /// `12:00:01` in the time zone of the process.
    static func clock(_ time: Timestamp) -> String {
        var seconds = time_t(time.milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return "\(two(Int64(parts.tm_hour))):\(two(Int64(parts.tm_min))):\(two(Int64(parts.tm_sec)))"
    }

    /// `2026-01-31 09:30:00` in the time zone of the process.
    static func date(_ time: Timestamp) -> String {
        var seconds = time_t(time.milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return "\(parts.tm_year + 1900)-\(two(Int64(parts.tm_mon + 1)))-\(two(Int64(parts.tm_mday))) \(clock(time))"
    }

    private static func two(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
