// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store

/// A request in full, for people.
struct RequestText {
    let row: HumanTaskRow
    let context: CommandContext

    private var details: HumanTaskDetails { row.details }

    var lines: [String] {
        [head] + facts + message + subject + value("evidence", details.evidence) + form + choices + decisions
    }

    private var head: String {
        let status = context.console.settings.outputStyle.status(row.status.rawValue)
        return "\(row.id) \(status): \(TextWidth.oneLine(row.title))"
    }

    private var facts: [String] {
        var lines = ["\(row.kind) by `\(row.node)` of \(row.run), asked \(TimeText.date(row.openedAt))"]
        if !row.assignees.isEmpty { lines.append("for: \(row.assignees.joined(separator: ", "))") }
        if details.quorum > 1 { lines.append("people who must agree: \(details.quorum)") }
        if let claim = row.claim { lines.append("claimed by \(claim.by) until \(TimeText.date(claim.until))") }
        if row.status.isPending, let expiresAt = row.expiresAt {
            let rule = details.onExpiry.map { ", then: \($0)" } ?? ""
            lines.append("expires \(TimeText.date(expiresAt))\(rule)")
        }
        return lines
    }

    private var message: [String] {
        TextWidth.printable(row.message).split(separator: "\n").map { "  | \($0)" }
    }

    private var subject: [String] {
        guard let subject = details.subject else { return [] }
        var lines = (subject["attempts"]?.arrayValue ?? []).map { attempt in
            let number = attempt["n"]?.intValue ?? 0
            let text = "\(attempt["code"]?.stringValue ?? ""): \(attempt["message"]?.stringValue ?? "")"
            return "attempt \(number) (\(attempt["class"]?.stringValue ?? "")): \(TextWidth.oneLine(text))"
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
        guard row.status.isPending, details.subject == nil, let properties = details.form?["properties"]?.objectValue
        else { return [] }
        let required = Set(details.form?["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        return ["values:"]
            + properties.members.map { property in
                let type = property.value["type"].map { $0.stringValue ?? $0.text } ?? "any"
                let text = property.value["description"]?.stringValue ?? property.value["title"]?.stringValue
                let need = required.contains(property.key) ? ", required" : ""
                return "  \(property.key) (\(type)\(need))" + (text.map { ": \(TextWidth.oneLine($0))" } ?? "")
            }
    }

    private var choices: [String] {
        guard row.status.isPending else { return [] }
        return ["choices:"]
            + details.choices.map { choice in
                let label = choice.label.map { " \(TextWidth.oneLine($0))" } ?? ""
                let effect = choice.effect.map { " (\(TextWidth.oneLine($0)))" } ?? ""
                return "  \(choice.id):\(label)\(effect)"
            } + ["answer: \(context.command("inbox answer \(row.id)")) --choice CHOICE"]
    }

    private var decisions: [String] {
        details.decisions.map { decision in
            let comment = decision.comment.map { ": \(TextWidth.oneLine($0))" } ?? ""
            let values = decision.values == [:] ? "" : " \(TextWidth.oneLine(decision.values.text))"
            return "\(TimeText.date(decision.at)) \(decision.by) chose \(decision.choice)\(values)\(comment)"
        }
    }
}

extension HumanTaskRow {
    /// The record of spec 7.1.
    var json: JSONValue {
        var result: JSONObject = [
            "id": .string(id.description), "kind": .string(kind), "status": .string(status.rawValue),
            "run": .string(run.description), "node": .string(node), "title": .string(title),
            "message": .string(message), "assignees": .array(assignees.map(JSONValue.string)),
            "opened_at": .string(openedAt.description), "choices": .array(details.choices.map(\.json)),
            "quorum": .int(Int64(details.quorum)),
        ]
        result["form"] = details.form
        result["evidence"] = details.evidence
        result["subject"] = details.subject
        result["expires_at"] = expiresAt.map { .string($0.description) }
        result["on_expire"] = details.onExpiry.map(JSONValue.string)
        result["claimed_by"] = claim.map { .string($0.by) }
        result["claimed_until"] = claim.map { .string($0.until.description) }
        result["choice"] = choice.map(JSONValue.string)
        result["decided_by"] = decidedBy.map { .string($0) }
        result["decided_at"] = decidedAt.map { .string($0.description) }
        result["comment"] = comment.map { .string($0) }
        result["decisions"] = .array(details.decisions.map(json))
        return .object(result)
    }

    private func json(_ decision: HumanTaskDetails.Decision) -> JSONValue {
        var result: JSONObject = [
            "by": .string(decision.by), "choice": .string(decision.choice), "values": decision.values,
            "at": .string(decision.at.description),
        ]
        result["comment"] = decision.comment.map(JSONValue.string)
        result["via"] = decision.via.map(JSONValue.string)
        return .object(result)
    }
}
