// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// Four tools in place of many, so that their descriptions do not fill the context of a model.
enum CompactTools {
    /// As clients see them.
    static let list: [JSONValue] = [
        tool("list_tools", "The names of all tools that there are, with what they do.", [:]),
        tool(
            "search_tools",
            "Tools whose name or description has all words of a query.",
            ["query": ["type": "string"]],
            isNeeded: ["query"]
        ),
        tool(
            "get_tool_schema",
            "One tool with the JSON Schema of its arguments.",
            ["name": ["type": "string"]],
            isNeeded: ["name"]
        ),
        tool(
            "execute_tool",
            "Calls a tool by its name.",
            ["name": ["type": "string"], "arguments": ["type": "object"]],
            isNeeded: ["name"],
            isRead: false
        ),
    ]

    /// What a call comes to.
    enum Call {
        /// It is answered at once.
        case answer(JSONValue)
        /// The arguments do not do.
        case refuse(String)
        /// One of the many is called.
        case execute(ServedTool, JSONObject)
    }

    /// - Returns: `nil` when it is none of the four.
    static func call(_ name: String, _ arguments: JSONObject, _ tools: [ServedTool]) -> Call? {
        switch name {
        case "list_tools": return .answer(["tools": .array(tools.map(line))])
        case "search_tools":
            let words = (arguments["query"]?.stringValue ?? "").lowercased().split { !$0.isLetter && !$0.isNumber }
            guard !words.isEmpty else { return .refuse("`query` must have words") }
            let found = tools.filter { tool in
                let text = "\(tool.name) \(tool.description)".lowercased()
                return words.allSatisfy { text.contains($0) }
            }
            return .answer(["tools": .array(found.map(line))])
        case "get_tool_schema":
            return tool(arguments, tools).map { .answer($0.json) } ?? unknown(arguments)
        case "execute_tool":
            guard let tool = tool(arguments, tools) else { return unknown(arguments) }
            guard let inner = (arguments["arguments"] ?? [:]).objectValue else {
                return .refuse("`arguments` must be an object")
            }
            return .execute(tool, inner)
        default: return nil
        }
    }

    private static func tool(_ arguments: JSONObject, _ tools: [ServedTool]) -> ServedTool? {
        tools.first { $0.name == arguments["name"]?.stringValue }
    }

    private static func unknown(_ arguments: JSONObject) -> Call {
        .refuse("there is no tool `\((arguments["name"]?.stringValue ?? "").prefix(128))`; `list_tools` names all")
    }

    private static func line(_ tool: ServedTool) -> JSONValue {
        ["name": .string(tool.name), "description": .string(String(tool.description.prefix(200)))]
    }

    private static func tool(
        _ name: String,
        _ description: String,
        _ properties: JSONObject,
        isNeeded: [String] = [],
        isRead: Bool = true
    ) -> JSONValue {
        [
            "name": .string(name), "description": .string(description),
            "inputSchema": [
                "type": "object", "properties": .object(properties),
                "required": .array(isNeeded.map(JSONValue.string)),
            ], "annotations": ["readOnlyHint": .bool(isRead)],
        ]
    }
}
