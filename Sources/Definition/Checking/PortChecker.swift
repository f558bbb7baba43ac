// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Checks that edges bind ports that exist, once, and to values that fit (spec 3.4).
struct PortChecker {
    let body: ResolvedBody
    let sink: DiagnosticSink

    func check() {
        var bound: [Int: [String: SourceValue]] = [:]
        for edge in body.writtenEdges { check(edge, &bound) }
        for index in body.overview.notable {
            let node = body.nodes[index]
            for port in node.ports where port.isRequired && port.defaultValue == nil && bound[index]?[port.name] == nil
            {
                let message = "port `\(port.name)` of `\(node.id)` needs a value; bind it or give it a default"
                sink.report(.portBinding, at: port.value, message)
            }
        }
    }

    private func check(_ edge: ResolvedBody.Edge, _ bound: inout [Int: [String: SourceValue]]) {
        guard let (from, to) = edge.draft.map({ ($0.from, $0.to) }), from.port != nil || to.port != nil else { return }
        guard let source = from.port, let target = to.port else {
            let message = "an edge binds a port of its source to one of its target: `ID.PORT` on both sides"
            return sink.report(.unknownPort, at: from.port == nil ? to.value : from.value, message)
        }
        let (producer, consumer) = (body.nodes[edge.from], body.nodes[edge.to])
        let port = consumer.ports.first { $0.name == target }
        if port == nil { reportUnknown(target, consumer.ports.map(\.name), consumer, to.value, "port") }
        let output = self.output(source, of: producer, from.value)
        if let first = bound[edge.to]?[target] {
            let related = DiagnosticSink.related(first, "the first one is here")
            let message = "port `\(target)` of `\(consumer.id)` is bound twice; keep one of the edges"
            sink.report(.portBinding, at: to.value, message, related: [related])
        } else {
            bound[edge.to, default: [:]][target] = to.value
        }
        guard let port, let output, !Self.isAssignable(output, to: port.schema) else { return }
        let message =
            "\(Self.typeName(output)) of `\(producer.id).\(source)` does not fit \(Self.typeName(port.schema)) of "
            + "`\(consumer.id).\(target)`"
        sink.report(.portType, at: edge.value, message)
    }

    /// The schema of an output port; members of a known output are ports without a type.
    private func output(_ name: String, of node: NodeDraft, _ value: SourceValue) -> JSONValue? {
        if let schema = node.outputs[name] { return schema }
        let known = node.type.description.outputs?.map(\.name)
        if node.outputs.isEmpty, known?.contains(name) ?? false { return true }
        reportUnknown(name, node.outputs.isEmpty ? known ?? [] : Array(node.outputs.keys), node, value, "output port")
        return nil
    }

    private func reportUnknown(
        _ name: String,
        _ known: [String],
        _ node: NodeDraft,
        _ value: SourceValue,
        _ what: String
    ) {
        let suggestion = sink.suggestion(for: name, among: known)
        sink.report(.unknownPort, at: value, "`\(node.id)` has no \(what) `\(name)`\(suggestion)")
    }

    /// Equal types fit, an integer fits a number, and everything fits a port without type.
    static func isAssignable(_ source: JSONValue, to target: JSONValue) -> Bool {
        guard let targets = types(target), let sources = types(source) else { return true }
        let fits = sources.allSatisfy { targets.contains($0) || $0 == "integer" && targets.contains("number") }
        guard fits, sources == ["array"], let from = source["items"], let to = target["items"] else { return fits }
        return isAssignable(from, to: to)
    }

    private static func types(_ schema: JSONValue) -> [String]? {
        guard let type = schema["type"] else { return nil }
        return type.stringValue.map { [$0] } ?? type.arrayValue?.compactMap(\.stringValue)
    }

    private static func typeName(_ schema: JSONValue) -> String {
        "the type \((types(schema) ?? ["any"]).joined(separator: " or "))"
    }
}
