// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// What the agent of a task is told: texts of the plan as they are, and the answers of people as expressions.
struct PlanPrompt {
    let task: PlanTask
    let requirements: [PlanRequirement]
    /// Questions that block the task, with the nodes that ask them.
    let decisions: [(question: PlanQuestion, node: String)]

    /// The longest part of each kind, in bytes. Both parts together fit into a prompt, escapes included.
    private static let textLimit = 30_000
    private static let decisionLimit = 4000

    var text: String {
        var lines = ["Task: \(task.title)"]
        if let intent = task.stored["intent"]?.stringValue { lines.append("Purpose: \(intent)") }
        let served = requirements.filter { task.requires.contains($0.id) }
        lines += Self.section("Requirements", served.map { "\($0.id) (\($0.priority)): \($0.text)" })
        lines += Self.section("It is done when", task.checks.compactMap(Self.criterion))
        lines += Self.section("Write only", task.writes)
        let text = lines.joined(separator: "\n").shortened(toBytes: Self.textLimit)
        return ([text.escapedForTemplate] + answers).joined(separator: "\n")
    }

    private static func section(_ title: String, _ items: [String]) -> [String] {
        items.isEmpty ? [] : ["", "\(title):"] + items.map { "- \($0)" }
    }

    /// What a check asks for, in words; `nil` for checks that say nothing to an agent.
    private static func criterion(_ check: SourceValue) -> String? {
        switch check.member("kind")?.text {
        case "judge": return check.member("criteria")?.text
        case "human": return check.member("message")?.text ?? "a person approves it"
        case "command":
            let words = (check.member("run")?.items ?? []).compactMap(\.text)
            return words.isEmpty ? nil : "`\(words.joined(separator: " "))` succeeds"
        case "file": return check.member("path")?.text.map { "there is a file `\($0)`" }
        default: return check.member("name")?.text
        }
    }

    private var answers: [String] {
        var lines: [String] = []
        var size = 0
        for (question, node) in decisions {
            let title = question.question.shortened(toBytes: 300).escapedForTemplate
            let line = "- \(title): \(Self.answer(question, node))"
            size += line.utf8.count
            // The rest is among the outputs that the task is given anyway.
            guard size <= Self.decisionLimit else { break }
            lines.append(line)
        }
        return lines.isEmpty ? [] : ["", "Decisions:"] + lines
    }

    /// The answer of a person, or the proposed one.
    private static func answer(_ question: PlanQuestion, _ node: String) -> String {
        let path = Name.path("nodes", node)
        guard let proposed = question.proposedAnswer else {
            return "${ \(path).status == \"completed\" ? \(path).output.values.answer : \"undecided\" }"
        }
        let literal = JSONValue.string(proposed.shortened(toBytes: 300)).text
        return "${ \(path).status == \"completed\" && \(path).output.choice == \"other\" "
            + "? default(\(path).output.comment, \"undecided\") : \(literal) }"
    }
}

extension String {
    /// The text as a template that gives it back.
    var escapedForTemplate: String {
        split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${")
    }

    /// The beginning, if there are more bytes.
    func shortened(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, utf8[end] & 0xc0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end]) + "…"
    }
}
