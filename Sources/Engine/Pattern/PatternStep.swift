// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// One step of a chain: an agent that worked, or a tool that was called.
public struct PatternStep: Sendable, Hashable {
    /// Who does it.
    public enum Kind: String, Sendable, CaseIterable {
        /// An agent.
        case agent
        /// A tool.
        case tool
    }

    /// Who does it.
    public let kind: Kind
    /// The id of the agent, or the name of the tool.
    public let name: String
    /// The operation of the agent, where its node names one.
    public let operation: String?

    /// Puts a step together.
    public init(_ kind: Kind, _ name: String, operation: String? = nil) {
        (self.kind, self.name, self.operation) = (kind, name, operation)
    }

    /// `{kind, name, operation?}`.
    public var json: JSONValue {
        var json: JSONObject = ["kind": .string(kind.rawValue), "name": .string(name)]
        json["operation"] = operation.map(JSONValue.string)
        return .object(json)
    }

    /// Reads what ``json`` writes.
    public init?(_ json: JSONValue) {
        guard let kind = json["kind"]?.stringValue.flatMap(Kind.init), let name = json["name"]?.stringValue else {
            return nil
        }
        self.init(kind, name, operation: json["operation"]?.stringValue)
    }
}
