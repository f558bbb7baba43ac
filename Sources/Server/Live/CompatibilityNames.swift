// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// The names that events have for clients of similar tools (spec 10.3, end).
enum CompatibilityNames: Sendable {
    /// Of `/api/events/{project}`, where work is made of tasks.
    case tasks
    /// Of `/ws`, where it is made of nodes.
    case nodes

    /// What is not named here has an underscore in place of each dot.
    private static let common = [
        "run.started": "workflow_started", "run.completed": "workflow_completed", "run.failed": "workflow_failed",
        "run.cancelled": "workflow_cancelled", "human_task.opened": "approval_required",
        "human_task.resolved": "approval_resolved", "status.snapshot": "status_update",
    ]

    func name(of type: String) -> String {
        if let name = Self.common[type] { return name }
        switch (self, type) {
        case (.tasks, "task.started"): return "task_start"
        case (.nodes, _) where type.hasPrefix("task."): return "node_" + type.dropFirst(5)
        default: return type.replacing(".", with: "_")
        }
    }

    /// The event under that name.
    func event(_ json: JSONValue) -> JSONValue {
        var object = json.objectValue ?? [:]
        object["type"] = .string(name(of: json["type"]?.stringValue ?? ""))
        return .object(object)
    }
}
