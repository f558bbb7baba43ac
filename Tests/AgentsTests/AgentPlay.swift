// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Tools

@testable import Agents

/// A tool that counts and answers with what it was given.
struct EchoTool: Tool {
    let definition: ToolDefinition

    init(_ name: String, _ effects: ToolDefinition.Effects = .read, isIdempotent: Bool = false) {
        definition = ToolDefinition(
            name: name,
            description: "Echoes",
            inputSchema: ["type": "object", "properties": ["n": ["type": "integer", "default": 1]]],
            effects: effects,
            isIdempotent: isIdempotent,
            category: "test"
        )
    }

    func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> Tools.ToolResult {
        Tools.ToolResult(output: arguments)
    }
}

/// Plays a machine without an engine: answers and results come from lists.
struct AgentPlay {
    static let registry = try? ToolRegistry([
        EchoTool("look.up"), EchoTool("look.around"), EchoTool("note.down", .write),
        EchoTool("note.once", .external, isIdempotent: true),
    ])

    var config: JSONValue = ["agent": "analyst", "prompt": "Go.", "tools": ["look.up", "note.*"]]
    var tools = Self.registry
    var guidance: [String] = []
    var skills = SkillShelf.builtIn()
    var feedback: [CheckFeedback] = []
    var replies: [ModelReply] = []
    var steps: [AgentStep] = []
    /// All that was asked.
    var asked: [ModelRequest] = []
    /// All that was asked besides, and what is answered to it.
    var asides: [AgentAside] = []
    var asideReply = "in short"
    /// All tools that were called, those that were called at once in one list.
    var called: [[String]] = []

    mutating func set(_ key: String, _ value: JSONValue) {
        var object = config.objectValue ?? [:]
        object[key] = value
        config = .object(object)
    }

    func task() throws -> AgentTask {
        try AgentTask(
            config,
            node: "n",
            cacheKey: "run/n",
            guidance: guidance,
            feedback: feedback,
            roster: .builtIn(),
            skills: skills,
            registry: tools ?? ToolRegistry([])
        )
    }

    func next() throws -> AgentAction { try AgentMachine(task(), steps).next() }

    /// Plays until the end, or until there is no more answer.
    mutating func play() throws -> AgentAction {
        while true {
            let action = try next()
            switch action {
            case .ask(let ask):
                guard asked.count < replies.count else { return action }
                var ask = ask
                ask.request.model = "m"
                let step = AgentStep(
                    number: steps.count + 1,
                    kind: .model,
                    name: "p/m",
                    request: ask.record(after: steps),
                    result: AgentStep.answered(replies[asked.count])
                )
                asked.append(ask.request)
                steps.append(step)
            case .aside(let aside):
                var aside = aside
                aside.request.model = "m"
                asides.append(aside)
                steps.append(
                    AgentStep(
                        number: steps.count + 1,
                        kind: .model,
                        name: "p/m",
                        request: aside.record(after: steps),
                        result: AgentStep.answered(.says(asideReply))
                    )
                )
            case .call(let calls):
                called.append(calls.map(\.tool.name))
                for call in calls {
                    if let number = call.step {
                        steps[number - 1].result = ["output": call.arguments]
                        continue
                    }
                    steps.append(
                        AgentStep(
                            number: steps.count + 1,
                            kind: .tool,
                            name: call.tool.name,
                            request: call.record,
                            result: ["output": call.arguments]
                        )
                    )
                }
            case .finish, .fail: return action
            }
        }
    }

    /// Plays until the end and says what it is: an output or the code of an error.
    mutating func end() throws -> JSONValue {
        switch try play() {
        case .finish(let output): output
        case .fail(let error): .string(error.code)
        case .ask, .aside: "asks"
        case .call: "calls"
        }
    }
}

extension ModelReply {
    static func says(_ text: String, _ stop: StopReason = .end) -> ModelReply {
        ModelReply(parts: [.text(text)], stopReason: stop, usage: ModelUsage(input: 10, output: 5), model: "m")
    }

    /// Calls tools, each with a number or with nothing.
    static func calls(_ calls: (String, Int64?)...) -> ModelReply {
        let parts = calls.enumerated().map { index, call in
            ModelPart.toolCall(
                ToolCall(
                    id: "c\(index)",
                    name: call.0,
                    arguments: call.1.map { ["n": .int($0)] } ?? [:]
                )
            )
        }
        return ModelReply(parts: parts, stopReason: .tools, usage: ModelUsage(input: 10, output: 5), model: "m")
    }
}

extension ModelRequest {
    /// The results in the newest message.
    var results: [Providers.ToolResult] {
        (messages.last?.parts ?? []).compactMap { if case .toolResult(let result) = $0 { result } else { nil } }
    }

    var newest: String {
        (messages.last?.parts ?? []).map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}
