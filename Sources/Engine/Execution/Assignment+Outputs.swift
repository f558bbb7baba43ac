// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
public import JSON

/// Outputs that agents get to see (spec 3.6, `context.from`).
extension Assignment {
    /// The outputs of the nodes that `context.from` names, in its order; those without one are left out. Empty for nodes
    /// that are no agents.
    public var forwardedOutputs: [(node: String, output: JSONValue)] {
        guard case .agent(let template) = node.kind else { return [] }
        return Self.forwarded(template).compactMap { node, expression in
            guard let value = try? expression.evaluate(in: scope).json(), !value.isNull else { return nil }
            return (node, value)
        }
    }

    /// What has to be read for them.
    static func forwarded(_ config: ValueTemplate) -> [(node: String, expression: CELExpression)] {
        (config.source["context"]?["from"]?.arrayValue ?? []).compactMap { id in
            guard let id = id.stringValue, let expression = try? CELExpression("ctx[\"\(id)\"]") else { return nil }
            return (id, expression)
        }
    }
}
