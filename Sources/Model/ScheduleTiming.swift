// Baton
// SPDX-License-Identifier: Apache-2.0

import Calendar

/// When a schedule fires (spec 12.6): by the calendar of a time zone, or again and again after the same span.
///
/// The text is a cron expression of five or six fields, `@daily` and the like, or `@every DURATION`. Firings of the
/// latter are whole spans away from the anchor, whatever was missed and however long a run takes.
public struct ScheduleTiming: Sendable, Equatable, CustomStringConvertible {
    /// The shortest and the longest span of `@every`.
    public static let spans: ClosedRange<Duration> = .seconds(1) ... .seconds(366 * 86_400)

    private enum Rule: Equatable {
        case calendar(CronExpression, TimeZoneRules)
        case every(milliseconds: Int64)
    }

    /// The text as given.
    public let text: String
    /// The IANA time zone in which a cron expression is meant; nothing depends on it with `@every`.
    public let zone: String
    /// Where the spans of `@every` are counted from; nothing depends on it with a cron expression.
    public let anchor: Timestamp
    private let rule: Rule

    /// The text.
    public var description: String { text }

    /// Reads a text; reads a file of the system when a time zone is used for the first time.
    ///
    /// - Throws: With a message that says what is wrong where, and what is allowed.
    public init(_ text: String, zone: String = "UTC", anchor: Timestamp) throws(ScheduleTimingError) {
        self.text = text
        self.zone = zone
        self.anchor = anchor.clamped
        rule = try Self.rule(text, try Self.rules(of: zone))
    }

    private static func rules(of zone: String) throws(ScheduleTimingError) -> TimeZoneRules {
        do throws(TimeZoneError) {
            return try TimeZoneRules.named(zone)
        } catch {
            throw ScheduleTimingError(message: error.message)
        }
    }

    private static func rule(_ text: String, _ rules: TimeZoneRules) throws(ScheduleTimingError) -> Rule {
        if let span = try span(text) { return .every(milliseconds: span.milliseconds) }
        do throws(CronError) {
            return .calendar(try CronExpression(text), rules)
        } catch {
            let other = error.field == nil ? ", or a span such as `@every 10m`" : ""
            throw ScheduleTimingError(message: error.message + other)
        }
    }

    /// What follows `@every`; `nil` when the text is something else.
    private static func span(_ text: String) throws(ScheduleTimingError) -> Duration? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard words.first == "@every" else { return nil }
        guard words.count == 2, let span = Duration(text: String(words[1])), spans.contains(span) else {
            throw ScheduleTimingError(
                message: "`@every` takes one duration from \(spans.lowerBound.text) to \(spans.upperBound.text), "
                    + "such as `@every 10m` or `@every 1h30m`"
            )
        }
        return span
    }

    /// The first firing after a time; `nil` when there is none before the year 10000.
    public func next(after time: Timestamp) -> Timestamp? {
        guard time < Timestamp.last else { return nil }
        let time = time.clamped
        switch rule {
        case .calendar(let cron, let rules):
            let seconds = (time.milliseconds - (time.milliseconds % 1000 + 1000) % 1000) / 1000
            return cron.next(after: seconds, in: rules).map { Timestamp(milliseconds: $0 * 1000) }
        case .every(let span):
            let next = Timestamp(milliseconds: anchor.milliseconds + (spans(span, upTo: time) + 1) * span)
            return next <= Timestamp.last ? next : nil
        }
    }

    /// How many firings lie after one time and up to another; counting stops at `limit`.
    public func count(after start: Timestamp, through end: Timestamp, limit: Int) -> Int {
        if case .every(let span) = rule {
            return min(limit, max(0, Int(spans(span, upTo: end.clamped) - spans(span, upTo: start.clamped))))
        }
        var (count, time) = (0, start)
        while count < limit, let next = next(after: time), next <= end {
            count += 1
            time = next
        }
        return count
    }

    /// Whole spans from the anchor to a time, rounded down.
    private func spans(_ span: Int64, upTo time: Timestamp) -> Int64 {
        let (quotient, rest) = (time.milliseconds - anchor.milliseconds).quotientAndRemainder(dividingBy: span)
        return rest < 0 ? quotient - 1 : quotient
    }
}

/// Why a text says no times, or a zone is none.
public struct ScheduleTimingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence: what is wrong, where, and what is allowed.
    public let message: String

    /// The message.
    public var description: String { message }
}

extension Timestamp {
    fileprivate static let first = Timestamp(milliseconds: RFC3339.range.lowerBound * 1000)
    fileprivate static let last = Timestamp(milliseconds: RFC3339.range.upperBound * 1000)

    /// The nearest time of the years 1 to 9999.
    fileprivate var clamped: Timestamp { min(max(self, .first), .last) }
}
