// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Reads the top of a workflow document and everything below it (spec 3.2).
struct WorkflowReader {
    /// The most nodes of a graph.
    static let nodeLimit = 100_000

    let registry: Registry
    let sink: DiagnosticSink
    private var expressions: ExpressionReader

    init(registry: Registry, sink: DiagnosticSink) {
        self.registry = registry
        self.sink = sink
        expressions = ExpressionReader(sink: sink)
    }

    /// The draft; `nil` when the document is no workflow. Everything wrong is reported, so a draft alone does not
    /// mean that it may be used.
    mutating func read(_ document: SourceDocument) -> WorkflowDraft? {
        guard isWorkflow(document.root), var reader = MappingReader(document.root, "the workflow", into: sink),
            let outputs = try? ValueTemplate(.object([:]))
        else { return nil }
        var draft = WorkflowDraft(outputs: outputs, nodeList: document.root)
        readHead(&reader, into: &draft)
        if let inputs = reader.take("inputs") {
            draft.inputs = InputReader(sink: sink).read(inputs, named: reader)
        }
        if let value = reader.take("outputs") { readOutputs(value, into: &draft) }
        if let value = reader.take("limits") { readLimits(value, into: &draft) }
        let defaults = readDefaults(&reader)
        draft.deadline = reader.duration("deadline", in: .seconds(1)...Span.year)
        draft.failurePolicy = reader.choice("on_failure") ?? .drain
        readNodes(&reader, defaults, into: &draft)
        readEdges(&reader, into: &draft)
        reader.finish()
        return draft
    }

    /// The first key names the kind; a document with `nodes` and no such key is a workflow too.
    private func isWorkflow(_ root: SourceValue) -> Bool {
        guard case .mapping(let entries) = root.node.content else {
            sink.report(.invalidValue, at: root, "a document must be a mapping, not \(root.node.kindName)")
            return false
        }
        guard !entries.contains(where: { $0.key == "workflow" || $0.key == "nodes" }) else { return true }
        guard let first = entries.first else {
            sink.report(.unknownDocumentKind, at: root, "the document is empty; begin with `workflow: NAME`")
            return false
        }
        let suggestion = sink.suggestion(for: first.key, among: ["workflow"])
        sink.report(
            .unknownDocumentKind,
            at: SourceValue(node: first.value, path: SourcePath(root.path, .key(first.key))),
            position: first.keyPosition,
            "`\(first.key)` is no kind of document; begin with `workflow: NAME`\(suggestion)"
        )
        return false
    }

    private func readHead(_ reader: inout MappingReader, into draft: inout WorkflowDraft) {
        let metadata = reader.take("metadata")
        if let metadata, metadata.members == nil {
            reader.refuse(metadata, "`metadata` must be a mapping, not \(metadata.node.kindName)")
        }
        let name = reader.take("workflow") ?? metadata?.member("name")
        if let name, let text = reader.text(name, "workflow") {
            if !Name.isDefinition(text) {
                sink.report(.invalidName, at: name, "`\(text)` is no valid name; \(Name.definitionRule)")
            }
            draft.name = text
        } else if name == nil {
            sink.report(.missingKey, at: reader.value, "the workflow needs a name: `workflow: NAME` or `metadata.name`")
        }
        if let description = metadata?.member("description") {
            draft.summary = reader.text(description, "description")
        }
        if let version = reader.take("version") {
            switch version.node.content {
            case .int, .double, .text: break
            default: reader.refuse(version, "`version` must be a number or text, not \(version.node.kindName)")
            }
        }
    }

    private mutating func readOutputs(_ value: SourceValue, into draft: inout WorkflowDraft) {
        guard let members = value.members else {
            return sink.report(.invalidValue, at: value, "`outputs` must be a mapping, not \(value.node.kindName)")
        }
        for (entry, member) in members where !Name.isID(entry.key) {
            sink.report(
                .invalidName,
                at: member,
                position: entry.keyPosition,
                "`\(entry.key)` is no valid output name; \(Name.idRule)"
            )
        }
        if let template = expressions.template(value) { draft.outputs = template }
        draft.outputUses = expressions.takeUses()
    }

    private func readLimits(_ value: SourceValue, into draft: inout WorkflowDraft) {
        guard var reader = MappingReader(value, "`limits`", into: sink) else { return }
        draft.maxParallel = reader.integer("max_parallel", in: 1...10_000)
        draft.maxNodes = reader.integer("max_nodes", in: 1...Self.nodeLimit)
        reader.finish()
    }

    private func readDefaults(_ reader: inout MappingReader) -> NodeDefaults {
        var defaults = NodeDefaults()
        if let value = reader.take("defaults"), var inner = MappingReader(value, "`defaults`", into: sink) {
            defaults.timeout = inner.duration(
                "timeout",
                in: NodeReader.timeoutBounds,
                aliases: NodeReader.timeoutAliases
            )
            defaults.retry = RetryReader.read(&inner) ?? RetryPolicy()
            inner.finish()
        }
        return defaults
    }

    private func readNodes(_ reader: inout MappingReader, _ defaults: NodeDefaults, into draft: inout WorkflowDraft) {
        guard let value = reader.require("nodes"), let items = reader.list(value, "nodes") else { return }
        draft.nodeList = value
        var nodes = NodeReader(registry: registry, defaults: defaults, sink: sink)
        draft.nodes = items.compactMap { nodes.read($0) }
    }

    private mutating func readEdges(_ reader: inout MappingReader, into draft: inout WorkflowDraft) {
        for item in reader.list("edges") ?? [] {
            guard let edge = readEdge(item) else { continue }
            draft.edges.append(edge)
        }
    }

    private mutating func readEdge(_ value: SourceValue) -> EdgeDraft? {
        guard var reader = MappingReader(value, "an edge", into: sink) else { return nil }
        defer { reader.finish() }
        let (from, to) = (reader.require("from"), reader.require("to"))
        let when = reader.take("when").flatMap { expressions.condition($0, "when", .document, locals: ["output"]) }
        let uses = expressions.takeUses()
        let branchCase = reader.take("case").flatMap { value in
            reader.text(value, "case").map { (name: $0, value: value) }
        }
        guard let from, let to, let fromID = reader.id(from, "from"), let toID = reader.id(to, "to") else { return nil }
        return EdgeDraft(
            from: fromID,
            fromValue: from,
            to: toID,
            toValue: to,
            when: when,
            branchCase: branchCase,
            uses: uses,
            value: value
        )
    }
}

/// Spans that serve as bounds.
enum Span {
    static let day = Duration.seconds(86_400)
    static let year = Duration.seconds(366 * 86_400)
}
