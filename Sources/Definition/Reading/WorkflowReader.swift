// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Reads a workflow document and everything below it (spec 3.2).
struct WorkflowReader {
    let context: ReadingContext
    let depth: Int

    private static let own = [
        "workflow", "metadata", "inputs", "outputs", "nodes", "edges", "defaults", "default_timeout",
    ]

    var sink: DiagnosticSink { context.sink }

    /// The draft; `nil` when the document is no mapping. Everything wrong is reported, so a draft alone does not mean
    /// that it may be used.
    ///
    /// - Parameter phases: The phases of a workstack or plan, in stored form.
    func read(_ root: SourceValue, phases: [JSONValue] = []) -> WorkflowDraft? {
        readNames(root)
        var shapes = ShapeReader(sink: sink, names: context.names, parsed: context.parsed)
        let own = phases.isEmpty ? Self.own : Self.own + ["phases"]
        guard var head = shapes.object(root, as: WorkflowShapes.document, skipping: own) else { return nil }
        context.checkSupport(root, "workflow", WorkflowShapes.document)
        for key in ["limits", "compensation"] {
            guard let value = root.member(key), let shape = WorkflowShapes.document.shape(of: key) else { continue }
            context.checkSupport(value, key, shape)
        }
        var draft = WorkflowDraft(body: BodyDraft(nodeList: root), value: root)
        readHead(root, &head, into: &draft)
        draft.inputs = readInputs(root.member("inputs"))
        readDefaults(root, &shapes)
        context.hasBudget = head["budget"] != nil
        let headUses = shapes.expressions.takeUses()
        let outputs = readOutputs(root.member("outputs"), &shapes)
        draft.outputUses = shapes.expressions.takeUses() + headUses
        draft.body = BodyReader(context: context, locals: [], depth: depth).read(root, output: false)
        draft.limits = head["limits"]?.objectValue ?? [:]
        head["outputs"] = outputs
        head["inputs"] = .array(draft.inputs.map { ["name": .string($0.name), "schema": $0.schema] })
        if !phases.isEmpty { head["phases"] = .array(phases) }
        draft.head = head
        return draft
    }

    /// Collects the names that shorthands may mean.
    private func readNames(_ root: SourceValue) {
        var variables: Set<String> = []
        var phases: Set<String> = []
        for node in root.node.member("nodes")?.items ?? [] {
            if let name = node.member("config")?.member("store_as")?.text { variables.insert(name) }
            if let phase = node.member("phase")?.text { phases.insert(phase) }
        }
        context.names = ExpressionNames(
            inputs: Set((root.member("inputs")?.members ?? []).map(\.entry.key)),
            variables: variables,
            phases: phases
        )
    }

    private func readHead(_ root: SourceValue, _ head: inout JSONObject, into draft: inout WorkflowDraft) {
        var shapes = ShapeReader(sink: sink, names: context.names, parsed: context.parsed)
        let metadata = root.member("metadata").flatMap { shapes.object($0, as: WorkflowShapes.metadata) } ?? [:]
        if let name = root.member("workflow") {
            draft.name = shapes.name(name, "workflow") ?? ""
        } else if let name = metadata["name"]?.stringValue {
            draft.name = name
        } else if root.member("metadata")?.member("name") == nil {
            sink.report(.missingKey, at: root, "the workflow needs a name: `workflow: NAME` or `metadata.name`")
        }
        context.enclosing.append(draft.name)
        if let description = metadata["description"] ?? head["description"] { head["summary"] = description }
        head["description"] = nil
        head["version"] = nil
        head["name"] = .string(draft.name)
        if head["on_failure"] == nil { head["on_failure"] = "drain" }
        if head["wave_mode"] == "free" { head["wave_mode"] = nil }
        if head["compensation"] == ["parallel": false] { head["compensation"] = nil }
        _ = shapes.expressions.takeUses()
    }

    private func readInputs(_ value: SourceValue?) -> [Graph.Input] {
        guard let value else { return [] }
        guard let members = value.members else {
            sink.report(.invalidValue, at: value, "`inputs` must be a mapping, not \(value.node.kindName)")
            return []
        }
        return members.map { entry, value in
            if !Name.isID(entry.key) {
                sink.report(
                    .invalidName,
                    at: value,
                    position: entry.keyPosition,
                    "`\(entry.key)` is no valid input name; \(Name.idRule)"
                )
            }
            let schema = value.node.json
            _ = SchemaReader(sink: sink).read(schema, at: value, defaultOf: "input `\(entry.key)`")
            return Graph.Input(name: entry.key, schema: schema, defaultValue: schema["default"])
        }
    }

    private func readOutputs(_ value: SourceValue?, _ shapes: inout ShapeReader) -> JSONValue {
        guard let value else { return [:] }
        guard let members = value.members else {
            sink.report(.invalidValue, at: value, "`outputs` must be a mapping, not \(value.node.kindName)")
            return [:]
        }
        for (entry, member) in members where !Name.isID(entry.key) {
            sink.report(
                .invalidName,
                at: member,
                position: entry.keyPosition,
                "`\(entry.key)` is no valid output name; \(Name.idRule)"
            )
        }
        return shapes.expressions.template(value)?.source ?? [:]
    }

    private func readDefaults(_ root: SourceValue, _ shapes: inout ShapeReader) {
        var defaults = JSONObject()
        if let value = root.member("defaults") {
            defaults = shapes.object(value, as: WorkflowShapes.defaults) ?? [:]
        }
        if let value = root.member("default_timeout") {
            guard let seconds = value.node.json.doubleValue, (1...604_800).contains(seconds) else {
                return sink.report(.invalidValue, at: value, "`default_timeout` must be 1 to 604800 seconds")
            }
            let span = Duration.milliseconds(Int64(seconds * 1000))
            let text = JSONValue.string(span.text)
            let hasDefaults = root.member("defaults") != nil
            sink.report(
                .alias,
                at: value,
                "`default_timeout` is read as `defaults: {timeout: \(span.text)}`",
                fix: defaults["timeout_ms"] != nil
                    ? Fix.remove(value)
                    : Fix.move(
                        value,
                        to: hasDefaults ? ["defaults", "timeout"] : ["defaults"],
                        hasDefaults ? text : ["timeout": text]
                    )
            )
            defaults["timeout_ms"] = defaults["timeout_ms"] ?? .int(span.milliseconds)
        }
        context.defaults.timeout = defaults["timeout_ms"]?.intValue
        context.defaults.retry = defaults["retry"]?.objectValue ?? [:]
    }
}

extension Shape {
    /// The shape of the mapping under a key.
    func shape(of key: String) -> Shape? {
        guard let index = find(key)?.field, case .shape(let shape) = fields[index].type else { return nil }
        return shape
    }
}
