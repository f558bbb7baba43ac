// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Reads one node: the fields that all have here, what is special to a kind in the extensions.
struct NodeReader {
    let context: ReadingContext
    let locals: [String]
    let depth: Int
    let subjects: [String: String]
    var shapes: ShapeReader
    /// Edges that the configuration stands for.
    var exits: [EdgeDraft] = []
    /// What the configuration adds to the draft.
    var found = Found()

    struct Found {
        var id = ""
        var join: Graph.Join?
        var joinValue: SourceValue?
        var cases: [(name: String, value: SourceValue)] = []
        var storeAs: String?
        var body: BodyDraft?
        var backTo: (id: String, value: SourceValue)?
        var tool: Registry.Tool?
        var isRead = false
        /// Names of the members of the output, where the configuration says them.
        var outputNames: [String]?
        var ports: [PortDraft] = []
        /// `on_unsupported: skip`.
        var isSkippedWhenUnsupported = false
    }

    init(context: ReadingContext, locals: [String], depth: Int, subjects: [String: String]) {
        self.context = context
        self.locals = locals
        self.depth = depth
        self.subjects = subjects
        shapes = ShapeReader(sink: context.sink, names: context.names)
        shapes.expressions.outerLocals = locals
    }

    var sink: DiagnosticSink { context.sink }
    var registry: Registry {
        // Lent, not copied: it has a dozen tables.
        _read { yield context.registry }
    }

    /// Keys that are not taken over as they are.
    private static let own: Set<String> = ["id", "type", "config", "inputs", "depends_on", "ports", "when"]

    /// The node; `nil` when its id, type or configuration is wrong. Everything wrong is reported.
    mutating func read(_ value: SourceValue) -> NodeDraft? {
        let idValue = value.member("id")
        let id = idValue.flatMap { shapes.id($0, "id") }
        found.id = id ?? ""
        shapes.expressions.subject = id.flatMap { subjects[$0] }
        guard var common = shapes.object(value, as: WorkflowShapes.node, skipping: Self.own) else { return nil }
        found.isSkippedWhenUnsupported = common["on_unsupported"] == "skip"
        let resolved = value.member("type").flatMap { readType($0) }
        readPorts(value)
        if !found.ports.isEmpty { shapes.expressions.outerLocals = locals + ["ports"] }
        let when = value.member("when").flatMap { shapes.expressions.condition($0, "when", .document) }
        if let when { common["when"] = .string(when.source) }
        let config = resolved.flatMap { readConfig($0, value) }
        if let compensate = value.member("compensate") { checkCompensation(compensate) }
        if let queue = value.member("queue") { checkName(queue, registry.queues, "queue") }
        let dependencies = (value.member("depends_on")?.items("depends_on", sink) ?? []).compactMap { item in
            shapes.id(item, "depends_on").map { (id: $0, value: item) }
        }
        context.checkSupport(value, "node", WorkflowShapes.node)
        if let retry = value.member("retry") { context.checkSupport(retry, "retry", CommonShapes.retry) }
        guard let id, let idValue, let resolved, let config else { return nil }
        let join = readJoin(common["join"], value)
        finish(&common, resolved, join, value)
        common["id"] = .string(id)
        common["kind"] = .string(resolved.type.rawValue)
        common["config"] = .object(config)
        return draft(id, idValue, value, resolved, common, join, dependencies)
    }

    private mutating func draft(
        _ id: String,
        _ idValue: SourceValue,
        _ value: SourceValue,
        _ resolved: ResolvedType,
        _ stored: JSONObject,
        _ join: Graph.Join,
        _ dependencies: [(id: String, value: SourceValue)]
    ) -> NodeDraft {
        NodeDraft(
            id: id,
            idValue: idValue,
            value: value,
            type: resolved.type,
            stored: stored,
            join: join,
            joinValue: value.member("join") ?? found.joinValue,
            dependencies: dependencies,
            cases: found.cases,
            uses: shapes.expressions.takeUses(),
            storeAs: found.storeAs,
            body: found.body,
            backTo: found.backTo,
            ports: found.ports,
            outputs: stored["outputs"]?.objectValue ?? [:],
            outputNames: found.outputNames,
            tool: found.tool,
            retriesExplicitly: value.member("retry") != nil,
            isRead: found.isRead
        )
    }

    /// Defaults of the document filled in, and what has its usual value left out.
    private func finish(
        _ common: inout JSONObject,
        _ resolved: ResolvedType,
        _ join: Graph.Join,
        _ value: SourceValue
    ) {
        common["description"] = nil
        common["join"] = nil
        if join != .all { common["join"] = join.json }
        for (key, usual) in Self.usual where common[key] == usual { common[key] = nil }
        let kindTimeout = resolved.type.description.timeout
        if common["timeout_ms"] == nil, let timeout = kindTimeout.map({ context.defaults.timeout ?? $0 }) {
            common["timeout_ms"] = .int(timeout.milliseconds)
        }
        var retry = common["retry"]?.objectValue ?? [:]
        for member in context.defaults.retry.members where retry[member.key] == nil {
            retry[member.key] = member.value
        }
        common["retry"] = nil
        if !retry.isEmpty { common["retry"] = .object(retry) }
        if !found.ports.isEmpty {
            var ports = JSONObject()
            for port in found.ports { ports.append(port.name, port.stored) }
            common["ports"] = .object(ports)
        }
        warn(common, resolved, value)
    }

    private static let usual: [(String, JSONValue)] = [
        ("continue_on_failure", false), ("priority", 500), ("idempotency", "auto"), ("on_exhausted", "fail"),
        ("cache", "off"), ("on_unsupported", "reject"), ("reversible", true),
    ]

    private func warn(_ common: JSONObject, _ resolved: ResolvedType, _ value: SourceValue) {
        if common["idempotency"] == "none", !found.isRead, let place = value.member("idempotency"),
            (common["retry"]?["max_attempts"]?.intValue ?? 1) > 1
        {
            sink.report(
                .unsafeRetry,
                at: place,
                "the effect takes no idempotency key, so it is not repeated once a request may have left; "
                    + "`retry` covers only failures before that"
            )
        }
        if resolved.type == .agent, common["budget"] == nil, !context.hasBudget {
            let message = "agent node `\(found.id)` may spend without limit; give it or the workflow a `budget`"
            sink.report(.noBudget, at: value.member("id") ?? value, message)
        }
    }

    /// The rule of the node, or the one that the configuration of a `join` gives.
    private func readJoin(_ written: JSONValue?, _ value: SourceValue) -> Graph.Join {
        let rule: Graph.Join? =
            switch written {
            case "all": .all
            case "any": .any
            case "done": .done
            case .some(let object): object["quorum"]?.intValue.map { .quorum(Int($0)) }
            case nil: nil
            }
        if let rule, let configured = found.join, rule != configured, let place = value.member("join") {
            sink.report(.invalidValue, at: place, "`join` and `config.mode` disagree; keep one of them")
        }
        return rule ?? found.join ?? .all
    }

    /// Tools that undo the node must exist.
    func checkCompensation(_ value: SourceValue) {
        for call in value.items ?? [value] {
            guard let tool = call.member("tool"), let name = tool.text, registry.tools[name] == nil,
                !registry.isAbsent(name)
            else { continue }
            let suggestion = sink.suggestion(for: name, among: registry.tools.keys.sorted())
            sink.report(.invalidCompensation, at: tool, "unknown tool `\(name)`\(suggestion)")
        }
    }

    private mutating func readPorts(_ value: SourceValue) {
        guard let ports = value.member("ports") else { return }
        guard let members = ports.members else {
            sink.report(.invalidValue, at: ports, "`ports` must be a mapping, not \(ports.node.kindName)")
            return
        }
        for (entry, port) in members {
            if !Name.isID(entry.key) {
                let message = "`\(entry.key)` is no valid name in `ports`; \(Name.idRule)"
                sink.report(.invalidName, at: port, position: entry.keyPosition, message)
            }
            guard var schema = port.node.json.objectValue else {
                sink.report(.invalidValue, at: port, "a port must be a mapping, not \(port.node.kindName)")
                continue
            }
            let isRequired = schema["required"]?.boolValue
            if isRequired != nil { schema["required"] = nil }
            guard SchemaReader(sink: sink).read(.object(schema), at: port, defaultOf: "port `\(entry.key)`") else {
                continue
            }
            found.ports.append(
                PortDraft(
                    name: entry.key,
                    schema: .object(schema),
                    isRequired: isRequired ?? false,
                    defaultValue: schema["default"],
                    value: port
                )
            )
        }
    }
}

extension PortDraft {
    /// The port as graphs store it.
    fileprivate var stored: JSONValue {
        ["schema": schema, "required": .bool(isRequired)]
    }
}

extension Graph.Join {
    /// The rule as graphs store it.
    var json: JSONValue {
        switch self {
        case .all: "all"
        case .any: "any"
        case .done: "done"
        case .quorum(let count): ["quorum": .int(Int64(count))]
        }
    }
}
