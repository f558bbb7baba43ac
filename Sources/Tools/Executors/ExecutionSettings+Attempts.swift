// Baton
// SPDX-License-Identifier: Apache-2.0

public import CEL
internal import Definition
public import Engine
internal import Glibc
public import JSON
public import Model
public import Threads

/// What executors do for every attempt.
extension ExecutionSettings {
    /// The surroundings of a call; makes the run's workspace if it is not there.
    ///
    /// - Parameters:
    ///   - key: The idempotency key of the call; `nil` for one that takes none.
    ///   - timeout: The longest the call may take; a minute by default.
    /// - Throws: `tool.failed` when there is no workspace.
    public func context(
        for assignment: Assignment,
        key: String?,
        timeout: Duration?,
        _ cancellation: CancellationSignal
    ) throws(TaskError) -> ToolContext {
        let folder = workspace(of: assignment.run)
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            let reason = String(cString: strerror(errno))
            throw TaskError(
                code: "tool.failed",
                errorClass: errno == ENOSPC ? .transient : .permanent,
                message: "the workspace \(folder) cannot be made: \(reason)"
            )
        }
        var context = ToolContext(
            workspace: folder,
            http: http,
            idempotencyKey: key,
            timeout: timeout ?? .seconds(60),
            cancellation: cancellation,
            sandbox: sandbox
        )
        let name = TaskName(node: assignment.node.id, place: assignment.place)
        context.library = library.map {
            ToolLibrary($0, for: assignment.ownership, run: assignment.run, task: name.description)
        }
        context.notes = notebook.map {
            NoteAccess($0, run: assignment.run, of: assignment.ownership, node: assignment.node.id)
        }
        return context
    }
}

extension Assignment {
    /// The value of a template of the node.
    ///
    /// - Throws: `expression.failed`, `expression.cost`.
    public func evaluate(_ template: ValueTemplate) throws(TaskError) -> JSONValue {
        try evaluate(template, in: scope)
    }

    /// The same in another scope.
    func evaluate(_ template: ValueTemplate, in scope: some CELScope) throws(TaskError) -> JSONValue {
        do {
            return try template.evaluate(in: scope)
        } catch {
            let code = error.cause.code == .cost ? "expression.cost" : "expression.failed"
            throw TaskError(
                code: code,
                errorClass: .permanent,
                message: "`config\(error.pointer)`: \(error.cause.message)"
            )
        }
    }
}
