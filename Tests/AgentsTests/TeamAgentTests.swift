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

/// Several agents, and agents that are chosen, in the real engine.
@Suite(.timeLimit(.minutes(2))) struct TeamAgentTests {
    private static func document(_ config: String, node: String = "") -> String {
        """
        workflow: team
        outputs: {a: "${ nodes.a.output }"}
        nodes: [{id: a, type: agent, \(node)config: {prompt: What is it?, tools: [], \(config)}}]
        """
    }

    private static func play(_ world: AgentWorld, _ yaml: String) async throws -> JSONValue {
        try await world.withEngine { engine in
            let run = try await world.start(document: yaml, on: engine)
            _ = try await world.wait(for: run, on: engine)
            return try world.ending(of: run, engine)
        }
    }

    @Test func `agents in a row are told what the one before gave, as material`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - {match: {agent: analyst, node: a}, reply: {text: It is a stone.}}
              - {match: {agent: judge, contains: "It is a stone."}, reply: {text: Right.}}
            """
        )
        let output = try await Self.play(world, Self.document("agents: [analyst, judge]"))
        #expect(output["text"] == "Right.", "\(output.text)")
        #expect(
            world.models.asked[1].newest
                == "What is it?\n\nThe agent before you gave:\n\n<result agent=\"analyst\" trust=\"agent\">\nIt is a stone.\n</result>"
        )
        #expect(
            world.models.asked.map { $0.origin?.call } == [1, 1]
                && world.models.asked.map { $0.origin?.node } == ["a", "a"]
        )
    }

    @Test func `those who disagree see the other answers until they agree`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - {match: {agent: analyst, contains: "The others answered"}, reply: {data: {n: 2}}}
              - {match: {agent: analyst}, reply: {data: {n: 1}}}
              - {match: {agent: judge}, reply: {data: {n: 2}}}
            """
        )
        let config = "agents: [analyst, judge], strategy: consensus, output_schema: {type: object, required: [n]}"
        #expect(try await Self.play(world, Self.document(config)) == ["n": 2])
        #expect(world.models.asked.count == 4)
        let second = world.models.asked.last { $0.origin?.agent == "analyst" }?.newest ?? ""
        #expect(
            second.contains("You answered:") && second.contains("<result agent=\"judge\" trust=\"agent\">\n{\"n\":2}")
        )
    }

    @Test func `all of a team share what their node may spend`() async throws {
        let world = try AgentWorld(
            "rules: [{reply: {text: done}, usage: {input: 100000, output: 100000}}]",
            kind: .anthropic,
            model: "claude-haiku-5-5"
        )
        // A call costs 0.06 USD, and at most so much is held for it: the third does not fit.
        let yaml = Self.document(
            "agents: [analyst, judge, qa], max_output_tokens: 100000",
            node: "budget: {usd: 0.1201}, "
        )
        try await world.withEngine { engine in
            let run = try await world.start(document: yaml, on: engine)
            _ = try await world.wait(for: run, on: engine) { $0.status == .waiting || $0.status.isTerminal }
            let state = try engine.reader.state(ofRun: try #require(world.store.run(run)).key)
            #expect(state.status == .waiting && state.waitReason == .budget, "\(state.status)")
            #expect(world.models.asked.count == 2)
            #expect(world.store.usage(UsageFilter()).map(\.subject.agent) == ["judge", "analyst"])
            try await engine.setBudget(
                BudgetScope(.task, "\(run)/a"),
                BudgetLimit(money: Money(text: "1")),
                by: "user:a"
            )
            _ = try await world.wait(for: run, on: engine)
            #expect(try world.ending(of: run, engine)["text"] == "done")
        }
    }

    @Test func `agents are chosen by what they can do, and the log says why`() async throws {
        var (slow, quick) = (AgentRecord(id: "slow", instructions: "x"), AgentRecord(id: "quick", instructions: "x"))
        (slow.capabilities, quick.capabilities) = (["song"], ["song", "dance"])
        slow.latency = 900
        let world = try AgentWorld("rules: [{reply: {text: la}}]", adding: [slow, quick])
        try await world.withEngine { engine in
            for (wanted, agents) in [
                ("capabilities: [song]", ["quick"]), ("capabilities: [song], prefer: [slow]", ["slow"]),
                ("capabilities: [song, rust], max_agents: 2", ["quick", "rust_pro"]),
            ] {
                let run = try await world.start(document: Self.document("match: {\(wanted)}"), on: engine)
                _ = try await world.wait(for: run, on: engine)
                #expect(try world.ending(of: run, engine)["text"] == "la", "\(wanted)")
                var formed: [(agents: [String], basis: JSONValue)] = []
                try engine.reader.forEachEvent(ofRun: try #require(world.store.run(run)).key) { _, _, event, _ in
                    if case .team(.formed(let agents, let basis)) = event.body { formed.append((agents, basis)) }
                }
                #expect(formed.map(\.agents) == [agents], "\(wanted)")
                let basis = formed.first?.basis
                #expect(basis?["scores"]?[0]?["terms"]?["covered"] != nil, "\(basis?.text ?? "")")
            }
            for (wanted, code) in [
                ("capabilities: [flight]", "agent.unavailable"), ("capabilities: [song, rust]", "agent.unavailable"),
            ] {
                let run = try await world.start(document: Self.document("match: {\(wanted)}"), on: engine)
                _ = try await world.wait(for: run, on: engine)
                #expect(try world.ending(of: run, engine) == .string(code), "\(wanted)")
            }
        }
    }

    @Test func `the score is the published formula, and what is covered is taken off`() {
        var (a, b, c) = (
            AgentRecord(id: "a", instructions: "x"), AgentRecord(id: "b", instructions: "x"),
            AgentRecord(id: "c", instructions: "x")
        )
        (a.capabilities, b.capabilities, c.capabilities) = (["x", "y"], ["x", "z"], ["z"])
        (a.priority, b.priority, c.priority) = (1, 2, 2)
        b.isParallelizable = false
        b.latency = 250
        c.maxConcurrent = 4
        var busy = AgentActivity()
        let now = Timestamp(milliseconds: 0)
        for _ in 1...6 {
            _ = busy.begin(at: now)
            busy.end(nil, at: now)
        }
        _ = busy.begin(at: now)
        busy.spent = Money(text: "0.6") ?? .zero
        let agents = [(record: a, activity: AgentActivity()), (b, AgentActivity()), (c, busy)]
        let selection = AgentSelection(agents, capabilities: ["x", "y", "z"], preferred: ["c"], limit: 3)
        // c: 100 + 500 + 25 + 100·(8/10 − 0.5) − 100 − 100/4 − 100·0.1; a: 200 + 25 − 50; b: 200 − 100 − 25
        let totals = Dictionary(uniqueKeysWithValues: selection.candidates.map { ($0.agent, $0.total.rounded()) })
        #expect(totals == ["c": 520, "a": 175, "b": 75], "\(totals)")
        #expect(selection.chosen.map(\.agent) == ["c", "a"] && selection.missing.isEmpty)
        #expect(selection.chosen[1].covers == ["x", "y"])
        #expect(selection.json["parallel"] == [["c", "a"]])
        let short = AgentSelection(agents, capabilities: ["x", "y", "z", "w"], preferred: [], limit: 1)
        #expect(short.chosen.map(\.agent) == ["a"] && short.missing == ["z", "w"])
        // Of equal ones the smaller id.
        let twins = [(record: c, activity: AgentActivity()), (b, AgentActivity())].map {
            pair -> (record: AgentRecord, activity: AgentActivity) in
            var record = pair.0
            (record.capabilities, record.isParallelizable, record.latency) = (["z"], true, 0)
            return (record, pair.1)
        }
        #expect(AgentSelection(twins, capabilities: ["z"], preferred: [], limit: 1).chosen.map(\.agent) == ["b"])
    }
}
