// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// A request in full, for people, made of what the API says of it.
struct RequestText {
    let row: JSONValue
    let context: CommandContext

    var lines: [String] {
        [head] + facts + message + subject + value("evidence", row["evidence"]) + form + choices + decisions
    }

    private var head: String {
        let status = context.console.settings.outputStyle.status(text("status"))
        return "\(text("id")) \(status): \(TextWidth.oneLine(text("title")))"
    }

    private var facts: [String] {
        let asked = RunDetails.date(row["opened_at"])
        var lines = ["\(text("kind")) by `\(text("node"))` of \(text("run")), asked \(asked)"]
        let assignees = (row["assignees"]?.arrayValue ?? []).compactMap(\.stringValue)
        if !assignees.isEmpty { lines.append("for: \(assignees.joined(separator: ", "))") }
        if let quorum = row["quorum"]?.intValue, quorum > 1 { lines.append("people who must agree: \(quorum)") }
        if let by = row["claimed_by"]?.stringValue {
            lines.append("claimed by \(by) until \(RunDetails.date(row["claimed_until"]))")
        }
        if row.isPendingRequest, row["expires_at"] != nil {
            let rule = row["on_expire"]?.stringValue.map { ", then: \($0)" } ?? ""
            lines.append("expires \(RunDetails.date(row["expires_at"]))\(rule)")
        }
        return lines
    }

    private var message: [String] {
        TextWidth.printable(text("message")).split(separator: "\n").map { "  | \($0)" }
    }

    private var subject: [String] {
        guard let subject = row["subject"] else { return [] }
        var lines = (subject["attempts"]?.arrayValue ?? []).map { attempt in
            let number = attempt["n"]?.intValue ?? 0
            let text = "\(attempt["code"]?.stringValue ?? ""): \(attempt["message"]?.stringValue ?? "")"
            return "attempt \(number) (\(attempt["class"]?.stringValue ?? "")): \(TextWidth.oneLine(text))"
        }
        if let tool = subject["tool"]?.stringValue, let hash = subject["sha256"]?.stringValue {
            lines.append("tool: \(TextWidth.oneLine(tool)), the call with the hash \(hash.prefix(16))")
            lines += value("arguments", subject["arguments"])
        }
        lines += value("last output", subject["output"])
        lines += value("operations", subject["ops"])
        if let usd = subject["estimate_usd"]?.doubleValue { lines.append("the run may cost \(usd) USD more") }
        return lines
    }

    private func value(_ title: String, _ value: JSONValue?) -> [String] {
        guard let value else { return [] }
        let text = TextWidth.printable(YAMLWriter.text(of: value))
        return ["\(title):"] + text.split(separator: "\n").map { "  \($0)" }
    }

    /// One line for each value that is asked for.
    private var form: [String] {
        guard row.isPendingRequest, row["subject"] == nil, let properties = row["form"]?["properties"]?.objectValue
        else { return [] }
        let required = Set(row["form"]?["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        return ["values:"]
            + properties.members.map { property in
                let type = property.value["type"].map { $0.stringValue ?? $0.text } ?? "any"
                let text = property.value["description"]?.stringValue ?? property.value["title"]?.stringValue
                let need = required.contains(property.key) ? ", required" : ""
                return "  \(property.key) (\(type)\(need))" + (text.map { ": \(TextWidth.oneLine($0))" } ?? "")
            }
    }

    private var choices: [String] {
        guard row.isPendingRequest else { return [] }
        return ["choices:"]
            + (row["choices"]?.arrayValue ?? []).map { choice in
                let label = choice["label"]?.stringValue.map { " \(TextWidth.oneLine($0))" } ?? ""
                let effect = choice["effect"]?.stringValue.map { " (\(TextWidth.oneLine($0)))" } ?? ""
                return "  \(choice["id"]?.stringValue ?? ""):\(label)\(effect)"
            } + ["answer: \(context.command("inbox answer \(text("id"))")) --choice CHOICE"]
    }

    private var decisions: [String] {
        (row["decisions"]?.arrayValue ?? []).map { decision in
            let comment = decision["comment"]?.stringValue.map { ": \(TextWidth.oneLine($0))" } ?? ""
            let given = decision["values"] ?? [:]
            let values = given == [:] ? "" : " \(TextWidth.oneLine(given.text))"
            let by = decision["by"]?.stringValue ?? ""
            return
                "\(RunDetails.date(decision["at"])) \(by) chose \(decision["choice"]?.stringValue ?? "")\(values)\(comment)"
        }
    }

    private func text(_ key: String) -> String { row[key]?.stringValue ?? "" }
}

extension JSONValue {
    /// Of a request to people: it can still be answered.
    var isPendingRequest: Bool {
        self["status"]?.stringValue.flatMap { HumanTaskStatus(rawValue: $0) }?.isPending ?? false
    }

    /// Of a request to people: how far it is, for the person who just answered.
    var requestOutcome: String {
        let (id, status) = (self["id"]?.stringValue ?? "", self["status"]?.stringValue ?? "")
        if isPendingRequest {
            let choices = (self["decisions"]?.arrayValue ?? []).map { $0["choice"]?.stringValue ?? "" }
            let votes = Dictionary(grouping: choices) { $0 }.values.map(\.count).max() ?? 0
            return "\(id) has \(votes) of the \(self["quorum"]?.intValue ?? 1) answers it needs"
        }
        return status == "answered" ? "\(id) is answered: \(self["choice"]?.stringValue ?? "")" : "\(id) is \(status)"
    }
}
