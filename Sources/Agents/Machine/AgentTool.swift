// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import JSON
import Model
import Providers
import Tools

/// Something that a model may call.
struct AgentTool: Sendable, Equatable {
    /// What a call does.
    enum Kind: Sendable, Equatable {
        /// Calls a tool of the registry.
        case tool
        /// Changes the graph of the run.
        case patch
        /// Gives the instructions of a skill.
        case skill
        /// Ends the task.
        case giveUp
        /// Look tools up; see ``ToolCatalogue``.
        case listTools, searchTools, toolSchema
        /// Calls one that was looked up.
        case execute
        /// Gives the answer.
        case respond
    }

    /// The name in the registry, such as `fs.read`.
    let name: String
    let kind: Kind
    let description: String
    let inputSchema: JSONValue
    /// A call changes nothing.
    let isRead: Bool
    /// A call may be made again with the same key.
    let isRepeatable: Bool
    /// What a call costs.
    let cost: Money?
    /// How much harm a call can do.
    let risk: ToolDefinition.Risk
    /// What kind of thing it does, as the registry has it; empty for those of agents.
    let category: String

    /// As models see it: providers allow no dots, and no more than 64 characters. What is longer ends with a part of its hash.
    var modelName: String {
        let plain = String(name.map { $0 == "." ? "_" : $0 })
        guard plain.utf8.count > 64 else { return plain }
        return "\(plain.prefix(55))_\(SHA256.hex(Array(name.utf8)).prefix(8))"
    }

    var model: ModelTool { ModelTool(name: modelName, description: description, inputSchema: inputSchema) }

    init(_ definition: ToolDefinition) {
        name = definition.name
        kind = .tool
        description = definition.description
        inputSchema = definition.inputSchema
        isRead = definition.effects == .read
        isRepeatable = isRead || definition.isIdempotent
        cost = definition.cost
        risk = definition.risk
        category = definition.category
    }

    init(_ name: String, _ kind: Kind, _ description: String, _ schema: JSONValue) {
        (self.name, self.kind, self.description, inputSchema) = (name, kind, description, schema)
        // A patch with a key applies once.
        (isRead, isRepeatable, cost, category) = (kind != .patch && kind != .giveUp && kind != .respond, true, nil, "")
        risk = isRead ? .low : .high
    }

    /// What permissions look at.
    var definition: ToolDefinition {
        ToolDefinition(
            name: name,
            description: description,
            inputSchema: inputSchema,
            effects: isRead ? .read : .write,
            isIdempotent: isRepeatable,
            category: category.isEmpty ? "agent" : category,
            risk: risk
        )
    }

    /// Takes the answer: what the schema says, if that is an object, else one member `answer`.
    static func respond(_ schema: JSONValue?) -> AgentTool {
        let inner = schema ?? ["type": "string", "description": "the whole answer"]
        return AgentTool(
            "respond",
            .respond,
            "Gives your answer and ends the task. Call it once, when everything else is done.",
            isObject(schema)
                ? inner
                : [
                    "type": "object", "additionalProperties": false, "required": ["answer"],
                    "properties": ["answer": inner],
                ]
        )
    }

    /// The arguments of `respond` are the answer itself.
    static func isObject(_ schema: JSONValue?) -> Bool { schema?["type"] == "object" }

    static let giveUp = AgentTool(
        "task.give_up",
        .giveUp,
        "Ends the task without a result. Only when it cannot be done with what you have.",
        [
            "type": "object", "additionalProperties": false, "required": ["reason"],
            "properties": [
                "reason": ["type": "string", "description": "why it cannot be done"],
                "tried": ["type": "string", "description": "what you tried"],
                "needs": ["type": "string", "description": "what it would take"],
            ],
        ]
    )

    static let skill = AgentTool(
        "skill.read",
        .skill,
        "Gives the instructions of a skill that is active.",
        [
            "type": "object", "additionalProperties": false, "required": ["name"],
            "properties": ["name": ["type": "string", "description": "the name of the skill"]],
        ]
    )

    static let patch = AgentTool(
        "run.patch",
        .patch,
        """
        Changes the workflow that this task belongs to, as far as that is permitted: operations of JSON Patch on its document. A \
        refusal says why. A node is added by {"op": "add", "path": "/nodes/-", "value": {"id": "check", "type": "http", \
        "config": {"url": "https://…"}, "depends_on": ["this"]}}, an edge by {"op": "add", "path": "/edges/-", \
        "value": {"from": "check", "to": "next"}}. What has begun cannot be changed.
        """,
        [
            "type": "object", "additionalProperties": false, "required": ["ops"],
            "properties": [
                "ops": [
                    "type": "array", "items": ["type": "object"],
                    "description": "operations of JSON Patch (RFC 6902); /nodes/@ID names a node by its id",
                ],
                "summary": ["type": "string", "description": "why, in a sentence"],
            ],
        ]
    )

    /// What an agent with tools of these names may call: by the names that models see, and what it has to look up.
    static func all(
        _ names: [String],
        isTaught: Bool = false,
        canPatch: Bool,
        _ permission: ToolPermission = ToolPermission(),
        respond: AgentTool? = nil,
        _ registry: ToolRegistry
    ) throws(TaskError) -> (tools: [String: AgentTool], catalogue: ToolCatalogue?) {
        let more = (canPatch ? [patch] : []) + (isTaught ? [skill] : [])
        let own = [giveUp] + [respond].compactMap(\.self) + more.filter { permission.offers($0.name) }
        var named: [AgentTool] = []
        for name in names {
            if name.hasSuffix("*") {
                named += registry.definitions.filter { $0.name.hasPrefix(name.dropLast()) }.map(AgentTool.init)
            } else if let definition = registry.definition(of: name) {
                named.append(AgentTool(definition))
            } else if name != giveUp.name, !more.contains(where: { $0.name == name }) {
                let hint = registry.nearestName(to: name).map { "; did you mean \($0)?" } ?? ""
                throw TaskError(
                    code: "tool.unavailable",
                    errorClass: .permanent,
                    message: "there is no tool \"\(name)\"\(hint)"
                )
            }
        }
        let distinct = ToolCatalogue(named.filter { permission.offers($0.name) })
        let isLookedUp = ToolCatalogue.isNeeded(for: Array(distinct.tools.values))
        let told = own + (isLookedUp ? lookups : named.filter { permission.offers($0.name) })
        return (try byModelName(told), isLookedUp ? distinct : nil)
    }

    private static func byModelName(_ tools: [AgentTool]) throws(TaskError) -> [String: AgentTool] {
        var result: [String: AgentTool] = [:]
        for tool in tools {
            if let other = result.updateValue(tool, forKey: tool.modelName), other.name != tool.name {
                throw .invalid("the tools \(other.name) and \(tool.name) have the same name for models")
            }
        }
        return result
    }
}
