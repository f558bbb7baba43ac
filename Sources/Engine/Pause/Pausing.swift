// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
internal import Store

/// One of the things that keep a task from going on until somebody resumes them.
public struct Pausing: Sendable, Equatable {
    /// What is paused; `nil` for the run itself.
    public let scope: PauseScope?
    /// Who paused it.
    public let by: String
    /// Why, as given.
    public let reason: String?

    init(scope: PauseScope?, by: String, reason: String?) {
        (self.scope, self.by, self.reason) = (scope, by, reason)
    }

    init(_ row: PauseRow) {
        self.init(scope: row.scope, by: row.by, reason: row.reason)
    }

    /// What was paused by whom, and why: one clause.
    public var clause: String {
        "\(scope?.description ?? "the run") was paused by \(by)" + (reason.map { " (\($0))" } ?? "")
    }

    /// What a person types to end it.
    func command(run: RunID) -> String {
        switch scope {
        case nil: "baton run resume \(run)"
        case .all: "baton resume all"
        case .some(let scope): "baton resume \(scope.kind) \(scope.name)"
        }
    }
}
