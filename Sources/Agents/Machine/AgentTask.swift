// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Tools

/// What an agent has to do, as its node says it (spec 3.6); everything evaluated and checked.
struct AgentTask: Sendable {
    /// Who does it.
    let record: AgentRecord
    /// The node, for scripts and people.
    let node: String
    /// What the conversation begins with.
    let opening: String
    /// What people said since, the oldest first.
    let guidance: [String]
    /// What may be called, by the names that models see.
    let tools: [String: AgentTool]
    /// Which model, as the node or the record says it.
    let model: String?
    let tier: ModelTier
    let temperature: Double?
    let maxOutputTokens: Int
    let maxRounds: Int
    let historyRounds: Int
    let output: OutputRule
    /// Calls of one task are cached together.
    let cacheKey: String
    /// The arguments of a tool with its defaults; throws `validation.failed`.
    let check: @Sendable (_ tool: String, _ arguments: JSONValue) throws(TaskError) -> JSONValue

    /// Reads the evaluated config of a node.
    ///
    /// - Parameters:
    ///   - context: The outputs that are put before the prompt.
    ///   - registry: Where tools come from.
    /// - Throws: `agent.unavailable`, `agent.unsupported` for a key that is not carried out, `tool.unavailable`,
    ///   `validation.failed`.
    init(
        _ config: JSONValue,
        node: String,
        cacheKey: String,
        context: [AgentContext.Block] = [],
        guidance: [String] = [],
        roster: AgentRoster,
        registry: ToolRegistry
    ) throws(TaskError) {
        if let key = EngineCapabilities.externalAgentKeys.first(where: { config[$0] != nil }) {
            throw TaskError(
                code: "agent.unsupported",
                errorClass: .permanent,
                message: "`\(key)` of agents is not carried out by this program"
            )
        }
        guard let id = config["agent"]?.stringValue else {
            throw .invalid("`agent` must be the id of an agent")
        }
        record = try roster.record(id)
        self.node = node
        self.cacheKey = cacheKey
        self.guidance = guidance
        opening = try AgentContext.opening(config, context)
        tools = try AgentTool.all(
            config["tools"]?.arrayValue?.compactMap(\.stringValue) ?? record.tools,
            canPatch: config["can_patch"].map { $0 != false } ?? false,
            registry
        )
        check = { name, arguments throws(TaskError) in try registry.checkedArguments(for: name, arguments) }
        // A tier of the node wins over a model of the record.
        model = config["model"]?.stringValue ?? (config["tier"] == nil ? record.model : nil)
        tier = config["tier"]?.stringValue.flatMap(ModelTier.init) ?? record.tier
        temperature = config["temperature"]?.doubleValue
        maxOutputTokens = config["max_output_tokens"]?.intValue.map { Int($0) } ?? 4096
        maxRounds = config["max_rounds"]?.intValue.map { Int($0) } ?? 10
        historyRounds = config["history_rounds"]?.intValue.map { Int($0) } ?? 4
        output = try OutputRule(config["output_schema"])
    }
}

extension TaskError {
    static func invalid(_ message: String) -> TaskError {
        TaskError(code: "validation.failed", errorClass: .permanent, message: message)
    }
}
