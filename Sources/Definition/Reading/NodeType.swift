// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// The node types of documents (spec 3.6).
enum NodeType: String, CaseIterable {
    case tool, http, human, branch, join, transform, filter, aggregate, wait

    /// Other spellings.
    static let aliases: [String: NodeType] = [
        "hitl": .human, "approval": .human, "conditional": .branch, "parallel": .join, "gate": .join,
    ]

    /// How long one attempt may take when the document does not say.
    var timeout: Duration? {
        switch self {
        case .tool: .seconds(60)
        case .http: .seconds(30)
        case .branch, .transform, .filter, .aggregate: .seconds(5)
        case .human, .join, .wait: nil
        }
    }
}

/// What the document sets for all nodes.
struct NodeDefaults {
    /// For node types that have a limit at all.
    var timeout: Duration?
    var retry = RetryPolicy()
}
