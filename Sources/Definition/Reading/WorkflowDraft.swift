// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Model

/// A workflow whose parts are each well formed; whether they fit together is not known yet.
struct WorkflowDraft {
    var name = ""
    var summary: String?
    var inputs: [Graph.Input] = []
    var outputs: ValueTemplate
    var outputUses: [ExpressionUse] = []
    var maxParallel: Int?
    var maxNodes: Int?
    var deadline: Duration?
    var failurePolicy = FailurePolicy.drain
    /// The list of nodes.
    var nodeList: SourceValue
    var nodes: [NodeDraft] = []
    var edges: [EdgeDraft] = []
}

/// One node as written.
struct NodeDraft {
    let id: String
    /// Where the id stands.
    let idValue: SourceValue
    let name: String?
    let kind: Graph.NodeKind
    let join: Graph.Join
    /// Where the join rule stands, if it was written.
    let joinValue: SourceValue?
    let when: CELExpression?
    let retry: RetryPolicy
    let timeout: Duration?
    let totalTimeout: Duration?
    let continueOnFailure: Bool
    let priority: Int
    let isNonIdempotent: Bool
    /// The ids in `depends_on`, with their places.
    let dependencies: [(id: String, value: SourceValue)]
    /// The cases of a branch with their places, the default among them.
    let cases: [(name: String, value: SourceValue)]
    /// Expressions in the node.
    let uses: [ExpressionUse]
}

/// One edge as written.
struct EdgeDraft {
    let from: String
    let fromValue: SourceValue
    let to: String
    let toValue: SourceValue
    let when: CELExpression?
    /// The case with its place.
    let branchCase: (name: String, value: SourceValue)?
    let uses: [ExpressionUse]
    /// The edge itself, or the id in `depends_on`.
    let value: SourceValue
}
