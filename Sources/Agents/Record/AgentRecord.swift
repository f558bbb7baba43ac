// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
internal import Model
public import Providers

/// What an agent is (spec 8.1): its instructions, what it can do, the tools it has by itself, and which models it asks.
///
/// The text form is Markdown with a front matter; what follows it are the instructions. Only `id` is needed.
public struct AgentRecord: Sendable, Hashable {
    /// Something that an agent may be asked for by name.
    public struct Operation: Sendable, Hashable {
        /// Letters in lower case, digits, `_` and `-`.
        public var name: String
        /// JSON Schema of its arguments, an object; its `description` says what it is for.
        public var schema: JSONValue

        /// An operation.
        public init(name: String, schema: JSONValue) {
            (self.name, self.schema) = (name, schema)
        }
    }

    /// Letters in lower case, digits, `_` and `-`.
    public var id: String
    /// For people; the id when there is none.
    public var name: String
    /// One line for people.
    public var summary: String
    /// What kind of work it does, in a word.
    public var category: String
    /// What is sent first with every call.
    public var instructions: String
    /// What it can do, for those who look for somebody that can.
    public var capabilities: [String] = []
    /// What it may be asked for by name, in written order; without any every `operation` is accepted.
    public var operations: [Operation] = []
    /// Names of tools, for nodes that name none; `fs.*` stands for all that begin so.
    public var tools: [String]
    /// Names of skills that are active in all its tasks.
    public var skills: [String] = []
    /// Which tier serves it when the node says nothing.
    public var tier: ModelTier
    /// A model in place of the tier, as `PROVIDER/MODEL`, or a name that one provider lists.
    public var model: String?
    /// The program that does its work, for an agent of kind `cli`.
    public var program: CLIProgram?
    /// The profile that bounds its calls, besides that of the node.
    public var profile: String?
    /// 0 to 100; among equals the lower is preferred.
    public var priority = 5
    /// How many attempts it makes at a time, on this machine.
    public var maxConcurrent = 10
    /// It may work at the same time as others on the same task.
    public var isParallelizable = true
    /// It takes work.
    public var isEnabled = true
    /// It is started with a session, not when it is needed.
    public var isEager = false
    /// How long it takes as a rule, in milliseconds; for choosing among several.
    public var latency = 0
    /// How long it is left alone after it failed five times in a row.
    public var reset = Duration.seconds(60)
    /// Its text form; `nil` for one that was put together otherwise.
    public internal(set) var source: [UInt8]?
    /// Where its text form comes from.
    public internal(set) var origin = PromptOrigin.builtIn
    /// Whatever its owner wants to say.
    public var labels: [String: String] = [:]

    /// A record; without tools, of the tier `medium`.
    public init(
        id: String,
        name: String? = nil,
        summary: String = "",
        category: String = "",
        instructions: String,
        tools: [String] = [],
        tier: ModelTier = .medium,
        model: String? = nil,
        profile: String? = nil
    ) {
        self.id = id
        self.name = name ?? id
        self.summary = summary
        self.category = category
        self.instructions = instructions
        self.tools = tools
        self.tier = tier
        self.model = model
        self.profile = profile
    }

    /// The operation of that name.
    public func operation(_ name: String) -> Operation? { operations.first { $0.name == name } }

    /// Its text with where that comes from; `nil` when it has none.
    public var prompt: PromptText? { PromptText(source, origin) }

    /// All of it but the instructions.
    public var json: JSONObject {
        var json: JSONObject = [
            "id": .string(id), "name": .string(name), "kind": program == nil ? "model" : "cli",
            "summary": .string(summary),
            "category": .string(category), "capabilities": .array(capabilities.map(JSONValue.string)),
            "operations": .object(JSONObject(members: operations.map { .init(key: $0.name, value: $0.schema) })),
            "tools": .array(tools.map(JSONValue.string)), "skills": .array(skills.map(JSONValue.string)),
            "tier": .string(tier.rawValue),
        ]
        json["model"] = model.map(JSONValue.string)
        json["profile"] = profile.map(JSONValue.string)
        json["priority"] = .int(Int64(priority))
        json["max_concurrent"] = .int(Int64(maxConcurrent))
        json["parallelizable"] = .bool(isParallelizable)
        json["enabled"] = .bool(isEnabled)
        json["start"] = isEager ? "eager" : "lazy"
        json["latency_ms"] = .int(Int64(latency))
        json["reset"] = .string(reset.text)
        let labels = labels.sorted { $0.key < $1.key }
        json["labels"] = .object(JSONObject(members: labels.map { .init(key: $0.key, value: .string($0.value)) }))
        for member in (prompt?.json ?? origin.json).members { json[member.key] = member.value }
        return json
    }
}
