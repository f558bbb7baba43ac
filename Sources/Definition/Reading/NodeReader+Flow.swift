// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Node types that steer: `branch`, `join` and `wait`.
extension NodeReader {
    mutating func branch(_ config: SourceValue) -> Graph.NodeKind? {
        guard var reader = configReader(config, .branch) else { return nil }
        defer { reader.finish() }
        var cases: [Graph.Branch.Case] = []
        if let value = reader.require("cases"), let items = reader.list(value, "cases") {
            if items.isEmpty { reader.refuse(value, "`cases` needs at least one case") }
            cases = items.compactMap { branchCase($0) }
        }
        let defaultCase = reader.take("default").flatMap { value -> String? in
            if case .null = value.node.content { return nil }
            guard let name = reader.id(value, "default") else { return nil }
            if !found.cases.contains(where: { $0.name == name }) { found.cases.append((name, value)) }
            return name
        }
        let onError = reader.choice("on_error", Graph.Branch.ErrorRule.self) ?? .fail
        return .branch(Graph.Branch(cases: cases, defaultCase: defaultCase, onError: onError))
    }

    private mutating func branchCase(_ value: SourceValue) -> Graph.Branch.Case? {
        guard var reader = MappingReader(value, "a case", .config, into: sink) else { return nil }
        defer { reader.finish() }
        let nameValue = reader.require("name")
        let when = reader.require("when").flatMap { expressions.condition($0, "when", .config) }
        guard let nameValue, let name = reader.id(nameValue, "name") else { return nil }
        if found.cases.contains(where: { $0.name == name }) {
            reader.refuse(nameValue, "two cases are called `\(name)`")
        }
        found.cases.append((name, nameValue))
        return when.map { Graph.Branch.Case(name: name, when: $0) }
    }

    private enum JoinMode: String, CaseIterable {
        case all, any, done, quorum
    }

    mutating func join(_ config: SourceValue) -> Graph.NodeKind? {
        guard var reader = configReader(config, .join) else { return nil }
        defer { reader.finish() }
        let modeValue = reader.take("mode")
        let mode = modeValue.flatMap { reader.choice($0, "mode", JoinMode.self) }
        let count = reader.take("n")
        switch mode {
        case .all: found.join = .all
        case .any: found.join = .any
        case .done: found.join = .done
        case .quorum:
            guard let count else { reader.refuse(config, "`mode: quorum` needs `n`, the number of edges"); break }
            found.join = reader.integer(count, "n", in: 1...WorkflowReader.nodeLimit).map { .quorum($0) }
        case nil: break
        }
        if let count, mode != .quorum { reader.refuse(count, "`n` belongs to `mode: quorum`") }
        found.joinValue = found.joinValue ?? modeValue
        return .join(cancelRest: reader.flag("cancel_rest") ?? false)
    }

    mutating func wait(_ config: SourceValue) -> Graph.NodeKind? {
        guard var reader = configReader(config, .wait) else { return nil }
        defer { reader.finish() }
        let (span, time) = (reader.take("for"), reader.take("until"))
        switch (span, time) {
        case (let span?, nil):
            guard let template = singleText(span, "for") else { return nil }
            if template.slots.isEmpty, reader.duration(span, "for", in: .zero...Span.year) == nil { return nil }
            return .waitFor(template)
        case (nil, let time?):
            guard let template = singleText(time, "until") else { return nil }
            if template.slots.isEmpty, !isTime(time) { return nil }
            return .waitUntil(template)
        default:
            reader.refuse(config, "`wait` needs either `for` or `until`")
            return nil
        }
    }

    private mutating func singleText(_ value: SourceValue, _ key: String) -> ValueTemplate? {
        guard case .text = value.node.content else {
            sink.report(.invalidConfig, at: value, "`\(key)` must be text, not \(value.node.kindName)")
            return nil
        }
        return expressions.template(value)
    }

    private func isTime(_ value: SourceValue) -> Bool {
        guard case .text(let text) = value.node.content, Timestamp(rfc3339: text) == nil else { return true }
        sink.report(
            .invalidTime,
            at: value,
            "`\(text)` is no point in time; write for example `2026-01-31T09:30:00Z`"
        )
        return false
    }
}
