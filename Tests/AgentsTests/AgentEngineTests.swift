// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Store
import Testing

@testable import Agents

/// Agents in the real engine.
@Suite(.timeLimit(.minutes(2))) struct AgentEngineTests {
    @Test func `an agent answers, and its answer says that it is simulated`() async throws {
        let world = try AgentWorld("rules: [{reply: {text: hello}}]")
        #expect(try await world.play("tools: []") == ["text": "hello", "data": nil, "simulated": true])
        #expect(world.models.asked.map(\.model) == ["m"] && world.models.asked[0].tools.map(\.name) == ["task_give_up"])
    }

    @Test func `tools are called with a key of their step, and what they say goes back`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - {match: {nth: 1}, reply: {tool_calls: [{name: note, arguments: {n: 1}}, {name: note, arguments: {n: 13}}]}}
              - {match: {contains: cursed}, reply: {tool_calls: [{name: look_up, arguments: {n: 5}}, {name: look_up}]}}
              - {reply: {text: done}}
            """
        )
        #expect(try await world.play("tools: [note, look.up]")["text"] == "done")
        #expect(world.tool.notes == ["a/step2 {\"n\":1}"])
        let asked = world.models.asked
        #expect(
            asked.count == 3
                && asked[1].results.map(\.content) == [
                    "{\"noted\":1}", "{\"code\":\"tool.failed\",\"message\":\"./x is cursed\"}",
                ]
        )
        #expect(asked[2].results.map(\.content) == ["{\"n\":5}", "{\"n\":1}"])
    }

    @Test func `answers are corrected, loops and rounds end with errors of their own`() async throws {
        let schema = "tools: [], output_schema: {type: object, required: [n]}"
        for (script, config, end) in [
            ("[{match: {nth: 1}, reply: {text: no}}, {reply: {data: {n: 1}}}]", schema, ["n": 1]),
            ("[{reply: {text: no}}]", schema, "output.invalid"),
            ("[{reply: {tool_calls: [{name: look_up}]}}]", "tools: [look.up]", "agent.loop"),
            ("[{reply: {tool_calls: [{name: look_up}]}}]", "tools: [look.up], max_rounds: 2", "agent.rounds"),
            ("[{reply: {give_up: too hard}}]", "tools: []", "agent.gave_up"),
            ("[{error: {status: 400}}]", "tools: []", "provider.failed"),
        ] as [(String, String, JSONValue)] {
            let world = try AgentWorld("rules: \(script)")
            #expect(try await world.play(config) == end, "\(script)")
        }
    }

    @Test func `a provider that is busy is asked again by the next attempt, which has all steps of the first`()
        async throws
    {
        let world = try AgentWorld(
            """
            rules:
              - {match: {nth: 1}, reply: {tool_calls: [{name: note, arguments: {n: 1}}]}}
              - {match: {nth: 2}, error: {status: 529}}
              - {reply: {text: done}}
            """
        )
        let retry = "retry: {max_attempts: 2, delay: 10ms, jitter: 0}, "
        #expect(try await world.play("tools: [note]", retry)["text"] == "done")
        #expect(world.tool.notes.count == 1 && world.models.asked.compactMap { $0.origin?.call } == [1, 2, 3])
        #expect(world.models.asked[1].messages == world.models.asked[2].messages)
    }

    @Test func `calls cost what the table says, and wait when there is no more money`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - {match: {nth: 1}, reply: {tool_calls: [{name: note, arguments: {n: 1}}]}, usage: {input: 1000, output: 1000000}}
              - {reply: {text: done}, usage: {input: 2000, cached: 500, output: 100}}
            """,
            kind: .anthropic,
            model: "claude-haiku-5-5"
        )
        try await world.withEngine { engine in
            // 0.5 USD are a million LLM tokens of output: the first call may use all of it.
            let run = try await world.start(
                "tools: [note], max_output_tokens: 200000",
                top: "budget: {usd: 0.05}",
                on: engine
            )
            _ = try await world.wait(for: run, on: engine) { $0.status == .waiting || $0.status.isTerminal }
            #expect(world.models.asked.count == 1 && world.tool.notes.count == 1)
            let limit = world.models.asked[0].maxOutputTokens
            #expect(limit < 100_000 && limit > 90_000, "fitted to the budget: \(limit)")
            let used = world.store.usage(UsageFilter())
            #expect(used.map(\.charge.money.text) == ["0.5001"] && used[0].tokens.output == 1_000_000)
            #expect(used[0].pricedBy == PriceTable.builtIn.version && used[0].isSimulated)
            try await engine.setBudget(
                BudgetScope(.run, run.description),
                BudgetLimit(money: Money(text: "1")),
                by: "user:a"
            )
            _ = try await world.wait(for: run, on: engine)
            #expect(try world.ending(of: run, engine)["text"] == "done")
            // (2000 × 0.1 + 500 × 0.01 + 100 × 0.5) / 1,000,000
            #expect(world.store.usage(UsageFilter()).map(\.charge.money.text).contains("0.000255"))
        }
        #expect(world.models.asked.count == 2 && world.tool.notes.count == 1)
    }

    @Test func `a model without a price is not asked, unless that is allowed`() async throws {
        let world = try AgentWorld("rules: [{reply: {text: x}}]", kind: .anthropic, model: "claude-unheard-of")
        #expect(try await world.play("tools: []") == "budget.unpriced" && world.models.asked.isEmpty)
        let open = try AgentWorld(
            "rules: [{reply: {text: x}, usage: {input: 7, output: 3}}]",
            kind: .anthropic,
            model: "claude-unheard-of",
            allowsUnpriced: true
        )
        #expect(try await open.play("tools: []")["text"] == "x")
        let total = open.store.usageTotals(UsageFilter(), by: [.agent, .model]).first
        #expect(total?.key == [.agent: "analyst", .model: "claude-unheard-of"])
        #expect(total?.unpriced == 1 && total?.charge == Charge(money: .zero, languageModelTokens: 10))
    }

    @Test func `an agent may spend so much and no more, whatever run it works in`() async throws {
        let world = try AgentWorld(
            "rules: [{reply: {text: x}, usage: {input: 1000, output: 100}}]",
            kind: .anthropic,
            model: "claude-haiku-5-5"
        )
        try await world.withEngine { engine in
            let scope = BudgetScope(.agent, "analyst")
            try await engine.setBudget(scope, BudgetLimit(money: Money(text: "0.001")), by: "user:a")
            let config = "tools: [], max_output_tokens: 1000"
            let first = try await world.start(config, on: engine)
            _ = try await world.wait(for: first, on: engine)
            // 1000 at 0.1 and 100 at 0.5 USD a million.
            #expect(world.store.budgets(of: scope, limit: 1).map(\.spent.money.text) == ["0.00015"])
            let second = try await world.start("tools: [], max_output_tokens: 100000", top: "# longer", on: engine)
            _ = try await world.wait(for: second, on: engine)
            #expect(world.models.asked[1].maxOutputTokens < 2000, "fitted to what the agent has left")
            try await engine.setBudget(scope, BudgetLimit(money: Money(text: "0.0001")), by: "user:a")
            let third = try await world.start(config, on: engine)
            _ = try await world.wait(for: third, on: engine) { $0.status == .waiting || $0.status.isTerminal }
            #expect(world.models.asked.count == 2)
            // Another agent has money of its own.
            let fourth = try await world.start(config, agent: "reasoner", on: engine)
            _ = try await world.wait(for: fourth, on: engine)
            #expect(world.models.asked.count == 3)
            try await engine.setBudget(scope, .none, by: "user:a")
            _ = try await world.wait(for: third, on: engine)
            #expect(world.models.asked.count == 4)
            let records = world.store.usageTotals(UsageFilter(), by: [.agent])
            let periods = world.store.budgets(of: scope, limit: 9).map(\.spent)
            #expect(records.first { $0.key[.agent] == "analyst" }?.charge == periods.first && periods.count == 1)
        }
    }
}
