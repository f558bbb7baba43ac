// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

extension NodeReader {
    private enum HumanKind: String, CaseIterable {
        case approval
    }

    mutating func human(_ config: SourceValue) -> Graph.NodeKind? {
        guard var reader = configReader(config, .human) else { return nil }
        defer { reader.finish() }
        _ = reader.choice("kind", HumanKind.self)
        let title = text(&reader, "title", config, default: found.id, limit: 2000)
        let message = text(&reader, "message", config, default: "", limit: 8192)
        let assignees = (reader.list("assignees") ?? []).compactMap { assignee($0, reader) }
        if config.member("deadline") == nil {
            sink.report(
                .noDeadline,
                at: config,
                "node `\(found.id)` sets no `deadline`; nobody answering for 24h makes it expire"
            )
        }
        let deadline = reader.duration("deadline", in: .seconds(60)...Span.year) ?? Span.day
        let expiry = reader.choice("on_expire", Graph.Human.Expiry.self) ?? .fail
        guard let title, let message else { return nil }
        return .human(
            Graph.Human(
                title: title,
                message: message,
                assignees: assignees,
                deadline: deadline,
                onExpiry: expiry
            )
        )
    }

    /// A template of one text.
    private mutating func text(
        _ reader: inout MappingReader,
        _ key: String,
        _ config: SourceValue,
        default: String,
        limit: Int
    ) -> ValueTemplate? {
        guard let value = reader.take(key) else { return expressions.template(.string(`default`), at: config) }
        guard reader.text(value, key, limit: limit) != nil else { return nil }
        return expressions.template(value)
    }

    private func assignee(_ value: SourceValue, _ reader: MappingReader) -> String? {
        guard let text = reader.text(value, "assignees", limit: 200) else { return nil }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "user" || parts[0] == "role", !parts[1].isEmpty else {
            reader.refuse(value, "`\(text)` is no assignee; write `user:ID` or `role:NAME`")
            return nil
        }
        return text
    }
}
