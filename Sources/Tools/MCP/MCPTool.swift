// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import MCP
import Model

/// A tool of an MCP server, as it was approved.
struct MCPTool: Tool {
    let definition: ToolDefinition
    private let tool: ToolDescription
    private let link: MCPLink
    /// Told that the server's tool is no longer what it was; `nil` when it is gone.
    private let noteChange: @Sendable (_ hash: String?) -> Void

    /// What the tool of a server is called here: `mcp.SERVER.TOOL`; `nil` when it has signs that no name may have.
    static func name(_ server: String, _ tool: String) -> String? {
        let name = "mcp.\(server).\(tool.replacing("/", with: "."))"
        return ToolRegistry.isName(name) ? name : nil
    }

    /// - Throws: When it has no usable name.
    init(
        _ tool: ToolDescription,
        _ link: MCPLink,
        noteChange: @escaping @Sendable (_ hash: String?) -> Void
    ) throws(ToolRegistry.Invalid) {
        let server = link.settings.name
        guard let name = Self.name(server, tool.name) else {
            throw ToolRegistry.Invalid(description: "`\(tool.name)` of \(server) has signs that no name may have")
        }
        (self.tool, self.link, self.noteChange) = (tool, link, noteChange)
        definition = ToolDefinition(
            name: name,
            description: tool.description.isEmpty ? tool.title ?? "" : tool.description,
            inputSchema: tool.inputSchema,
            outputSchema: tool.outputSchema,
            effects: tool.isRead ? .read : tool.isDestructive ? .destructive : .external,
            isIdempotent: tool.isIdempotent,
            timeout: link.settings.timeout,
            category: "mcp"
        )
    }

    func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let result = try await link.call(
            tool,
            tool.hash,
            arguments,
            isRepeatable: definition.isIdempotent,
            timeout: min(context.timeout, definition.timeout),
            context.cancellation
        )
        switch result {
        case .changed(let hash):
            noteChange(hash)
            throw changed(hash)
        case .done(.output(let output)):
            let size = output.bytes().count
            guard size <= definition.maxOutput else {
                throw TaskError(
                    code: "too_large",
                    errorClass: .permanent,
                    message: "\(definition.name) gave \(size) bytes, more than \(definition.maxOutput)"
                )
            }
            return ToolResult(output: output)
        case .done(.failed(let message)):
            throw .failed(
                "\(definition.name): \(message.prefix(2000))",
                details: ["text": .string(String(message.prefix(16_384)))]
            )
        case .done(.asks):
            throw .failed("\(definition.name) wants an answer of a person first, which is not supported")
        }
    }

    private func changed(_ hash: String?) -> TaskError {
        let server = link.settings.name
        let what = hash == nil ? "no longer has the tool" : "has changed the tool"
        return TaskError(
            code: "mcp.tool_changed",
            errorClass: .permanent,
            message:
                "the MCP server \(server) \(what) \(tool.name) that was approved; `baton mcp show \(server)` shows what "
                + "there is, `baton mcp approve \(server) \(tool.name)` permits it",
            details: [
                "server": .string(server), "tool": .string(tool.name), "hash": hash.map(JSONValue.string) ?? .null,
            ]
        )
    }
}
