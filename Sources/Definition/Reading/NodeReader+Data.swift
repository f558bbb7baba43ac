// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Node types that compute: `transform`, `filter` and `aggregate`.
extension NodeReader {
    mutating func transform(_ config: SourceValue) -> Graph.NodeKind? {
        guard var reader = configReader(config, .transform) else { return nil }
        defer { reader.finish() }
        let remove = (reader.list("remove") ?? []).compactMap { pointer($0, reader) }
        let template: ValueTemplate?
        switch (reader.take("set"), reader.take("expr")) {
        case (let set?, nil):
            guard set.members != nil else {
                reader.refuse(set, "`set` must be a mapping, not \(set.node.kindName)")
                return nil
            }
            template = expressions.template(set)
        case (nil, let value?):
            template = expressions.expression(value, "expr", .config).flatMap { expression in
                // A comment at the end must not hide the brace.
                let end = expression.source.contains("//") ? "\n}" : "}"
                return try? ValueTemplate(.string("${" + expression.source + end))
            }
        default:
            reader.refuse(config, "`transform` needs either `set` or `expr`")
            return nil
        }
        return template.map { .transform(value: $0, remove: remove) }
    }

    private func pointer(_ value: SourceValue, _ reader: MappingReader) -> String? {
        guard let text = reader.text(value, "remove") else { return nil }
        guard let pointer = try? JSONPointer(text), !pointer.tokens.isEmpty else {
            reader.refuse(value, "`\(text)` is no JSON Pointer to a part; write for example `/address/street`")
            return nil
        }
        return text
    }

    mutating func filter(_ config: SourceValue) -> Graph.NodeKind? {
        guard var reader = configReader(config, .filter) else { return nil }
        defer { reader.finish() }
        let items = reader.require("items").flatMap { self.items($0) }
        let variable = reader.take("as").map { reader.id($0, "as").flatMap { $0 } ?? "item" } ?? "item"
        if let value = config.member("as"), Scope.roots.contains(variable) || variable == "index" {
            reader.refuse(value, "`\(variable)` already names something else in expressions")
        }
        let condition = reader.require("where").flatMap {
            expressions.condition($0, "where", .config, locals: [variable, "index"])
        }
        let limit = reader.integer("limit", in: 1...1_000_000)
        guard let items, let condition else { return nil }
        return .filter(items: items, predicate: condition, variable: variable, limit: limit)
    }

    /// A list, or one expression that gives it.
    private mutating func items(_ value: SourceValue) -> ValueTemplate? {
        switch value.node.content {
        case .list: return expressions.template(value)
        case .text:
            guard let template = expressions.template(value) else { return nil }
            if !template.slots.isEmpty { return template }
        default: break
        }
        sink.report(.invalidConfig, at: value, "`items` must be a list or `${…}`, not \(value.node.kindName)")
        return nil
    }

    mutating func aggregate(_ config: SourceValue) -> Graph.NodeKind? {
        guard var reader = configReader(config, .aggregate) else { return nil }
        defer { reader.finish() }
        let items = reader.require("items").flatMap { self.items($0) }
        let groupBy = reader.take("group_by").flatMap {
            expressions.expression($0, "group_by", .config, locals: itemVariables)
        }
        var operations: [Graph.Aggregate.Operation] = []
        if let value = reader.require("ops"), let list = reader.list(value, "ops") {
            if list.isEmpty { reader.refuse(value, "`ops` needs at least one operation") }
            for item in list {
                guard let operation = operation(item) else { continue }
                if operations.contains(where: { $0.name == operation.name })
                    || (groupBy != nil && operation.name == "key")
                {
                    reader.refuse(item, "the result `\(operation.name)` exists already")
                }
                operations.append(operation)
            }
        }
        return items.map { .aggregate(Graph.Aggregate(items: $0, groupBy: groupBy, operations: operations)) }
    }

    private mutating func operation(_ value: SourceValue) -> Graph.Aggregate.Operation? {
        guard var reader = MappingReader(value, "an operation", .config, into: sink) else { return nil }
        defer { reader.finish() }
        let name = reader.require("as").flatMap { reader.id($0, "as") }
        let function = reader.require("fn").flatMap { reader.choice($0, "fn", Graph.Aggregate.Function.self) }
        let of = reader.take("of").flatMap { expressions.expression($0, "of", .config, locals: itemVariables) }
        guard let name, let function else { return nil }
        return Graph.Aggregate.Operation(name: name, function: function, of: of)
    }
}

private let itemVariables = ["item", "index"]
