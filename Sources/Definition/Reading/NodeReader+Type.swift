// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

extension NodeReader {
    mutating func readType(_ value: SourceValue) -> ResolvedType? {
        guard let text = shapes.text(value, "type", 200, .document) else { return nil }
        if let known = context.types[text] { return known }
        if let type = NodeType(rawValue: text) { return supported(type, value) }
        if let type = NodeType.aliases[text] {
            sink.report(
                .alias,
                at: value,
                "`type: \(text)` is read as `type: \(type.rawValue)`",
                fix: Fix.replace(value, with: .string(type.rawValue))
            )
            return supported(type, value)
        }
        if let tool = resolveTool(text, value) {
            let resolved = ResolvedType(.tool, tool)
            if tool.isKnown { context.types[text] = resolved }
            return resolved
        }
        let names = NodeType.allCases.map(\.rawValue)
        let suggestion = sink.suggestion(for: text, among: names + registry.toolNames)
        let list = names.map { "`\($0)`" }.joined(separator: ", ")
        sink.report(
            .unknownNodeType,
            at: value,
            "unknown node type `\(text)`\(suggestion) (types are \(list) and the names of registered tools)"
        )
        return nil
    }

    /// A tool by name; `nil` when nobody knows it.
    func resolveTool(_ name: String, _ value: SourceValue) -> ResolvedTool? {
        if let known = context.tools[name] { return known }
        if let tool = registry.tool(name) {
            let resolved = ResolvedTool(name: name, tool: tool)
            context.tools[name] = resolved
            context.resolved["tool:\(name)"] = tool.input.text
            return resolved
        }
        guard registry.isAbsent(name) else { return nil }
        reportUnsupported(value, "the tool `\(name)` is not available on this machine")
        return ResolvedTool(name: name, tool: nil)
    }

    private func supported(_ type: NodeType, _ value: SourceValue) -> ResolvedType {
        let resolved = ResolvedType(type)
        if registry.executors.contains(type) || registry.externals.contains(type) {
            context.types[type.rawValue] = resolved
        } else {
            reportUnsupported(value, "no executor for nodes of kind `\(type.rawValue)` is registered here")
        }
        return resolved
    }

    /// With `on_unsupported: skip` a node without executor is skipped when the run comes to it.
    private func reportUnsupported(_ value: SourceValue, _ message: String) {
        if found.isSkippedWhenUnsupported {
            sink.report(.unsupported, severity: .warning, at: value, message + "; the node is skipped")
        } else {
            context.reportUnsupported(at: value, message)
        }
    }

    /// The configuration as written; an empty one at its place if none is.
    func configuration(of node: SourceValue) -> SourceValue {
        let empty = SourceNode(.mapping([]), at: node.node.position)
        return node.member("config") ?? SourceValue(node: empty, path: SourcePath(node.path, .key("config")))
    }

    /// The configuration in stored form.
    mutating func readConfig(_ resolved: ResolvedType, _ node: SourceValue) -> JSONObject? {
        if let tool = resolved.tool { return arguments(of: tool, node) }
        let config = configuration(of: node)
        context.checkSupport(
            config,
            resolved.type.rawValue,
            resolved.config,
            isForOthers: registry.externals.contains(resolved.type)
        )
        if resolved.type != .tool, let inputs = node.member("inputs") {
            let suggestion = "`inputs` belongs to tool nodes; write it in `config`"
            sink.report(.unknownKey, at: inputs, suggestion)
        }
        switch resolved.type {
        case .tool: return tool(config, node)
        case .loop: return loop(config)
        case .map: return map(config)
        case .filter: return filter(config)
        case .http: return http(config)
        case .human: return human(config)
        case .branch: return branch(config)
        case .join: return join(config)
        case .aggregate: return aggregate(config)
        case .wait: return wait(config)
        case .transform: return shapes.object(config, as: NodeTypeDescription.transform.config)
        case .agent: return agent(config)
        case .function: return function(config)
        case .workflow: return child(config)
        case .signal: return signal(config)
        }
    }
}

/// The kind of a node, and the tool when the type is the name of one.
final class ResolvedType {
    let type: NodeType
    let tool: ResolvedTool?
    /// What `config` holds.
    let config: Shape
    /// How long one attempt may take when the document does not say, in milliseconds; `nil` for no limit.
    let timeout: Int64?
    /// The members of the output, where they are always the same.
    let outputFields: [String]?

    init(_ type: NodeType, _ tool: ResolvedTool? = nil) {
        self.type = type
        self.tool = tool
        config = type.description.config
        timeout = type.description.timeout?.milliseconds
        outputFields = type.description.outputs?.map(\.name)
    }
}

/// A tool, or one that this installation lacks, with what each call of it is checked against.
final class ResolvedTool {
    let name: String
    /// It can be called here.
    let isKnown: Bool
    let isRead: Bool
    /// JSON Schema of its arguments, of its result.
    let input: JSONValue?
    let output: JSONValue?
    private let schema: JSONSchema?
    /// Names of arguments that must be there.
    let required: [String]
    /// All names of arguments; `nil` when others may be given.
    let known: [String]?
    /// What is wrong with a call without arguments.
    let bareViolations: [JSONSchemaViolation]

    init(name: String, tool: Registry.Tool?) {
        self.name = name
        isKnown = tool != nil
        isRead = tool?.isRead ?? false
        input = tool?.input
        output = tool?.output
        schema = tool?.schema
        required = (tool?.input["required"]?.arrayValue ?? []).compactMap(\.stringValue)
        let isClosed = tool?.input["additionalProperties"]?.boolValue == false
        known = isClosed ? tool?.input["properties"]?.objectValue?.keys : nil
        bareViolations = tool?.schema.validate([:]) ?? []
    }

    /// What is wrong with arguments.
    func violations(_ arguments: JSONValue) -> [JSONSchemaViolation] { schema?.validate(arguments) ?? [] }
}
