// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Kinds that wait: `human` and `wait`; and `signal`, which wakes them.
extension NodeReader {
    mutating func human(_ config: SourceValue) -> JSONObject? {
        guard var object = shapes.object(config, as: NodeTypeDescription.human.config) else { return nil }
        if object["title"] == nil { object["title"] = .string(found.id) }
        if config.member("deadline") == nil {
            sink.report(
                .noDeadline,
                at: config,
                "node `\(found.id)` sets no `deadline`; nobody answering for 24h makes it expire"
            )
        }
        for value in config.member("assignees")?.items ?? [] { checkAssignee(value) }
        let choices = self.choices(config)
        object["choices"] = object["choices"]?.arrayValue.map { .array($0.map(Self.choice)) }
        if object["kind"] == "decision", choices.isEmpty, object["form"] == nil {
            sink.report(.invalidConfig, at: config, "a `decision` needs `choices` or a `form`")
        }
        if let value = config.member("on_expire"), let text = value.text {
            checkExpiry(text, choices, value)
            checkExpiryAnswer(text, object, value)
        }
        return object
    }

    private func choices(_ config: SourceValue) -> [String] {
        var ids: [String] = []
        for item in config.member("choices")?.items ?? [] {
            guard let value = item.member("id") ?? (item.text == nil ? nil : item), let id = value.text else {
                continue
            }
            if ids.contains(id) { sink.report(.invalidConfig, at: value, "two choices are called `\(id)`") }
            ids.append(id)
        }
        return ids
    }

    private static func choice(_ value: JSONValue) -> JSONValue {
        value.stringValue == nil ? value : ["id": value]
    }

    func checkAssignee(_ value: SourceValue) {
        guard let text = value.text else { return }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, parts[0] == "role", !parts[1].isEmpty { return checkRole(String(parts[1]), value) }
        guard text != "owner", parts.count != 2 || parts[0] != "user" || parts[1].isEmpty else { return }
        let message = "`\(text)` is no assignee; write `user:ID`, `role:NAME` or `owner`"
        sink.report(.invalidConfig, at: value, message)
    }

    private func checkRole(_ role: String, _ value: SourceValue) {
        guard let roles = registry.roles, !roles.contains(role) else { return }
        let suggestion = sink.suggestion(for: role, among: roles.sorted())
        sink.report(.unknownName, at: value, "unknown role `\(role)`\(suggestion)")
    }

    private func checkExpiry(_ text: String, _ choices: [String], _ value: SourceValue) {
        if Graph.Human.Expiry(rawValue: text) != nil { return }
        if text.hasPrefix("escalate:"), text.utf8.count > 9 { return checkRole(String(text.dropFirst(9)), value) }
        if text.hasPrefix("choice:"), choices.contains(String(text.dropFirst(7))) { return }
        let known = ["fail", "approve", "reject", "skip"] + choices.map { "choice:\($0)" } + ["escalate:ROLE"]
        let suggestion = sink.suggestion(for: text, among: known)
        let list = known.map { "`\($0)`" }.joined(separator: ", ")
        sink.report(.invalidConfig, at: value, "`on_expire` must be one of \(list), not `\(text)`\(suggestion)")
    }

    /// `approve` and `reject` need a choice that means so.
    private func checkExpiryAnswer(_ text: String, _ config: JSONObject, _ value: SourceValue) {
        guard text == "approve" || text == "reject" else { return }
        let choices = config["choices"]?.arrayValue?.compactMap(HumanChoice.init(json:)) ?? []
        let hasOne = choices.contains { text == "approve" ? $0.isApproval : $0.isRejection }
        let isUsual = choices.isEmpty && (config["kind"] == "approval" || config["kind"] == "review")
        guard !hasOne, !isUsual else { return }
        let message =
            "`on_expire: \(text)` needs a choice that is called so, or has `effect: \(text)`; "
            + "write `choice:ID` for another one"
        sink.report(.invalidConfig, at: value, message)
    }

    mutating func wait(_ config: SourceValue) -> JSONObject? {
        guard var object = shapes.object(config, as: NodeTypeDescription.wait.config) else { return nil }
        if let value = config.member("for"), !isTemplate(value) {
            _ = shapes.duration(value, "for", .zero...Span.year, .config)
        }
        if let value = config.member("until"), let text = value.text, !isTemplate(value),
            Timestamp(rfc3339: text) == nil
        {
            let message = "`\(text)` is no point in time; write for example `2026-01-31T09:30:00Z`"
            sink.report(.invalidTime, at: value, message)
        }
        if object["signal"] == nil {
            for key in ["timeout", "on_timeout"] {
                guard let value = config.member(key) else { continue }
                sink.report(.invalidConfig, at: value, "`\(key)` belongs to a wait for a `signal`")
            }
            object["on_timeout"] = nil
        }
        return object
    }

    private func isTemplate(_ value: SourceValue) -> Bool {
        (value.text.flatMap { try? TemplateText($0).hasExpressions }) ?? true
    }

    mutating func signal(_ config: SourceValue) -> JSONObject? {
        guard let object = shapes.object(config, as: NodeTypeDescription.signal.config) else { return nil }
        if let value = config.member("to"), let text = value.text, !isTemplate(value), !Self.isTarget(text) {
            let message = "`\(text)` is no receiver; write `run:ID`, `workflow:NAME#KEY`, `project` or `broadcast`"
            sink.report(.invalidConfig, at: value, message)
        }
        if let value = config.member("payload"), value.node.json.canonicalBytes().count > 256 << 10 {
            sink.report(.invalidConfig, at: value, "`payload` is larger than 256 KiB")
        }
        return object
    }

    private static func isTarget(_ text: String) -> Bool {
        if text == "project" || text == "broadcast" { return true }
        let parts = text.split(separator: ":", maxSplits: 1)
        return parts.count == 2 && (parts[0] == "run" || parts[0] == "workflow")
    }
}
