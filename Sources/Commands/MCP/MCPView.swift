// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import MCP
import Model
import Tools

/// MCP servers and their tools, as the API and the command line show them.
enum MCPView {
    /// All servers; none is started or reached for it.
    static func list(_ servers: MCPServers) async -> [JSONValue] {
        var rows: [JSONValue] = []
        for settings in servers.settings {
            let condition = await servers.condition(of: settings.name)
            rows.append(row(settings, servers, condition.isConnected, condition.problem))
        }
        return rows
    }

    static func row(
        _ settings: MCPServerSettings,
        _ servers: MCPServers,
        _ isConnected: Bool,
        _ problem: String?
    ) -> JSONValue {
        let approved = servers.approvedTools.filter { $0.server == settings.name }
        var object = head(settings)
        object["connected"] = .bool(isConnected)
        object["approved"] = .int(Int64(approved.count { !$0.isChanged }))
        object["changed"] = .int(Int64(approved.count { $0.isChanged }))
        object["problem"] = problem.map(JSONValue.string)
        return .object(object)
    }

    /// What a server has now.
    static func json(_ look: MCPServers.Look, of settings: MCPServerSettings) -> JSONValue {
        var object = head(settings)
        object["protocol"] = .string(look.facts.era.version)
        object["server"] = ["name": .string(look.facts.name), "version": .string(look.facts.version)]
        object["tools"] = .array(look.tools.map(json))
        object["problems"] = .array(look.problems.map(JSONValue.string))
        return .object(object)
    }

    private static func head(_ settings: MCPServerSettings) -> JSONObject {
        [
            "name": .string(settings.name), "transport": .string(settings.transport),
            "enabled": .bool(settings.isEnabled),
        ]
    }

    private static func json(_ seen: MCPServers.SeenTool) -> JSONValue {
        let tool = seen.tool
        var object: JSONObject = [
            "name": .string(seen.name), "tool": seen.toolName.map(JSONValue.string) ?? .null,
            "state": .string(seen.state.rawValue), "hash": .string(tool.hash),
            "approved_hash": seen.approved.map { .string($0.hash) } ?? .null,
            "description": .string(tool.description), "input_schema": tool.inputSchema,
            "output_schema": tool.outputSchema ?? .null,
            "effects": .string(tool.isRead ? "read" : tool.isDestructive ? "destructive" : "external"),
            "idempotent": .bool(tool.isIdempotent),
        ]
        if !seen.changes.isEmpty { object["changes"] = .array(seen.changes.map(JSONValue.string)) }
        return .object(object)
    }
}
