// Baton
// SPDX-License-Identifier: Apache-2.0

/// What can be paused besides single runs, schedules and tasks (spec 3.11).
public enum PauseScope: Hashable, Sendable {
    /// All work.
    case all
    /// The runs of a project; `TENANT/NAME` for one of a tenant other than the first.
    case project(String)
    /// The runs of a workflow, named likewise.
    case workflow(String)
    /// The tasks of a queue, whichever run they belong to.
    case queue(String)

    /// The word for the kind: `all`, `project`, `workflow` or `queue`.
    public var kind: String {
        switch self {
        case .all: "all"
        case .project: "project"
        case .workflow: "workflow"
        case .queue: "queue"
        }
    }

    /// The name; empty for all work.
    public var name: String {
        switch self {
        case .all: ""
        case .project(let name), .workflow(let name), .queue(let name): name
        }
    }

    /// Reads what ``kind`` and ``name`` gave; `nil` for other words.
    public init?(kind: String, name: String) {
        switch kind {
        case "all" where name.isEmpty: self = .all
        case "project": self = .project(name)
        case "workflow": self = .workflow(name)
        case "queue": self = .queue(name)
        default: return nil
        }
    }
}

extension PauseScope: CustomStringConvertible {
    /// For sentences: ``all work``, or the kind with the name.
    public var description: String { self == .all ? "all work" : "\(kind) `\(name)`" }
}

extension PauseScope: Comparable {
    /// By kind, then by the bytes of the name.
    public static func < (left: Self, right: Self) -> Bool {
        guard left.kind == right.kind else { return left.kind < right.kind }
        return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
}
