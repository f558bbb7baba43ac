// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// Something a node or an agent can call.
public protocol Tool: Sendable {
    /// What it is.
    var definition: ToolDefinition { get }

    /// Does the work.
    ///
    /// - Parameters:
    ///   - arguments: An object that satisfies the input schema, defaults filled in.
    ///   - context: Where, for how long and with what rights.
    func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult
}
