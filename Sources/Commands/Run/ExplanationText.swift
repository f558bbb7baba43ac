// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// What a run waits for, or why it failed, for people.
struct ExplanationText {
    let explanation: JSONValue
    let now: Timestamp

    /// - Parameter explanation: `{run, status, summary, waiting_for[], causes[], …}`, as the API has it.
    init(_ explanation: JSONValue, now: Timestamp) {
        (self.explanation, self.now) = (explanation, now)
    }

    var text: String {
        var lines = ["\(string("run")) \(TextWidth.oneLine(string("summary")))"]
        for item in explanation["waiting_for"]?.arrayValue ?? [] { lines += self.lines(item) }
        lines += texts("causes").map { "  \(TextWidth.oneLine($0))" }
        if RunStatus(rawValue: string("status"))?.isTerminal == false { lines += outlook }
        return lines.joined(separator: "\n") + "\n"
    }

    private func lines(_ item: JSONValue) -> [String] {
        let since = RunDetails.time(item["since"]).map { ", for \(TimeText.span(now - $0))" } ?? ""
        let sentence = TextWidth.oneLine(item["explanation"]?.stringValue ?? "")
        return ["  \(item["task"]?.stringValue ?? ""): \(sentence)\(since)"]
            + (item["commands"]?.arrayValue ?? []).map { "    \($0.stringValue ?? "")" }
    }

    /// What comes next, what the run takes longest for, and what bounds it.
    private var outlook: [String] {
        var lines: [String] = []
        if let timer = explanation["next_timer"], let at = RunDetails.time(timer["at"]) {
            let span = at > now ? "in \(TimeText.span(at - now))" : "due"
            let what = TextWidth.oneLine(timer["explanation"]?.stringValue ?? "")
            lines.append("next timer: \(what) at \(at) (\(span))")
        }
        var steps = (explanation["critical_path"]?.arrayValue ?? []).map { step in
            let name = step["task"]?.stringValue ?? ""
            guard step["status"]?.stringValue != "blocked" else { return name }
            return "\(name) \(TimeText.span(.milliseconds(step["duration_ms"]?.intValue ?? 0)))"
        }
        if steps.count > 12 { steps.replaceSubrange(3..<(steps.count - 8), with: ["…"]) }
        if !steps.isEmpty { lines.append("critical path: \(steps.joined(separator: " → "))") }
        return lines + ["limits: \(texts("limits_text").map(TextWidth.oneLine).joined(separator: "; "))"]
    }

    private func string(_ key: String) -> String { explanation[key]?.stringValue ?? "" }

    private func texts(_ key: String) -> [String] {
        (explanation[key]?.arrayValue ?? []).compactMap(\.stringValue)
    }
}
