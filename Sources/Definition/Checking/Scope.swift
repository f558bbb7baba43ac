// Baton
// SPDX-License-Identifier: Apache-2.0

/// The variables of expressions (spec 3.7).
enum Scope {
    /// Variables that exist everywhere.
    static let roots = ["inputs", "vars", "run", "nodes", "ctx", "now"]
    /// What is known of every node.
    static let nodeFields = ["output", "status", "error", "info", "started_at", "ended_at", "attempts"]
    /// Fields of `run`.
    static let runFields = ["id", "name", "started_at"]
}

extension Graph.NodeKind {
    /// The fields of the output, where they are always the same.
    var outputFields: [String]? {
        switch self {
        case .http: ["status", "headers", "body", "url", "duration_ms"]
        case .human: ["approved", "choice", "values", "comment", "by", "at"]
        case .branch: ["case", "index"]
        case .waitFor, .waitUntil: ["fired_at", "signal"]
        case .aggregate(let aggregate): aggregate.groupBy == nil ? aggregate.operations.map(\.name) : nil
        case .tool, .join, .transform, .filter: nil
        }
    }
}
