// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

extension NodeReader {
    /// The arguments of the tool that is the type of the node.
    mutating func arguments(of tool: ResolvedTool, _ node: SourceValue) -> JSONObject? {
        let written = node.member("config")
        if let written { context.checkSupport(written, "tool", NodeTypeDescription.tool.config) }
        return call(tool, arguments(written, "config", node), node, JSONObject(capacity: 2))
    }

    /// `{tool, args, store_as}`.
    mutating func tool(_ config: SourceValue, _ node: SourceValue) -> JSONObject? {
        guard var object = shapes.object(config, as: NodeTypeDescription.tool.config, skipping: ["args"]) else {
            return nil
        }
        let written = arguments(config.member("args"), "config.args", node)
        if let name = object["store_as"]?.stringValue { found.extras.storeAs = name }
        if let profile = config.member("profile") { checkName(profile, registry.profiles?(), "profile") }
        guard let name = object["tool"]?.stringValue, let place = config.member("tool") else { return nil }
        object["tool"] = nil
        guard let tool = resolveTool(name, place) else {
            let suggestion = sink.suggestion(for: name, among: registry.toolNames)
            sink.report(.unknownName, at: place, "unknown tool `\(name)`\(suggestion)")
            return nil
        }
        return call(tool, written, node, object)
    }

    /// The arguments, which may also be written as `inputs` of the node.
    private func arguments(_ written: SourceValue?, _ key: String, _ node: SourceValue) -> SourceValue? {
        guard let inputs = node.member("inputs") else { return written }
        guard written == nil else {
            sink.report(.invalidValue, at: inputs, "`inputs` is another name of `\(key)`; keep one of them")
            return written
        }
        let path = key.split(separator: ".").map(String.init)
        let target = node.member(path[0]) == nil ? ["config"] : path
        let value: JSONValue = target == path ? inputs.node.json : ["args": inputs.node.json]
        sink.report(
            .alias,
            at: inputs,
            "`inputs` of a tool node is read as `\(key)`",
            fix: Fix.move(inputs, to: SourcePath.pointer(node.path).tokens + target, value)
        )
        return inputs
    }

    /// - Parameter rest: Further members of the configuration.
    private mutating func call(
        _ tool: ResolvedTool,
        _ written: SourceValue?,
        _ node: SourceValue,
        _ rest: JSONObject
    ) -> JSONObject? {
        var result = rest
        result.append("tool", .string(tool.name))
        if tool.isKnown {
            found.tool = tool
            found.isRead = tool.isRead
        }
        guard let written else {
            // Without arguments the ports are the arguments.
            if found.ports.isEmpty, !tool.bareViolations.isEmpty {
                report(tool.bareViolations, of: tool, configuration(of: node))
            }
            var ports = JSONObject()
            for port in found.ports { ports.append(port.name, .string("${ ports.\(port.name) }")) }
            result.append("args", .object(ports))
            return result
        }
        guard let template = shapes.expressions.template(written) else { return nil }
        check(template, of: tool, written)
        result.append("args", template.source)
        return result
    }

    private func report(_ violations: [JSONSchemaViolation], of tool: ResolvedTool, _ value: SourceValue) {
        for violation in violations {
            sink.report(
                .invalidConfig,
                at: value.descendant(violation.instancePointer),
                "wrong arguments for tool `\(tool.name)`: \(violation)"
            )
        }
    }

    /// Literal arguments are checked whole; of others only which names are there.
    private func check(_ template: ValueTemplate, of tool: ResolvedTool, _ value: SourceValue) {
        guard tool.isKnown else { return }
        if template.slots.isEmpty, let constant = try? template.evaluate(in: EmptyScope()) {
            report(tool.violations(constant), of: tool, value)
        } else if case .mapping(let entries) = value.node.content {
            checkNames(entries, of: tool, value)
        } else if case .text = value.node.content, template.slots.first?.pointer == "" {
            return
        } else {
            sink.report(.invalidConfig, at: value, "arguments must be a mapping, not \(value.node.kindName)")
        }
    }

    private func checkNames(
        _ entries: [SourceEntry],
        of tool: ResolvedTool,
        _ value: SourceValue
    ) {
        for name in tool.required where !entries.contains(where: { $0.key == name }) {
            sink.report(.invalidConfig, at: value, "tool `\(tool.name)` needs the argument `\(name)`")
        }
        guard let known = tool.known else { return }
        for entry in entries where !known.contains(entry.key) {
            let suggestion = sink.suggestion(for: entry.key, among: known)
            sink.report(
                .invalidConfig,
                at: SourceValue(node: entry.value, path: SourcePath(value.path, .key(entry.key))),
                position: entry.keyPosition,
                "tool `\(tool.name)` has no argument `\(entry.key)`\(suggestion)"
            )
        }
    }
}
