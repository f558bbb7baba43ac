// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import Engine
import JSON
import Model
import Providers
import Store
import Testing

@testable import Agents

/// Agents that go on with a conversation, in the real engine.
@Suite(.timeLimit(.minutes(5))) struct SessionAgentTests {
    private static let echo = """
        rules:
          - {match: {contains: "fails"}, reply: {give_up: {reason: no}}}
          - {match: {contains: "What is my name"}, reply: {text: "It is Ada."}}
          - {reply: {text: "Good to know."}}
        """

    private func session(_ world: AgentWorld, _ agents: [String] = [], for life: Duration? = nil) throws -> SessionRow {
        try world.sessions.start(agents, for: life, of: .common, by: "local")
    }

    private func turns(_ world: AgentWorld, _ row: SessionRow, _ agent: String = "analyst") -> [ThreadTurnRow] {
        world.store.turns(of: ThreadKey(row.id, agent), after: 0, limit: 1000)
    }

    /// Runs one task of the session.
    private func ask(_ world: AgentWorld, _ row: SessionRow, _ words: String, agent: String = "analyst") async throws
        -> JSONValue
    {
        try await world.play("session: \(row.id), arguments: {say: \"\(words)\"}", agent: agent)
    }

    @Test func `a task begins with what was asked and answered before, and adds to it when it ends well`() async throws
    {
        let world = try AgentWorld(Self.echo)
        let row = try session(world)
        #expect(try await ask(world, row, "I am Ada")["text"] == "Good to know.")
        #expect(try await ask(world, row, "this fails") == "agent.gave_up")
        #expect(try await ask(world, row, "What is my name?")["text"] == "It is Ada.")
        #expect(try await ask(world, row, "Another", agent: "architect")["text"] == "Good to know.")
        let asked = world.models.asked.map(\.messages)
        #expect(asked.map(\.count) == [1, 3, 3, 1], "what another agent or a failed task said is not told")
        #expect(asked[2].map(\.role) == [.user, .assistant, .user])
        #expect(asked[2][1].parts == [.text("Good to know.")])
        let kept = turns(world, row)
        #expect(kept.map(\.number) == [1, 2] && kept.map(\.answer) == ["Good to know.", "It is Ada."])
        #expect(kept[0].question == "Go.\n\nArguments:\n{\"say\":\"I am Ada\"}" && kept[0].node == "a")
        #expect(turns(world, row, "architect").count == 1)
        // What was sent is what the steps say.
        let run = try #require(world.store.run(key: 3))
        let reader = RunReader(store: world.store, blobs: world.blobs)
        let steps = try reader.steps(of: TaskRef(number: 0), ofRun: run.key)
        #expect(PromptHistory(steps).calls.map(\.isExact) == [true])
    }

    @Test func `sessions that ended, are of others, or of other agents are refused`() async throws {
        let world = try AgentWorld(Self.echo)
        let (narrow, short, closed) = (
            try session(world, ["architect"]), try session(world, for: .seconds(60)), try session(world)
        )
        _ = try world.sessions.end(closed)
        let foreign = try world.sessions.start(of: Ownership(tenant: "default", owner: "user:b"), by: "user:b")
        #expect(try await ask(world, short, "in time")["text"] == "Good to know.")
        world.clock.advance(by: .seconds(61))
        for (row, code) in [
            (narrow, "validation.failed"), (short, "session.ended"), (closed, "session.ended"), (foreign, "not_found"),
        ] { #expect(try await ask(world, row, "hello") == .string(code)) }
        #expect(try await world.play("session: nothing") == "not_found")
        #expect(world.models.asked.count == 1 && turns(world, short).count == 1)
    }

    @Test func `tasks of one thread work one after the other, those of others at the same time`() async throws {
        let world = try AgentWorld("rules: [{delay: 20ms, reply: {text: heard}}]")
        let row = try session(world)
        let end = try await world.withEngine { engine in
            let yaml = """
                workflow: many
                outputs: {a: "${ nodes.all.output }"}
                nodes:
                  - id: all
                    type: map
                    config:
                      items: "${ [1, 2, 3, 4, 5, 6] }"
                      max_parallel: 6
                      body:
                        nodes:
                          - {id: a, type: agent, config: {agent: analyst, session: \(row.id), prompt: "${ string(item) }"}}
                """
            let run = try await world.start(document: yaml, on: engine)
            _ = try await world.wait(for: run, on: engine)
            return try world.ending(of: run, engine)
        }
        let kept = turns(world, row)
        #expect(kept.map(\.number) == Array(1...6), "\(end.text)")
        #expect(Set(kept.map(\.question)) == Set((1...6).map(String.init)))
        #expect(world.models.most == 1, "\(world.models.most) at a time")
        #expect(world.models.asked.map(\.messages.count) == [1, 3, 5, 7, 9, 11])
    }

    @Test func `the memory of a session is there for later runs in it`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - match: {contains: "Keep it", nth: 1}
                reply: {tool_calls: [{name: memory_remember, arguments: {key: k, value: v}}]}
              - match: {contains: "What was it", nth: 1}
                reply: {tool_calls: [{name: memory_recall, arguments: {key: k}}]}
              - {reply: {text: done}}
            """
        )
        let row = try session(world)
        for words in ["Keep it", "What was it"] {
            _ = try await world.play(
                "session: \(row.id), tools: [memory.remember, memory.recall], arguments: {say: \"\(words)\"}"
            )
        }
        #expect(world.notes.memory(MemoryRow.Key(.session(row), "k")) != nil)
        #expect(world.models.asked.last?.results.first?.content.contains("\"value\":\"v\"") == true)
        try world.sessions.delete(row)
        #expect(world.notes.memory(MemoryRow.Key(.session(row), "k")) == nil && turns(world, row).isEmpty)
    }

    @Test func `the older part of a long thread is summed up once, by a step that is paid, and stays as it was`()
        async throws
    {
        let world = try AgentWorld(
            """
            rules:
              - {match: {agent: summary}, reply: {text: "They spoke of numbers."}}
              - {reply: {text: ok}}
            """,
            judge: "cheap"
        )
        let row = try session(world)
        let key = ThreadKey(row.id, "analyst")
        // 6 turns of 10 KB are more than 60 % of the 32,000 LLM tokens that are assumed.
        let long = (1...6).map { number in
            ThreadTurnRow(
                thread: key,
                task: "t\(number)",
                fence: 1,
                run: RunID(high: 1, low: 1),
                node: "n",
                question: "question \(number)",
                answer: String(repeating: "\(number)", count: 10_000),
                at: row.startedAt
            )
        }
        try world.sessions.write(long, [])
        var commit = Commit()
        commit.keptTurns = long.map(\.task)
        _ = try world.store.commit(commit)
        #expect(try await ask(world, row, "and now?")["text"] == "ok")
        let asked = world.models.asked
        #expect(asked.map(\.model) == ["cheap", "m"])
        #expect(asked[0].messages[0].text.contains("question 5") && !asked[0].messages[0].text.contains("question 6"))
        let told = asked[1].messages
        #expect(told.map(\.role) == [.user, .assistant, .user])
        #expect(told[0].text.hasPrefix("<summary of=\"earlier turns\"") && told[0].text.hasSuffix("question 6"))
        #expect(world.store.summary(of: key)?.last == 5 && world.store.usage(UsageFilter()).count == 2)
        #expect(turns(world, row).prefix(6).map(\.answer) == long.map(\.answer), "the original stays")
        // The next task takes what is there.
        #expect(try await ask(world, row, "and then?")["text"] == "ok")
        #expect(world.models.asked.map(\.model) == ["cheap", "m", "m"])
        #expect(world.models.asked[2].messages.map(\.role) == [.user, .assistant, .user, .assistant, .user])
        let run = try #require(world.store.run(key: 1))
        let reader = RunReader(store: world.store, blobs: world.blobs)
        let calls = PromptHistory(try reader.steps(of: TaskRef(number: 0), ofRun: run.key)).calls
        #expect(calls.map(\.isExact) == [true, true])
    }
}

extension ModelMessage {
    fileprivate var text: String {
        parts.compactMap { part -> String? in
            if case .text(let text) = part { text } else { nil }
        }.joined(separator: "\n")
    }
}
