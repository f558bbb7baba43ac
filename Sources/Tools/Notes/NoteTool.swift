// Baton
// SPDX-License-Identifier: Apache-2.0

internal import AgentMemory
public import JSON
public import Model
internal import Secrets
internal import Threads

/// A tool that reads or writes notes: `memory.*`, `context.*`, `thinking.*` (spec 8.8).
///
/// What a call changes and its answer are one transaction with the key of the call, so that a call that is made again after a
/// crash changes nothing more.
public struct NoteTool: Tool {
    /// What the tool is.
    public let definition: ToolDefinition

    /// Does what its name says.
    public func call(_ given: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        // Notes are shown to models and people, so no secret gets into them.
        let arguments = context.masker?.mask(given) ?? given
        guard let access = context.notes else {
            throw TaskError(
                code: "tool.unavailable",
                errorClass: .permanent,
                message: "\(definition.name) belongs to runs: there are no notes outside of one"
            )
        }
        let place = try access.place(arguments.text("scope") ?? "session")
        let name = definition.name
        let author = Notebook.Author(access.author, request: context.idempotencyKey.map { "\($0) \(name)" })
        let notebook = access.notebook
        let result: Result<JSONValue, NoteError>
        do throws(CancellationError) {
            result = try await NoteAccess.threads.run {
                Result { () throws(NoteError) in
                    try notebook.perform(try NoteRequest(name, arguments), in: place, by: author)
                }
            }
        } catch {
            throw .cancelled
        }
        do throws(NoteError) {
            return ToolResult(output: try result.get())
        } catch {
            throw TaskError(error)
        }
    }
}

extension TaskError {
    /// What a task fails with.
    init(_ error: NoteError) {
        let isTransient = error.code == .storage || error.code == .conflict && error.message.contains("all the time")
        var details: JSONValue?
        if !error.pointer.isEmpty {
            let violation: JSONValue = ["pointer": .string(error.pointer), "message": .string(error.message)]
            details = ["violations": [violation]]
        }
        self.init(
            code: error.code.rawValue,
            errorClass: isTransient ? .transient : .permanent,
            message: error.message,
            details: details
        )
    }
}
