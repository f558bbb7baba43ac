// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

extension NodeReader {
    /// The kind of a node, and the tool when the type is the name of one.
    struct ResolvedType {
        let type: NodeType
        var tool: ToolName?
    }

    /// A tool, or one that this installation lacks.
    struct ToolName {
        let name: String
        let tool: Registry.Tool?
    }

    mutating func readType(_ value: SourceValue) -> ResolvedType? {
        guard let text = shapes.text(value, "type", 200, .document) else { return nil }
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
        if let tool = toolName(text, value) { return ResolvedType(type: .tool, tool: tool) }
        let names = NodeType.allCases.map(\.rawValue)
        let suggestion = sink.suggestion(for: text, among: names + registry.tools.keys.sorted())
        let list = names.map { "`\($0)`" }.joined(separator: ", ")
        sink.report(
            .unknownNodeType,
            at: value,
            "unknown node type `\(text)`\(suggestion) (types are \(list) and the names of registered tools)"
        )
        return nil
    }

    /// A tool by name; `nil` when nobody knows it.
    func toolName(_ name: String, _ value: SourceValue) -> ToolName? {
        if let tool = registry.tools[name] {
            // Once for each tool: its schema is written out.
            if context.resolvedTools.insert(name).inserted { context.resolved["tool:\(name)"] = tool.input.text }
            return ToolName(name: name, tool: tool)
        }
        guard registry.isAbsent(name) else { return nil }
        reportUnsupported(value, "the tool `\(name)` is not available on this machine")
        return ToolName(name: name, tool: nil)
    }

    private func supported(_ type: NodeType, _ value: SourceValue) -> ResolvedType {
        if !registry.executors.contains(type) {
            reportUnsupported(value, "no executor for nodes of kind `\(type.rawValue)` is registered here")
        }
        return ResolvedType(type: type)
    }

    /// With `on_unsupported: skip` a node without executor is skipped when the run comes to it.
    private func reportUnsupported(_ value: SourceValue, _ message: String) {
        if found.isSkippedWhenUnsupported {
            sink.report(.unsupported, severity: .warning, at: value, message + "; the node is skipped")
        } else {
            context.reportUnsupported(at: value, message)
        }
    }

    /// The configuration in stored form.
    mutating func readConfig(_ resolved: ResolvedType, _ node: SourceValue) -> JSONObject? {
        let empty = SourceNode(.mapping([]), at: node.node.position)
        let config =
            node.member("config") ?? SourceValue(node: empty, path: SourcePath(node.path, .key("config")))
        context.checkSupport(config, resolved.type.rawValue, resolved.type.description.config)
        if let inputs = node.member("inputs"), resolved.type != .tool {
            let suggestion = "`inputs` belongs to tool nodes; write it in `config`"
            sink.report(.unknownKey, at: inputs, suggestion)
        }
        switch resolved.type {
        case .tool: return tool(config, resolved.tool, node)
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
