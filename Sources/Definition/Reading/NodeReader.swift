// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Reads the nodes of a body: the fields that all have here, what is special to a kind in the extensions.
struct NodeReader {
    let context: ReadingContext
    let locals: [String]
    let depth: Int
    let subjects: [String: String]
    var shapes: ShapeReader
    /// Edges that the configurations of all nodes so far stand for.
    var exits: [EdgeDraft] = []
    /// What the configuration adds to the draft of the node that is read.
    var found = Found()

    struct Found {
        var id = ""
        var join: Graph.Join?
        var tool: ResolvedTool?
        var isRead = false
        /// `on_unsupported: skip`.
        var isSkippedWhenUnsupported = false
        /// What most nodes do not have.
        private(set) var rare: NodeExtras?

        /// The same to write to.
        var extras: NodeExtras {
            mutating get {
                let extras = rare ?? NodeExtras()
                rare = extras
                return extras
            }
        }

        var ports: [PortDraft] { rare?.ports ?? [] }
    }

    init(context: ReadingContext, locals: [String], depth: Int, subjects: [String: String]) {
        self.context = context
        self.locals = locals
        self.depth = depth
        self.subjects = subjects
        shapes = ShapeReader(sink: context.sink, names: context.names, parsed: context.parsed)
    }

    var sink: DiagnosticSink { context.sink }
    var registry: Registry {
        // Lent, not copied: it has a dozen tables.
        _read { yield context.registry }
    }

    /// Keys that are not taken over as they are.
    private static let own = ["id", "type", "config", "inputs", "depends_on", "ports", "when"]
    /// Fields of nodes that have no others.
    private static let plain = WorkflowShapes.node.fields("id", "type", "config", "inputs", "depends_on")

    /// The node; `nil` when its id, type or configuration is wrong. Everything wrong is reported.
    mutating func read(_ value: SourceValue) -> NodeDraft? {
        let id = value.member("id").flatMap { shapes.id($0, "id") }
        found = Found()
        found.id = id ?? ""
        shapes.expressions.start(locals: locals, subject: id.flatMap { subjects[$0] })
        guard let (stored, present) = shapes.members(value, as: WorkflowShapes.node, skipping: Self.own, room: 6)
        else { return nil }
        var common = stored
        // Most nodes are plain, and need not be searched for other keys.
        let rich = present.isSubset(of: Self.plain) ? nil : value
        found.isSkippedWhenUnsupported = rich != nil && common["on_unsupported"] == "skip"
        let resolved = value.member("type").flatMap { readType($0) }
        if let ports = rich?.member("ports") {
            readPorts(ports)
            if !found.ports.isEmpty { shapes.expressions.outerLocals = locals + ["ports"] }
        }
        let when = rich?.member("when").flatMap { shapes.expressions.condition($0, "when", .document) }
        if let when { common["when"] = .string(when.source) }
        let config = resolved.flatMap { readConfig($0, value) }
        if let compensate = rich?.member("compensate") { checkCompensation(compensate) }
        if let queue = rich?.member("queue") { checkName(queue, registry.queues, "queue") }
        let dependencies = value.member("depends_on").map { readDependencies($0) } ?? []
        context.checkSupport(value, "node", WorkflowShapes.node)
        if let retry = rich?.member("retry") { context.checkSupport(retry, "retry", CommonShapes.retry) }
        guard let id, let resolved, let config else { return nil }
        let join = readJoin(common["join"], value)
        finish(&common, resolved, join, value)
        common.append("id", .string(id))
        common.append("kind", .string(resolved.type.rawValue))
        common.append("config", .object(config))
        if rich != nil { noteExtras(common) }
        return NodeDraft(
            id: id,
            value: value,
            resolved: resolved,
            stored: common,
            join: join,
            dependencies: dependencies,
            uses: shapes.expressions.takeUses(),
            tool: found.tool,
            isRead: found.isRead,
            extras: found.rare
        )
    }

    private func readDependencies(_ value: SourceValue) -> [(id: String, value: SourceValue)] {
        var dependencies: [(id: String, value: SourceValue)] = []
        value.forEachItem("depends_on", sink) { item in
            if let id = shapes.id(item, "depends_on") { dependencies.append((id, item)) }
        }
        return dependencies
    }

    private mutating func noteExtras(_ stored: JSONObject) {
        if let outputs = stored["outputs"]?.objectValue { found.extras.outputs = outputs }
        if let group = stored["group"]?.stringValue { found.extras.group = group }
        if let phase = stored["phase"]?.stringValue { found.extras.phase = phase }
        if let id = stored["compensate"]?.stringValue { found.extras.undoneBy = id }
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
        // An output that fails its checks goes to a person, unless the document says what becomes of it.
        let kept: Set<String> = common.contains("verify") ? ["on_exhausted"] : []
        for member in common where Self.usual[member.key] == member.value && !kept.contains(member.key) {
            common[member.key] = nil
        }
        if let timeout = resolved.timeout, !common.contains("timeout_ms") {
            common.append("timeout_ms", .int(context.defaults.timeout ?? timeout))
        }
        if common.contains("retry") || !context.defaults.retry.isEmpty {
            var retry = common["retry"]?.objectValue ?? [:]
            for member in context.defaults.retry where !retry.contains(member.key) {
                retry.append(member.key, member.value)
            }
            common["retry"] = nil
            if !retry.isEmpty { common.append("retry", .object(retry)) }
        }
        if !found.ports.isEmpty {
            var ports = JSONObject()
            for port in found.ports { ports.append(port.name, port.stored) }
            common["ports"] = .object(ports)
        }
        warn(common, resolved, value)
    }

    private static let usual: [String: JSONValue] = [
        "continue_on_failure": false, "priority": 500, "idempotency": "auto", "on_exhausted": "fail", "cache": "off",
        "on_unsupported": "reject", "reversible": true,
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
        if resolved.type == .agent, !common.contains("budget"), !context.hasBudget {
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
            guard let tool = call.member("tool"), let name = tool.text, registry.tool(name) == nil,
                !registry.isAbsent(name)
            else { continue }
            let suggestion = sink.suggestion(for: name, among: registry.toolNames)
            sink.report(.invalidCompensation, at: tool, "unknown tool `\(name)`\(suggestion)")
        }
    }

    private mutating func readPorts(_ ports: SourceValue) {
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
            found.extras.ports.append(
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
