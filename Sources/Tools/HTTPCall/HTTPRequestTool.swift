// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
import Threads

/// `http.request`: sends an HTTP request, with the rules of the `http` node kind.
public struct HTTPRequestTool: Tool {
    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "http.request",
        description: "Sends an HTTP request to a public address, or to a private one that is listed.",
        inputSchema: HTTPCall.schema,
        effects: .external,
        isIdempotent: false,
        category: "http"
    )

    /// Sends the request.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let output = try await HTTPCall(arguments).send(
            by: context.http,
            idempotencyKey: context.idempotencyKey,
            timeout: context.timeout,
            cancellation: context.cancellation
        )
        return ToolResult(output: output)
    }
}
