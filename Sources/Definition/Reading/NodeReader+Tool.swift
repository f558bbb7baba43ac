// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

extension NodeReader {
    /// `{tool, args, store_as}`, or only the arguments when the type of the node names the tool.
    mutating func tool(
        _ config: SourceValue,
        type tool: Registry.Tool?,
        _ node: inout MappingReader
    ) -> Graph.NodeKind? {
        if let tool {
            let written = node.value.member("config")
            return call(tool, arguments(written, "config", &node) ?? config, storeAs: nil)
        }
        guard var reader = configReader(config, .tool) else { return nil }
        defer { reader.finish() }
        let name = reader.require("tool")
        let written = arguments(reader.take("args"), "config.args", &node)
        let storeAs = reader.take("store_as").flatMap { reader.id($0, "store_as") }
        guard let name, let text = reader.text(name, "tool") else { return nil }
        guard let tool = registry.tools[text] else {
            let suggestion = sink.suggestion(for: text, among: registry.tools.keys.sorted())
            sink.report(.unknownTool, at: name, "unknown tool `\(text)`\(suggestion)")
            return nil
        }
        let none = SourceValue(
            node: SourceNode(.mapping([]), at: config.node.position),
            path: SourcePath(config.path, .key("args"))
        )
        return call(tool, written ?? none, storeAs: storeAs)
    }

    /// The arguments, which may also be written as `inputs` of the node.
    private func arguments(_ written: SourceValue?, _ key: String, _ node: inout MappingReader) -> SourceValue? {
        guard let inputs = node.takeAlias("inputs") else { return written }
        guard written == nil else {
            node.refuse(inputs, "`inputs` is another name of `\(key)`; keep one of them")
            return written
        }
        node.noteAlias("inputs", "`inputs` of a tool node is read as `\(key)`")
        return inputs
    }

    private mutating func call(_ tool: Registry.Tool, _ value: SourceValue, storeAs: String?) -> Graph.NodeKind? {
        guard let template = expressions.template(value) else { return nil }
        check(template, of: tool, value)
        return .tool(name: tool.name, arguments: template, storeAs: storeAs)
    }

    /// Literal arguments are checked whole; of others only which names are there.
    private func check(_ template: ValueTemplate, of tool: Registry.Tool, _ value: SourceValue) {
        if template.isConstant, let arguments = try? template.evaluate(in: EmptyScope()) {
            for violation in tool.schema.validate(arguments) {
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
