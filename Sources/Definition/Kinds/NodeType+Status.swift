// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
import Model

extension NodeType {
    /// The kind of a name or of another spelling of it, as documents write them; `nil` when there is none.
    public init?(spelling: String) {
        guard let type = NodeType(rawValue: spelling) ?? Self.aliases[spelling] else { return nil }
        self = type
    }

    /// Whether nodes of a kind can be executed.
    public enum Status: Sendable, Equatable {
        /// They can.
        case available
        /// They cannot; says why.
        case unavailable(String)

        /// The word for programs.
        public var word: String {
            if case .available = self { "available" } else { "unavailable" }
        }
    }

    /// Whether nodes of this kind can be executed where the registry comes from.
    public func status(in registry: Registry) -> Status {
        if registry.executors.contains(self) { return .available }
        if registry.externals.contains(self) {
            return .unavailable(
                "no executor for nodes of kind `\(rawValue)` is registered here; they run where somebody outside claims "
                    + "them"
            )
        }
        return .unavailable("no executor for nodes of kind `\(rawValue)` is registered here")
    }

    /// The keys of every node, whatever its kind.
    public static var commonFields: [FieldDescription] { WorkflowShapes.node.fields.map(FieldDescription.init) }

    /// The keys of the edges of a workflow.
    public static var edgeFields: [FieldDescription] { WorkflowShapes.edge.fields.map(FieldDescription.init) }

    /// All that is published about the kind, for programs. `timeout` is a duration text and left out when there is no
    /// limit, `outputs` when the output depends on the node; `reason` says why a kind is unavailable.
    public func json(registry: Registry) -> JSONValue {
        let description = description
        var object: JSONObject = [
            "kind": .string(rawValue), "label": .string(description.label),
            "category": .string(description.category.rawValue), "icon": .string(description.icon),
            "summary": .string(description.summary), "aliases": .array(description.aliases.map { .string($0) }),
        ]
        if let timeout = description.timeout { object["timeout"] = .string(timeout.text) }
        if let outputs = description.outputs { object["outputs"] = .array(outputs.map { .string($0.name) }) }
        object["fields"] = .array(description.fields.map(\.json))
        object["groups"] = .array(
            description.groups.map { group in
                ["keys": .array(group.keys.map { .string($0) }), "required": .bool(group.isRequired)]
            }
        )
        let unsupported = description.fields.map(\.key).filter {
            registry.unsupportedKeys.contains("\(rawValue).\($0)")
        }
        if !unsupported.isEmpty { object["unsupported"] = .array(unsupported.map { .string($0) }) }
        let status = status(in: registry)
        object["status"] = .string(status.word)
        if case .unavailable(let reason) = status { object["reason"] = .string(reason) }
        return .object(object)
    }
}

extension NodeTypeDescription {
    /// Keys of `config` of which at most one may be there.
    public struct KeyGroup: Sendable {
        /// The keys.
        public let keys: [String]
        /// One of them must be there.
        public let isRequired: Bool
    }

    /// The keys of `config`.
    public var fields: [FieldDescription] { config.fields.map(FieldDescription.init) }

    /// Keys of `config` that exclude each other.
    public var groups: [KeyGroup] { config.groups.map { KeyGroup(keys: $0.keys, isRequired: $0.isRequired) } }
}
