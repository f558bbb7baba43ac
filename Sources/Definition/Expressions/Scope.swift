// Baton
// SPDX-License-Identifier: Apache-2.0

/// The variables of expressions (spec 3.7).
enum Scope {
    /// Variables that exist everywhere.
    static let roots = ["inputs", "vars", "run", "project", "nodes", "ctx", "now"]
    /// Variables that exist somewhere; no name may be taken for one of them.
    static let allRoots = Set(
        roots + [
            "phases", "output", "ports", "item", "index", "iteration", "last", "signal", "error", "attempt",
        ]
    )
    /// What is known of every node.
    static let nodeFields = [
        "output", "status", "error", "info", "started_at", "ended_at", "attempts", "cost_usd",
    ]
    /// Fields of `run`.
    static let runFields = ["id", "name", "started_at", "start_commit"]
    /// Fields of `project`.
    static let projectFields = ["id", "name", "settings"]
    /// Fields of `phases.ID`.
    static let phaseFields = ["success", "status"]
}
