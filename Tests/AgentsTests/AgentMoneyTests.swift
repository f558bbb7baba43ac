// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model
import Providers
import Store
import Testing

@testable import Agents

/// What agents cost and get to see, in the real engine.
@Suite struct AgentMoneyTests {
    @Test func `an attempt that costs twice what is expected stops with what it has, and a person decides`()
        async throws
    {
        let call = { (number: Int) in
            "{match: {agent: analyst, nth: \(number)}, reply: {text: part \(number), tool_calls: [{name: note, arguments: "
                + "{n: \(number)}}]}, usage: {input: 0, output: 200000}}"
        }
        let world = try AgentWorld(
            """
            rules:
              - \(call(1))
              - \(call(2))
              - \(call(3))
              - {reply: {text: done}, usage: {input: 10, output: 0}}
            """,
            kind: .anthropic,
            model: "claude-haiku-5-5",
            // Two hundred thousand LLM tokens of output.
            expected: Money(text: "0.1")
        )
        try await world.withEngine { engine in
            let run = try await world.start("tools: [note]", on: engine)
            let row = try await world.wait(for: run, on: engine) {
                $0.status.isTerminal || $0.status == .waiting && $0.reason == .human
            }
            try #require(row.status == .waiting, "\(row.status) \(row.error ?? "")")
            #expect(world.models.asked.count == 3, "the third call made it more than twice as much")
            let state = try engine.reader.state(ofRun: row.key)
            #expect(state[TaskRef(node: 0)].status == .needsReview)
            #expect(state[TaskRef(node: 0)].error?.code == TaskError.overrun)
            let request = try #require(state[TaskRef(node: 0)].openRequest?.request)
            #expect(request.subject?.value["output"] == "part 3")
            // Whoever has it tried again lets it spend as much once more.
            _ = try await engine.answer(request.id, HumanAnswer(choice: "retry", via: "test"), by: "user:a")
            _ = try await world.wait(for: run, on: engine)
            #expect(try world.ending(of: run, engine)["text"] == "done" && world.models.asked.count == 4)
        }
    }

    @Test func `an agent sees what it depends on, tagged, and not what it reads anyway`() async throws {
        let world = try AgentWorld("rules: [{match: {node: one}, reply: {text: first words}}, {reply: {text: x}}]")
        try await world.withEngine { engine in
            let run = try await world.start(
                document: """
                    workflow: w
                    outputs: {a: "${ nodes.last.output }"}
                    nodes:
                      - {id: one, type: agent, config: {agent: analyst, tools: [], prompt: One.}}
                      - {id: two, type: transform, depends_on: [one], config: {expr: "{'summary': 'brief', 'more': nodes.one.output.text}"}}
                      - {id: three, type: transform, config: {expr: "'mine'"}}
                      - {id: four, type: tool, config: {tool: note, args: {n: 4}}}
                      - id: last
                        type: agent
                        depends_on: [one, two, three, four]
                        config: {agent: analyst, tools: [], prompt: "Use ${ nodes.one.output.text }."}
                      - {id: named, type: agent, depends_on: [last, two], config: {agent: analyst, tools: [], prompt: P., context: {from: [two]}}}
                      - {id: none, type: agent, depends_on: [last], config: {agent: analyst, tools: [], prompt: N., context: {from: []}}}
                    """,
                on: engine
            )
            #expect(try await world.wait(for: run, on: engine).status == .completed)
            func asked(_ node: String) throws -> String {
                try #require(world.models.asked.first { $0.origin?.node == node }).newest
            }
            let last = try asked("last")
            #expect(last.hasSuffix("Use first words.") && !last.contains("<output node=\"one\""), "\(last)")
            #expect(
                last.contains("<output node=\"two\" trust=\"agent\" summary=\"true\">\nbrief\n</output>"),
                "\(last)"
            )
            #expect(last.contains("<output node=\"three\" trust=\"user\">\nmine\n</output>"), "\(last)")
            #expect(last.contains("<output node=\"four\" trust=\"external\">\n{\"noted\":4}\n</output>"), "\(last)")
            #expect(try asked("named").contains("<output node=\"two\" trust=\"agent\">\n{"))
            #expect(try asked("none") == "N.")
        }
    }

    @Test func `steps in the log show every prompt, also of a task that was tried again`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - {match: {nth: 1}, reply: {tool_calls: [{name: note, arguments: {n: 1}}]}}
              - {match: {nth: 2}, error: {status: 529}}
              - {reply: {text: done}}
            """
        )
        try await world.withEngine { engine in
            let run = try await world.start(
                "tools: [note]",
                "retry: {max_attempts: 2, delay: 10ms, jitter: 0}, ",
                on: engine
            )
            _ = try await world.wait(for: run, on: engine)
            let key = try #require(world.store.run(run)).key
            let history = PromptHistory(try engine.reader.steps(of: TaskRef(node: 0), ofRun: key))
            #expect(history.calls.map { $0.isExact } == [true, true, true])
            #expect(history.calls.map(\.step.attempt) == [1, 1, 2])
            var sent = world.models.asked
            for (call, index) in zip(history.calls, sent.indices) {
                // The answer is made to fit what it may cost after the hash was taken.
                sent[index].maxOutputTokens = Int(call.request?["max_output_tokens"]?.intValue ?? 0)
                #expect(call.request == sent[index].json)
            }
            let shown = try #require(history.json(attempt: 1))
            #expect(shown["prompt"]?["call"] == 2 && shown["prompt"]?["status"] == "failed")
            #expect(shown["calls"]?.arrayValue?.count == 3)
        }
    }

    @Test func `an estimate knows what nodes took before`() async throws {
        let world = try AgentWorld(
            "rules: [{reply: {text: x}, usage: {input: 900, output: 100}}]",
            kind: .anthropic,
            model: "claude-haiku-5-5"
        )
        try await world.withEngine { engine in
            for _ in 1...3 {
                let run = try await world.start("tools: []", on: engine)
                #expect(try await world.wait(for: run, on: engine).status == .completed)
            }
            let everything = Visibility.everything(of: "default")
            let history = try engine.reader.history(ofWorkflow: "agents", everything)
            let node = try #require(history.nodes["a"])
            #expect(node.executions == 3 && node.llmTokens == History.Spread(median: 1000, p90: 1000))
            // 900 at 0.1 and 100 at 0.5 USD a million.
            #expect(abs((node.usd?.median ?? 0) - 0.00014) < 1e-12)
            let graph = try engine.reader.state(ofRun: 1).graph.definition
            let estimate = Estimator(history: history).estimate(graph)
            #expect(estimate.nodes[0].basis == "history" && estimate.llmTokens.likely == 1000)
            #expect(try engine.reader.history(ofWorkflow: "agents", .everything(of: "other")).nodes.isEmpty)
            #expect(try engine.reader.history(ofWorkflow: "nothing", everything).nodes.isEmpty)
        }
    }
}
