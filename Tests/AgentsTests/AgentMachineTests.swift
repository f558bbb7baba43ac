// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Testing
import Tools

@testable import Agents

/// What an agent does next, without an engine.
@Suite struct AgentMachineTests {
    @Test func `words become text and data, with a schema the value itself`() throws {
        let schema: JSONValue = ["type": "object", "required": ["n"], "properties": ["n": ["type": "integer"]]]
        for (text, schema, expected) in [
            ("hello", nil, ["text": "hello", "data": nil]),
            (#"{"n": 1}"#, nil, ["text": #"{"n": 1}"#, "data": ["n": 1]]),
            (#"{"n": 1}"#, schema, ["n": 1]), ("```json\n{\"n\": 2}\n```", schema, ["n": 2]),
            (#"{"success": false, "reason": "no"}"#, nil, "agent.gave_up"),
            (#"{"success": false, "reason": "no"}"#, schema, "agent.gave_up"),
        ] as [(String, JSONValue?, JSONValue)] {
            var play = AgentPlay(replies: [.says(text)])
            if let schema { play.config = ["agent": "reasoner", "prompt": "Go.", "output_schema": schema] }
            #expect(try play.end() == expected, "\(text)")
            #expect(play.asked[0].outputSchema == schema)
        }
        var simulated = ModelReply.says("x")
        simulated.isSimulated = true
        var play = AgentPlay(replies: [simulated])
        #expect(try play.end() == ["text": "x", "data": nil, "simulated": true])
    }

    @Test func `the prompt is stable: instructions, tools by name, then what the node says`() throws {
        var play = AgentPlay(replies: [.says("x")])
        play.config = [
            "agent": "analyst", "operation": "check", "prompt": "Go.", "arguments": ["a": 1],
            "tools": ["note.*", "look.up"],
            "temperature": 0.5, "max_output_tokens": 100, "can_patch": true,
        ]
        play.guidance = ["Hurry."]
        _ = try play.end()
        let request = play.asked[0]
        #expect(request.tools.map(\.name) == ["look_up", "note_down", "note_once", "run_patch", "task_give_up"])
        #expect(request.newest == "Operation: check\n\nGo.\n\nArguments:\n{\"a\":1}\n\nHurry.")
        #expect(request.temperature == 0.5 && request.maxOutputTokens == 100)
        #expect(request.instructions[0].text.hasPrefix("You are an analyst."))
        #expect(request.origin == ModelCallOrigin(agent: "analyst", node: "n", call: 1))
        let blocks = [
            ForwardedOutput(node: "a", output: ["text": "12345"], trust: .agent, isNamed: true),
            ForwardedOutput(node: "b", output: "678", trust: .external, isNamed: true),
        ]
        let config: JSONValue = ["prompt": "p", "context": ["max_chars": 6]]
        #expect(
            try AgentContext.opening(config, blocks)
                == "<output node=\"a\" trust=\"agent\">\n12345\n</output>\n\n"
                + "<output node=\"b\" trust=\"external\" cut=\"true\">\n6\n</output>\n\np"
        )
        // What is not named comes shorter, and by its summary where it has one.
        let long = String(repeating: "x", count: 2500)
        let given = (1...12).map { number in
            ForwardedOutput(
                node: "n\(number)",
                output: number == 1 ? ["summary": "short", "text": .string(long)] : .string(long),
                trust: .agent,
                isNamed: false
            )
        }
        let opening = try AgentContext.opening(["prompt": "p"], given)
        #expect(opening.hasPrefix("<output node=\"n1\" trust=\"agent\" summary=\"true\">\nshort\n</output>\n\n"))
        #expect(opening.count { $0 == "x" } == 20_000 - 5 && opening.contains("<output node=\"n11\""))
        #expect(!opening.contains("<output node=\"n12\""))
    }

    @Test func `what a node may not say is an error`() throws {
        for (config, code) in [
            (["agent": "nobody", "prompt": "p"], "agent.unavailable"), (["agent": "reasoner"], "validation.failed"),
            (["agent": "analyst", "prompt": "p", "tools": ["look.upp"]], "tool.unavailable"),
            (["agent": "analyst", "prompt": "p", "skills": ["s"]], "skill.unavailable"),
            (["prompt": "p"], "validation.failed"),
        ] as [(JSONValue, String)] {
            do {
                _ = try AgentPlay(config: config).task()
                #expect(Bool(false), "\(config.text)")
            } catch {
                #expect((error as? TaskError)?.code == code, "\(config.text): \(error)")
            }
        }
    }

    @Test func `reading calls of a turn go together, changing ones alone and in order`() throws {
        var play = AgentPlay(replies: [
            .calls(("look_up", 1), ("look_up", 2), ("note_down", 3), ("look_up", 4), ("note_once", 5)), .says("done"),
        ])
        #expect(try play.end()["text"] == "done")
        #expect(play.called == [["look.up", "look.up"], ["note.down"], ["look.up"], ["note.once"]])
        #expect(play.asked[1].results.map(\.content) == (1...5).map { "{\"n\":\($0)}" })
        #expect(play.asked[1].results.map(\.callID) == (0...4).map { "c\($0)" })
        #expect(play.steps.map(\.number) == Array(1...7))
    }

    @Test func `unknown tools and wrong arguments are told to the model`() throws {
        var bad = ModelReply.calls(("look_up", nil), ("look.up", 1), ("nothing", 1))
        bad.parts.append(.toolCall(ToolCall(id: "m", name: "look_up", argumentText: "{n")))
        bad.parts.append(.toolCall(ToolCall(id: "w", name: "look_up", arguments: ["n": "x"])))
        var play = AgentPlay(replies: [bad, .says("done")])
        #expect(try play.end()["text"] == "done")
        let results = play.asked[1].results
        #expect(results.map(\.isError) == [false, true, true, true, true])
        #expect(results[0].content == "{\"n\":1}", "the default is filled in")
        for (result, code) in zip(
            results.dropFirst(),
            ["tool.unavailable", "tool.unavailable", "validation.failed", "validation.failed"]
        ) {
            #expect((try JSONValue(parsing: result.content))["code"]?.stringValue == code, "\(result.content)")
        }
    }

    @Test func `an answer is corrected twice at most`() throws {
        var play = AgentPlay(replies: [.says("no"), .says(#"{"n": "x"}"#), .says(#"{"n": 3}"#)])
        let schema: JSONValue = ["type": "object", "properties": ["n": ["type": "integer"]]]
        play.config = ["agent": "reasoner", "prompt": "p", "output_schema": schema, "max_rounds": 1]
        var failing = play
        #expect(try play.end() == ["n": 3])
        #expect(play.asked[2].newest.contains("- /n: ") && play.asked[2].messages.count == 5)
        failing.replies[2] = .says("never")
        #expect(try failing.end() == "output.invalid")
    }

    @Test func `ends that are no success have errors of their own`() throws {
        for (reply, code) in [
            (.says("I will not", .refusal), "agent.refused"), (.says("x", .filtered), "agent.refused"),
            (.says("half", .maxOutput), "agent.output_limit"), (.says("", .contextFull), "agent.context_full"),
            (.calls(("task_give_up", nil)), "agent.gave_up"),
        ] as [(ModelReply, String)] {
            var play = AgentPlay(replies: [reply])
            #expect(try play.end() == .string(code), "\(code)")
        }
        var paused = AgentPlay(replies: [.says("a", .paused), .says("b")])
        #expect(try paused.end()["text"] == "b")
        #expect(paused.asked[1].messages.map(\.role) == [.user, .assistant])
    }

    @Test func `rounds end at max_rounds, and people may have it go on`() throws {
        var play = AgentPlay(replies: (1...9).map { .calls(("look_up", Int64($0))) })
        play.config = ["agent": "analyst", "prompt": "p", "tools": ["look.up"], "max_rounds": 3]
        #expect(try play.end() == "agent.rounds")
        #expect(play.called.count == 2 && play.asked.count == 3)
        play.guidance = ["Three more."]
        #expect(try play.end() == "agent.rounds")
        #expect(play.asked.count == 6 && play.asked[3].newest == "Three more.")
        #expect(play.asked[3].results.map(\.isError) == [true])
        let records = play.steps.filter { $0.kind == .model }.map { $0.request["guidance"] }
        #expect(records == [nil, nil, nil, 1, 1, 1])
    }

    @Test func `the same call is answered with a notice the third time, and ends the task the fifth`() throws {
        var play = AgentPlay(replies: (1...9).map { _ in .calls(("look_up", 7)) })
        #expect(try play.end() == "agent.loop")
        #expect(play.called.count == 2 && play.asked.count == 5)
        #expect(
            play.asked[2].results[0].isError == false && play.asked[3].results[0].content.contains("agent.repeated")
        )
    }

    @Test func `whole rounds are left out of the history, words stay`() throws {
        var play = AgentPlay(replies: (1...6).map { .calls(("look_up", Int64($0))) } + [.says("done")])
        play.config = ["agent": "analyst", "prompt": "First.", "tools": ["look.up"], "history_rounds": 2]
        #expect(try play.end()["text"] == "done")
        #expect(play.asked.map(\.messages.count) == [1, 3, 5, 7, 9, 5, 7])
        let last = play.asked[6]
        #expect(last.messages.map(\.role) == [.user, .assistant, .user, .assistant, .user, .assistant, .user])
        guard case .text("First.") = last.messages[0].parts[0] else { return #expect(Bool(false)) }
        #expect(last.results.map(\.content) == ["{\"n\":6}"])
        // What is stored grows by what is new only.
        let stored = play.steps.filter { $0.kind == .model }.map { $0.request["messages"]?.arrayValue?.count }
        #expect(stored == [1, 1, 1, 1, 1, 1, 1])
    }

    @Test func `steps that never ended: models are asked again, tools only when that does no harm`() throws {
        var play = AgentPlay(replies: [.calls(("look_up", 1), ("note_once", 2), ("note_down", 3)), .says("done")])
        #expect(try play.end()["text"] == "done")
        let all = play.steps
        for (number, expected) in [(2, "look.up"), (3, "note.once"), (4, "tool.interrupted")] {
            var interrupted = AgentPlay(steps: Array(all.prefix(number)))
            interrupted.steps[number - 1].result = nil
            switch try interrupted.next() {
            case .call(let calls): #expect(calls.map(\.tool.name) == [expected] && calls[0].step == number)
            case .fail(let error): #expect(error.code == expected && error.message.contains("step 4"))
            case .ask, .aside, .finish: #expect(Bool(false), "\(number)")
            }
        }
        // A lost or failed call is no turn; what is asked is the same, and the number of the call goes on.
        for result in [AgentStep.lost, AgentStep.failed(.noModel("x"))] {
            var lost = AgentPlay(steps: Array(all.prefix(5)))
            lost.steps[4].result = result
            guard case .ask(let ask) = try lost.next() else { return #expect(Bool(false)) }
            #expect(ask.request.messages == play.asked[1].messages && ask.request.origin?.call == 3)
        }
        // A person says how to go on with what nobody knows.
        var told = AgentPlay(
            guidance: ["It happened."],
            replies: [.says("x"), .says("fine")],
            steps: Array(all.prefix(4))
        )
        told.steps[3].result = nil
        guard case .ask(let ask) = try told.next() else { return #expect(Bool(false)) }
        #expect(ask.request.results.map(\.isError) == [false, false, true])
        #expect(ask.request.newest == "It happened.")
    }

    @Test func `at every point the steps lead to the same end`() throws {
        var play = AgentPlay(replies: [
            .calls(("look_up", 1), ("note_once", 2)), .calls(("nothing", 1)), .calls(("note_once", 3)), .says("done"),
        ])
        #expect(try play.end()["text"] == "done")
        for count in 0..<play.steps.count {
            var again = play
            again.steps = Array(play.steps.prefix(count))
            again.asked = Array(play.asked.prefix(again.steps.count { $0.kind == .model }))
            #expect(try again.end()["text"] == "done", "\(count)")
            #expect(again.steps == play.steps, "\(count)")
        }
    }

    // MARK: Many tools

    /// 21 tools that look, and one that writes.
    private static let crowd = try? ToolRegistry(
        (10...30).map { EchoTool("crowd.t\($0)") } + [EchoTool("crowd.write", .write), EchoTool("look.up")]
    )

    private static func crowded(_ replies: [ModelReply]) -> AgentPlay {
        var play = AgentPlay(replies: replies)
        play.tools = crowd
        play.config = ["agent": "analyst", "prompt": "Go.", "tools": ["crowd.*"]]
        return play
    }

    private static func call(_ name: String, _ arguments: JSONValue) -> ModelPart {
        .toolCall(ToolCall(id: "c\(name)\(arguments.text.utf8.count)", name: name, arguments: arguments))
    }

    @Test func `an agent with many tools looks them up and calls them by name`() throws {
        let told = ["execute_tool", "get_tool_schema", "list_tools", "search_tools", "task_give_up"]
        let look = ModelReply(
            parts: [
                Self.call("list_tools", ["prefix": "crowd.t1"]), Self.call("search_tools", ["query": "write x"]),
                Self.call("get_tool_schema", ["name": "crowd.t10"]),
            ],
            stopReason: .tools,
            usage: ModelUsage(input: 10, output: 5),
            model: "m"
        )
        let act = ModelReply(
            parts: [
                Self.call("execute_tool", ["name": "crowd.t11", "arguments": ["n": 3]]),
                Self.call("execute_tool", ["name": "crowd_t12", "arguments": [:]]),
                Self.call("execute_tool", ["name": "crowd.t12", "arguments": ["n": "x"]]),
                Self.call("execute_tool", ["name": "look.up"]), Self.call("execute_tool", ["name": "crowd.write"]),
                Self.call("crowd_t11", [:]),
            ],
            stopReason: .tools,
            usage: ModelUsage(input: 10, output: 5),
            model: "m"
        )
        var play = Self.crowded([look, act, .says("done")])
        #expect(try play.end() == ["text": "done", "data": nil])
        #expect(play.asked[0].tools.map(\.name) == told)
        // Looks are steps like all calls; those by name are steps of the tool that they name, in its order.
        #expect(
            play.called == [
                ["list_tools", "search_tools", "get_tool_schema"], ["crowd.t11", "crowd.t12"], ["crowd.write"],
            ]
        )
        #expect(play.steps.first { $0.name == "crowd.t12" }?.request["arguments"] == ["n": 1])
        let results = play.asked[2].results
        #expect(results.map(\.isError) == [false, false, true, true, false, true])
        #expect(results[2].content.contains("validation.failed") && results[3].content.contains("search_tools"))
    }

    @Test func `what looks give`() throws {
        let catalogue = try #require(try Self.crowded([]).task().catalogue)
        let list = try catalogue.answer(.listTools, ["prefix": "crowd.t1"])
        #expect(list[0] == ["name": "crowd.t10", "description": "Echoes"] && list.arrayValue?.count == 10)
        #expect(try catalogue.answer(.listTools, [:]).arrayValue?.count == 22)
        #expect(try catalogue.answer(.searchTools, ["query": "WRITE nothing"]).arrayValue?.count == 1)
        #expect(try catalogue.answer(.searchTools, ["query": "echoes"]).arrayValue?.count == 10)
        #expect(try catalogue.answer(.searchTools, ["query": "…"]) == [])
        #expect(try catalogue.answer(.toolSchema, ["name": "crowd.t10"])["input_schema"]?["type"] == "object")
        #expect(throws: TaskError.self) { try catalogue.answer(.toolSchema, ["name": "look.up"]) }
    }

    @Test func `few tools with long descriptions are too many as well, and long names stay apart`() throws {
        var tool = AgentTool("a.b", .tool, String(repeating: "x", count: 50_000), [:])
        #expect(ToolCatalogue.isNeeded(for: [tool]))
        tool = AgentTool("a.b", .tool, "short", [:])
        #expect(!ToolCatalogue.isNeeded(for: Array(repeating: tool, count: 20)))
        #expect(ToolCatalogue.isNeeded(for: Array(repeating: tool, count: 21)))
        let long = (1...2).map { AgentTool("mcp.\(String(repeating: "x", count: 80)).\($0)", .tool, "", [:]).modelName }
        #expect(Set(long).count == 2 && long.allSatisfy { $0.utf8.count == 64 })
    }
}
