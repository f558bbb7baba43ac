// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Text
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
    /// What is active, the most important first.
    let skills: [Skill]
    /// What checks found out about earlier answers, the oldest first.
    let feedback: [CheckFeedback]
    /// What may be called, by the names that models see.
    let tools: [String: AgentTool]
    /// What it has to look up; `nil` when it is told all of its tools.
    let catalogue: ToolCatalogue?
    /// Which calls of those may be made.
    let permission: ToolPermission
    /// Which model, as the node or the record says it.
    let model: String?
    let tier: ModelTier
    let temperature: Double?
    let maxOutputTokens: Int
    /// Models may answer later, for less.
    let isBatch: Bool
    let maxRounds: Int
    let historyRounds: Int
    let output: OutputRule
    /// What the answer says was done has to have been done by a tool.
    let verifiesClaims: Bool
    /// The answer is given by calling `respond`.
    let respondsByTool: Bool
    /// The session in which it works.
    let session: String?
    /// What its node asks without the outputs of others, and what people said since.
    let question: String
    /// The repository in whose working tree it works, and the revision that it begins from.
    let repository: String?
    let base: String?
    /// What the node asks, for the message of a commit.
    let title: String
    /// What it was asked and answered in the session before; put in before it begins.
    var thread: AgentThread?
    /// Calls of one task are cached together.
    let cacheKey: String
    /// The arguments of a tool with its defaults; throws `validation.failed`.
    let check: @Sendable (_ tool: String, _ arguments: JSONValue) throws(TaskError) -> JSONValue

    /// Reads the evaluated config of a node.
    ///
    /// - Parameters:
    ///   - context: The outputs that are put before the prompt.
    ///   - knowledge: What is known in the project, put before everything.
    ///   - registry: Where tools come from.
    ///   - permits: What profiles of these names permit, and what people approve.
    /// - Throws: `agent.unavailable`, `skill.unavailable`, `profile.unknown`, `agent.unsupported` for a key that is not carried out, `tool.unavailable`,
    ///   `validation.failed`.
    init(
        _ given: JSONValue,
        node: String,
        cacheKey: String,
        context: [ForwardedOutput] = [],
        knowledge: String? = nil,
        guidance: [String] = [],
        feedback: [CheckFeedback] = [],
        roster: AgentRoster,
        skills shelf: SkillShelf = .builtIn(),
        registry: ToolRegistry,
        permits: (_ profiles: [String?], _ approvals: [String]) throws(TaskError) -> ToolPermission = { _, _ in
            ToolPermission()
        }
    ) throws(TaskError) {
        guard let id = given["agent"]?.stringValue else {
            throw .invalid("`agent` must be the id of an agent")
        }
        record = try roster.record(id)
        self.node = node
        self.cacheKey = cacheKey
        self.guidance = guidance
        self.feedback = feedback
        let config = try record.checked(given)
        session = config["session"]?.stringValue
        (repository, base) = (config["repository"]?.stringValue, config["base"]?.stringValue)
        guard base == nil || repository != nil else { throw .invalid("`base` is of no use without `repository`") }
        guard repository == nil || record.program != nil else {
            throw .agent("unsupported", "`repository` is only for agents that are programs, which \(id) is not")
        }
        title = config["prompt"]?.stringValue ?? given["operation"]?.stringValue ?? ""
        question = ([try AgentContext.opening(config, [])] + guidance).joined(separator: "\n\n")
        opening =
            (knowledge.map { "\($0)\n\n" } ?? "")
            + (try AgentContext.opening(config, context))
            + AgentContext.team(config["team"]).map { "\n\n\($0)" }.joined()
        let named = config["skills"]?.arrayValue?.compactMap(\.stringValue) ?? []
        var skills: [Skill] = []
        for name in record.skills + named where !skills.contains(where: { $0.name == name }) {
            skills.append(try shelf.skill(name))
        }
        // The sort is stable.
        self.skills = skills.sorted { $0.priority < $1.priority }
        var permission = try permits(
            [record.profile, config["profile"]?.stringValue],
            config["approve_tools"]?.arrayValue?.compactMap(\.stringValue) ?? []
        )
        for skill in skills { permission.confirmations.merge(skill.confirmations) { first, _ in first } }
        self.permission = permission
        let canPatch = config["can_patch"].map { $0 != false } ?? false
        let own = config["tools"]?.arrayValue?.compactMap(\.stringValue) ?? record.tools
        (tools, catalogue) = try AgentTool.all(
            own + skills.flatMap(\.tools).filter { !own.contains($0) && registry.definition(of: $0) != nil },
            isTaught: skills.contains { $0.disclosure == .summary },
            canPatch: canPatch,
            permission,
            respond: config["respond"] == "tool" ? AgentTool.respond(config["output_schema"]) : nil,
            registry
        )
        verifiesClaims = config["claims"] == "verify"
        respondsByTool = config["respond"] == "tool"
        check = { name, arguments throws(TaskError) in try registry.checkedArguments(for: name, arguments) }
        // A tier of the node wins over a model of the record.
        model = config["model"]?.stringValue ?? (config["tier"] == nil ? record.model : nil)
        tier = config["tier"]?.stringValue.flatMap(ModelTier.init) ?? record.tier
        temperature = config["temperature"]?.doubleValue
        maxOutputTokens = config["max_output_tokens"]?.intValue.map { Int($0) } ?? 4096
        isBatch = config["batch"] == true
        maxRounds = config["max_rounds"]?.intValue.map { Int($0) } ?? 10
        historyRounds = config["history_rounds"]?.intValue.map { Int($0) } ?? 4
        output = try OutputRule(config["output_schema"])
    }
}

extension AgentRecord {
    /// The config with the defaults of the operation's arguments.
    ///
    /// - Throws: `validation.failed` for an operation that the agent does not have, or arguments that do not fit it.
    fileprivate func checked(_ config: JSONValue) throws(TaskError) -> JSONValue {
        guard let name = config["operation"]?.stringValue, !operations.isEmpty else { return config }
        guard let operation = operation(name) else {
            var speller = Speller()
            let known = operations.map(\.name)
            let hint = speller.nearest(to: name, among: known).map { "did you mean \($0)?" }
            throw .invalid(
                "the agent \"\(id)\" has no operation \"\(name)\"; \(hint ?? "it has \(known.joined(separator: ", "))")"
            )
        }
        var arguments = (config["arguments"] ?? [:]).fillingDefaults(from: operation.schema)
        // What others of a team gave is no argument of the operation.
        let previous = arguments["previous_result"]
        if var object = arguments.objectValue, previous != nil {
            object["previous_result"] = nil
            arguments = .object(object)
        }
        let violations: [JSONSchemaViolation]
        do throws(JSONSchemaError) {
            violations = try JSONSchema(operation.schema).validate(arguments)
        } catch {
            throw .invalid("the schema of the operation \"\(name)\" cannot be used: \(error)")
        }
        guard violations.isEmpty else {
            throw .violations(
                violations,
                code: "validation.failed",
                what: "the arguments of the operation \"\(name)\" of \"\(id)\""
            )
        }
        guard var object = config.objectValue else { return config }
        if let what = operation.schema["description"]?.stringValue {
            object["operation"] = .string("\(name) (\(what))")
        }
        if var filled = arguments.objectValue {
            filled["previous_result"] = previous
            object["arguments"] = .object(filled)
        }
        return .object(object)
    }
}

extension TaskError {
    static func invalid(_ message: String) -> TaskError {
        TaskError(code: "validation.failed", errorClass: .permanent, message: message)
    }
}
