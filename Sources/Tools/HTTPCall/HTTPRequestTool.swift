// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
public import JSON
public import Model
import Threads

/// `http.request`: sends an HTTP request, with the rules of the `http` node kind.
public struct HTTPRequestTool: Tool {
    /// The name of the tool.
    static let name = "http.request"

    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: name,
        description: "Sends an HTTP request to a public address, or to a private one that is listed.",
        inputSchema: HTTPCall.schema,
        effects: .external,
        isIdempotent: false,
        category: "http"
    )

    /// Sends the request.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        var call = try HTTPCall(arguments)
        let bounds = context.egress
        if !bounds.isEmpty { call.request.refusal = { bounds.refusal(of: $0, method: $1) } }
        let output = try await call.send(
            by: context.http,
            idempotencyKey: context.idempotencyKey,
            timeout: context.timeout,
            cancellation: context.cancellation
        )
        return ToolResult(output: output)
    }
}
