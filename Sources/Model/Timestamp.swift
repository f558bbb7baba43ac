// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, UTC, without leap seconds.
///
/// The text form is RFC 3339 with milliseconds and `Z`.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since the Unix epoch; negative before it.
    public var milliseconds: Int64

    /// Wraps milliseconds since the Unix epoch.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The earlier one is smaller.
    public static func < (left: Self, right: Self) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The time `span` later; fractions of a millisecond are dropped.
    public static func + (time: Self, span: Duration) -> Self {
        Self(milliseconds: time.milliseconds &+ span.milliseconds)
    }

    /// The span from `earlier` to `later`.
    public static func - (later: Self, earlier: Self) -> Duration {
        .milliseconds(later.milliseconds - earlier.milliseconds)
    }

    /// RFC 3339, for example `2026-01-31T09:30:00.250Z`.
    public var description: String {
        let rest = (milliseconds % 1000 + 1000) % 1000
        return RFC3339.text(
            seconds: (milliseconds - rest) / 1000,
            nanoseconds: Int32(rest * 1_000_000),
            fractionDigits: 3
        )
    }

    /// Reads RFC 3339 with any offset and up to nine fraction digits; `nil` when it is not that.
    public init?(rfc3339 text: String) {
        guard let time = RFC3339.parse(text, isLenient: true) else { return nil }
        milliseconds = time.seconds * 1000 + Int64(time.nanoseconds / 1_000_000)
    }
}
