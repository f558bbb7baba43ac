// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Reads lists of nodes and edges: those of a document and those of bodies inside nodes.
struct BodyReader {
    let context: ReadingContext
    /// Variables that exist in the whole body.
    let locals: [String]
    /// Graphs around this one.
    let depth: Int

    var sink: DiagnosticSink { context.sink }

    /// - Parameter value: The mapping that holds `nodes` and `edges`.
    func read(_ value: SourceValue, output: Bool) -> BodyDraft {
        let nodeList = value.member("nodes") ?? value
        var draft = BodyDraft(nodeList: nodeList)
        var edges: [SourceValue] = []
        value.member("edges")?.forEachItem("edges", sink) { edges.append($0) }
        let subjects = context.hasShorthands ? self.subjects(nodeList, edges) : [:]
        var reader = NodeReader(context: context, locals: locals, depth: depth, subjects: subjects)
        value.member("nodes")?.forEachItem("nodes", sink) { item in
            if let node = reader.read(item) { draft.nodes.append(node) }
        }
        draft.edges = reader.exits
        for item in edges {
            if let edge = edge(item) { draft.edges.append(edge) }
        }
        if output, let value = value.member("output") { readOutput(value, into: &draft) }
        return draft
    }

    private func readOutput(_ value: SourceValue, into draft: inout BodyDraft) {
        var expressions = ExpressionReader(sink: sink, names: context.names, parsed: context.parsed)
        expressions.outerLocals = locals
        draft.output = expressions.template(value)?.source
        draft.outputUses = expressions.takeUses()
    }

    /// What `$.field` means in each node: the output of its only predecessor.
    private func subjects(_ nodes: SourceValue, _ edges: [SourceValue]) -> [String: String] {
        var sources: [String: Set<String>] = [:]
        for node in nodes.items ?? [] {
            guard let id = node.member("id")?.text else { continue }
            sources[id, default: []].formUnion((node.member("depends_on")?.items ?? []).compactMap(\.text))
        }
        for edge in edges {
            guard let from = edge.member("from")?.text, let to = edge.member("to")?.text else { continue }
            sources[Self.end(to).id, default: []].insert(Self.end(from).id)
        }
        return sources.compactMapValues { ids in
            guard ids.count == 1, let id = ids.first else { return nil }
            return Name.isIdentifier(id) ? "nodes.\(id).output" : "nodes[\"\(id)\"].output"
        }
    }

    private func edge(_ value: SourceValue) -> EdgeDraft? {
        var shapes = ShapeReader(sink: sink, names: context.names, parsed: context.parsed)
        shapes.expressions.outerLocals = locals
        shapes.expressions.subject = "output"
        guard let object = shapes.object(value, as: WorkflowShapes.edge, skipping: ["when"]) else { return nil }
        let when = value.member("when").flatMap {
            shapes.expressions.condition($0, "when", .document, locals: ["output"])
        }
        let uses = shapes.expressions.takeUses()
        guard let from = end(object["from"], value.member("from"), shapes),
            let to = end(object["to"], value.member("to"), shapes)
        else { return nil }
        let named = { (key: String) in
            object[key]?.stringValue.flatMap { name in value.member(key).map { (name: name, value: $0) } }
        }
        return EdgeDraft(
            from: from,
            to: to,
            when: when,
            branchCase: named("case"),
            exit: named("port"),
            uses: uses,
            value: value
        )
    }

    /// `ID` or `ID.PORT`.
    private func end(_ text: JSONValue?, _ value: SourceValue?, _ shapes: ShapeReader) -> EdgeEnd? {
        guard let text = text?.stringValue, let value else { return nil }
        let (id, port) = Self.end(text)
        guard Name.isID(id), port.map(Name.isID) ?? true else {
            sink.report(.invalidName, at: value, "`\(text)` is no valid id; \(Name.idRule)")
            return nil
        }
        return EdgeEnd(id: id, port: port, value: value)
    }

    private static func end(_ text: String) -> (id: String, port: String?) {
        guard let dot = text.firstIndex(of: ".") else { return (text, nil) }
        return (String(text[..<dot]), String(text[text.index(after: dot)...]))
    }
}

extension SourceValue {
    /// The text, if this is one.
    var text: String? { node.text }

    /// Visits the items; a value that is no list is reported.
    func forEachItem(_ key: String, _ sink: DiagnosticSink, _ visit: (SourceValue) -> Void) {
        guard case .list(let items) = node.content else {
            return sink.report(.invalidValue, at: self, "`\(key)` must be a list, not \(node.kindName)")
        }
        for index in items.indices { visit(SourceValue(node: items[index], path: SourcePath(path, .index(index)))) }
    }
}
