// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL

extension NodeReader {
    /// The type of a node, and the tool when the type is one's name.
    struct ResolvedType {
        let type: NodeType
        var tool: Registry.Tool?
    }

    mutating func readType(_ reader: inout MappingReader) -> ResolvedType? {
        guard let value = reader.require("type"), let text = reader.text(value, "type") else { return nil }
        if let type = NodeType(rawValue: text) { return ResolvedType(type: type) }
        if let type = NodeType.aliases[text] {
            sink.report(.alias, at: value, "`type: \(text)` is read as `type: \(type.rawValue)`")
            return ResolvedType(type: type)
        }
        if let tool = registry.tools[text] { return ResolvedType(type: .tool, tool: tool) }
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

    /// What the node does. Of a node without known type the configuration is passed over.
    mutating func readKind(_ resolved: ResolvedType?, _ reader: inout MappingReader) -> Graph.NodeKind? {
        let position = reader.value.node.position
        let config =
            reader.take("config")
            ?? SourceValue(
                node: SourceNode(.mapping([]), at: position),
                path: SourcePath(reader.value.path, .key("config"))
            )
        switch resolved?.type {
        case .tool: return tool(config, type: resolved?.tool, &reader)
        case .http: return http(config)
        case .human: return human(config)
        case .branch: return branch(config)
        case .join: return join(config)
        case .transform: return transform(config)
        case .filter: return filter(config)
        case .aggregate: return aggregate(config)
        case .wait: return wait(config)
        case nil:
            _ = reader.take("inputs")
            return nil
        }
    }

    /// Opens the configuration of a node.
    func configReader(_ value: SourceValue, _ type: NodeType) -> MappingReader? {
        MappingReader(value, "the config of `\(type.rawValue)`", .config, into: sink)
    }
}
