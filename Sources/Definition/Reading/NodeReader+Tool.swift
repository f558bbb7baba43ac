// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

extension NodeReader {
    /// `{tool, args, store_as}`, or only the arguments when the type of the node names the tool.
    mutating func tool(_ config: SourceValue, _ type: ToolName?, _ node: SourceValue) -> JSONObject? {
        if let type {
            let written = arguments(node.member("config"), "config", node)
            return call(type, written, config, [:])
        }
        guard var object = shapes.object(config, as: NodeTypeDescription.tool.config, skipping: ["args"]) else {
            return nil
        }
        let written = arguments(config.member("args"), "config.args", node)
        found.storeAs = object["store_as"]?.stringValue
        guard let name = object["tool"]?.stringValue, let place = config.member("tool") else { return nil }
        object["tool"] = nil
        guard let tool = toolName(name, place) else {
            let suggestion = sink.suggestion(for: name, among: registry.tools.keys.sorted())
            sink.report(.unknownName, at: place, "unknown tool `\(name)`\(suggestion)")
            return nil
        }
        return call(tool, written, config, object)
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
        _ tool: ToolName,
        _ written: SourceValue?,
        _ config: SourceValue,
        _ rest: JSONObject
    ) -> JSONObject? {
        var result = rest
        result["tool"] = .string(tool.name)
        found.tool = tool.tool
        found.isRead = tool.tool?.isRead ?? false
        guard let written else {
            // Without arguments the ports are the arguments.
            let ports = found.ports.map { JSONObject.Member(key: $0.name, value: .string("${ ports.\($0.name) }")) }
            result["args"] = .object(JSONObject(members: ports))
            if ports.isEmpty, let empty = try? ValueTemplate(.object([:])) { check(empty, of: tool, config) }
            return result
        }
        guard let template = shapes.expressions.template(written) else { return nil }
        check(template, of: tool, written)
        result["args"] = template.source
        return result
    }

    /// Literal arguments are checked whole; of others only which names are there.
    private func check(_ template: ValueTemplate, of tool: ToolName, _ value: SourceValue) {
        guard let tool = tool.tool else { return }
        if template.slots.isEmpty, let constant = try? template.evaluate(in: EmptyScope()) {
            for violation in tool.schema.validate(constant) {
                sink.report(
                    .invalidConfig,
                    at: value.descendant(violation.instancePointer),
                    "wrong arguments for tool `\(tool.name)`: \(violation)"
                )
            }
        } else if let members = value.members {
            checkNames(members, of: tool, value)
        } else if case .text = value.node.content, template.slots.first?.pointer == "" {
            return
        } else {
            sink.report(.invalidConfig, at: value, "arguments must be a mapping, not \(value.node.kindName)")
        }
    }

    private func checkNames(
        _ members: [(entry: SourceEntry, value: SourceValue)],
        of tool: Registry.Tool,
        _ value: SourceValue
    ) {
        for name in (tool.input["required"]?.arrayValue ?? []).compactMap(\.stringValue)
        where !members.contains(where: { $0.entry.key == name }) {
            sink.report(.invalidConfig, at: value, "tool `\(tool.name)` needs the argument `\(name)`")
        }
        guard tool.input["additionalProperties"]?.boolValue == false,
            let known = tool.input["properties"]?.objectValue
        else { return }
        for (entry, member) in members where known[entry.key] == nil {
            let suggestion = sink.suggestion(for: entry.key, among: known.keys)
            sink.report(
                .invalidConfig,
                at: member,
                position: entry.keyPosition,
                "tool `\(tool.name)` has no argument `\(entry.key)`\(suggestion)"
            )
        }
    }
}
