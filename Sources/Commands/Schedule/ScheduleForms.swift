// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model

/// Schedules as people see them.
enum ScheduleForms {
    /// - Parameter schedule: With its last firings, as the API has it.
    static func text(_ schedule: JSONValue, _ console: Console) -> String {
        let style = console.settings.outputStyle
        func text(_ key: String) -> String { schedule[key]?.stringValue ?? "" }
        let by = schedule["paused_by"]?.stringValue.map { "  by \($0)" } ?? ""
        let note = by + (schedule["note"]?.stringValue.map { "  \(TextWidth.oneLine($0))" } ?? "")
        var lines = [
            "schedule   \(text("name"))  \(text("id"))", "workflow   \(text("workflow"))",
            "when       \(when(schedule))",
            "policy     \(text("overlap"))", "catch-up   \(text("catch_up"))", "jitter     \(text("jitter"))",
            "status     \(style.status(text("status")))\(note)",
        ]
        if let inputs = schedule["inputs"], inputs != [:] { lines.append("inputs     \(inputs.text)") }
        if let next = RunDetails.time(schedule["next_fire_at"]) { lines.append("next       \(time(next))") }
        lines.append("started    \(counts(schedule))")
        let open = schedule["open_runs"]?.arrayValue ?? []
        lines += open.prefix(10).map { "open       \($0.stringValue ?? "")" }
        if open.count > 10 { lines.append("open       … and \(open.count - 10) more") }
        if let failure = schedule["last_failure"] {
            let message = TextWidth.oneLine(failure["message"]?.stringValue ?? "")
            lines.append("failure    \(RunDetails.date(failure["at"])) \(message)")
        }
        let history = history(schedule)
        guard !history.rows.isEmpty else { return lines.joined(separator: "\n") + "\n" }
        lines += [""] + history.lines(width: console.settings.outputWidth, style: style)
        return lines.joined(separator: "\n") + "\n"
    }

    /// `0 2 * * * (Europe/Berlin)`.
    static func when(_ schedule: JSONValue) -> String {
        let text = schedule["when"]?.stringValue ?? ""
        return text + (text.hasPrefix("@every") ? "" : " (\(schedule["zone"]?.stringValue ?? ""))")
    }

    /// A firing in the time zone of the process, and in UTC for everybody.
    static func time(_ time: Timestamp) -> String {
        "\(TimeText.date(time)) (\(time))"
    }

    private static func counts(_ schedule: JSONValue) -> String {
        func number(_ key: String) -> Int64 { schedule[key]?.intValue ?? 0 }
        var parts = ["\(number("started"))"]
        if number("failed") > 0 { parts.append("failed \(number("failed"))") }
        for member in schedule["skipped"]?.objectValue?.members ?? [] {
            parts.append("left out \(member.value.text) (\(member.key))")
        }
        if number("waiting") > 0 { parts.append("waiting \(number("waiting"))") }
        if number("backfills") > 0 { parts.append("backfills \(number("backfills"))") }
        return parts.joined(separator: ", ")
    }

    /// The last firings, the newest first.
    private static func history(_ schedule: JSONValue) -> Table {
        var table = Table([
            .init(title: "AT"), .init(title: "EVENT"), .init(title: "FIRING"), .init(title: "RUN OR REASON"),
        ])
        let fired = (schedule["fired"]?.arrayValue ?? []).map { start in
            (start["at"], ["schedule.fired", RunDetails.date(start["firing"]), start["run"]?.stringValue ?? ""])
        }
        let skipped = (schedule["left_out"]?.arrayValue ?? []).map { skip in
            (skip["at"], ["schedule.skipped", RunDetails.date(skip["from"]), reason(skip)])
        }
        let sorted = (fired + skipped).map { (RunDetails.time($0.0) ?? Timestamp(milliseconds: 0), $0.1) }
            .sorted { $0.0 > $1.0 }
        for (at, cells) in sorted { table.add([TimeText.date(at)] + cells) }
        return table
    }

    private static func reason(_ skip: JSONValue) -> String {
        let (word, count) = (skip["reason"]?.stringValue ?? "", skip["count"]?.intValue ?? 1)
        guard count > 1 else { return word }
        return "\(word), \(skip["at_least"] == true ? "at least " : "")\(count) firings"
    }

    /// `overlap`, `late, 3 firings`, `paused, at least 10000 firings`.
    static func reason(_ skip: ScheduleSkip) -> String {
        guard skip.count > 1 else { return skip.reason.rawValue }
        return "\(skip.reason.rawValue), \(skip.isAtLeast ? "at least " : "")\(skip.count) firings"
    }
}
