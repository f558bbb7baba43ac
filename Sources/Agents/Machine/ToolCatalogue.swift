// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Tools

/// The tools of an agent that has too many to be told all of them: it looks them up, and calls them by name (spec 8.6).
struct ToolCatalogue: Sendable {
    /// More tools than that are looked up.
    static let toolLimit = 20
    /// So are tools whose descriptions have more bytes.
    static let byteLimit = 40_000
    private static let searchLimit = 10

    /// By their names in the registry.
    let tools: [String: AgentTool]

    /// Whether tools are too many to be told.
    static func isNeeded(for tools: [AgentTool]) -> Bool {
        guard tools.count <= toolLimit else { return true }
        return tools.reduce(0) { $0 + $1.description.utf8.count + $1.inputSchema.bytes().count } > byteLimit
    }

    init(_ tools: [AgentTool]) {
        self.tools = Dictionary(tools.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The tool of a name, as the registry has it or as models see it.
    func tool(_ name: String) -> AgentTool? { tools[name] ?? tools.values.first { $0.modelName == name } }

    /// What a look at the tools gives.
    ///
    /// - Throws: `tool.unavailable`.
    func answer(_ kind: AgentTool.Kind, _ arguments: JSONValue) throws(TaskError) -> JSONValue {
        switch kind {
        case .listTools:
            let prefix = arguments["prefix"]?.stringValue ?? ""
            return .array(sorted.filter { $0.name.hasPrefix(prefix) }.map(Self.line))
        case .searchTools:
            let words = (arguments["query"]?.stringValue ?? "").lowercased().split { !$0.isLetter && !$0.isNumber }
            let found = sorted.compactMap { tool in Self.rank(tool, words).map { (rank: $0, tool: tool) } }
            // The sort is stable: those of one rank stay by name.
            return .array(found.sorted { $0.rank < $1.rank }.prefix(Self.searchLimit).map { Self.line($0.tool) })
        case .toolSchema:
            let name = arguments["name"]?.stringValue ?? ""
            guard let tool = tool(name) else { throw unknown(name) }
            return [
                "name": .string(tool.name), "description": .string(tool.description),
                "input_schema": tool.inputSchema,
            ]
        case .tool, .patch, .skill, .giveUp, .respond, .execute: return .null
        }
    }

    func unknown(_ name: String) -> TaskError {
        TaskError(
            code: "tool.unavailable",
            errorClass: .permanent,
            message: "there is no tool \(name.prefix(100)); list_tools and search_tools say which there are"
        )
    }

    private var sorted: [AgentTool] {
        tools.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Of descriptions the first line, and not much of it.
    private static func line(_ tool: AgentTool) -> JSONValue {
        let first = tool.description.prefix { !$0.isNewline }
        return ["name": .string(tool.name), "description": .string(String(first.prefix(120)))]
    }

    /// Words that the name has count most; with none of the words it is not found.
    private static func rank(_ tool: AgentTool, _ words: [Substring]) -> Int? {
        let (name, text) = (tool.name.lowercased(), tool.description.lowercased())
        let (inName, inText) = (words.count { name.contains($0) }, words.count { text.contains($0) })
        return inName + inText == 0 ? nil : -(2 * inName + inText)
    }
}

extension AgentTool {
    /// In place of all tools that are looked up.
    static let lookups = [
        AgentTool(
            "list_tools",
            .listTools,
            "Lists the tools that execute_tool can call: name and first line.",
            schema(["prefix": text("only those whose names begin so")], required: [])
        ),
        AgentTool(
            "search_tools",
            .searchTools,
            "Finds tools by words of their names and descriptions, the best ones first.",
            schema(["query": text("words")], required: ["query"])
        ),
        AgentTool(
            "get_tool_schema",
            .toolSchema,
            "Describes a tool and its arguments as JSON Schema.",
            schema(["name": text("as list_tools and search_tools give it")], required: ["name"])
        ),
        AgentTool(
            "execute_tool",
            .execute,
            "Calls a tool by its name.",
            schema(
                [
                    "name": text("as list_tools and search_tools give it"),
                    "arguments": ["type": "object", "description": "as its schema wants them"],
                ],
                required: ["name"]
            )
        ),
    ]

    private static func schema(_ properties: JSONObject, required: [JSONValue]) -> JSONValue {
        [
            "type": "object", "additionalProperties": false, "properties": .object(properties),
            "required": .array(required),
        ]
    }

    private static func text(_ description: String) -> JSONValue {
        ["type": "string", "description": .string(description)]
    }
}
