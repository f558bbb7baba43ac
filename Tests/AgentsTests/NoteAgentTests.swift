// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers
import Store
import Providers
import Testing

@testable import Agents

/// Agents that keep notes, in the real engine.
@Suite(.timeLimit(.minutes(2))) struct NoteAgentTests {
    @Test func `the memory agent keeps what it is told, and another run finds it`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - match: {contains: "ten minutes", nth: 1}
                reply:
                  tool_calls:
                    - {name: memory_search, arguments: {text: build, scope: agent}}
                    - name: memory_remember
                      arguments: {key: build/timeout, value: ten minutes, tags: [constraint], scope: agent}
              - {match: {contains: "build/timeout"}, reply: {text: "kept under build/timeout"}}
              - match: {contains: "How long", nth: 1}
                reply: {tool_calls: [{name: memory_recall, arguments: {key: build/timeout, scope: agent}}]}
              - {reply: {text: "ten minutes (build/timeout)"}}
            """
        )
        let keep = #"operation: keep, arguments: {text: "The build takes ten minutes."}"#
        #expect(try await world.play(keep, agent: "memory")["text"] == "kept under build/timeout")
        let place = NotePlace(tenant: "default", scope: .agent, holder: "memory")
        let row = try #require(world.notes.memory(MemoryRow.Key(place, "build/timeout")))
        #expect(row.tags == ["constraint"] && row.author.hasSuffix("/a (memory)"))
        let asked = try #require(world.models.asked.first)
        #expect(asked.tools.map(\.name).contains("memory_bulk") && asked.instructions[0].text.contains("One fact"))
        #expect(world.models.asked[1].results.first?.content.contains("\"items\":[]") == true)
    }

    @Test func `the context manager saves and joins contexts`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - match: {nth: 1}
                reply:
                  tool_calls:
                    - {name: context_save, arguments: {name: one, value: {goal: ship, open: 1}}}
                    - {name: context_save, arguments: {name: two, value: {open: 2}}}
                    - {name: context_merge, arguments: {into: all, from: [one, two]}}
                    - {name: context_load, arguments: {name: all}}
              - {reply: {text: saved as all}}
            """
        )
        let merge = #"operation: merge, arguments: {into: all, from: [one, two]}"#
        #expect(try await world.play(merge, agent: "context_manager")["text"] == "saved as all")
        let run = try #require(world.store.run(key: 1))
        let saved = world.notes.context(ContextRow.Key(.run(run.id, of: run.ownership), "all"))
        #expect(saved.flatMap { try? JSONValue(parsing: $0.value) } == ["goal": "ship", "open": 2])
    }

    @Test func `sequential thinking leaves numbered thoughts with branches`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - match: {nth: 1}
                reply:
                  tool_calls:
                    - {name: thinking_analyze, arguments: {text: what is known}}
                    - {name: thinking_think, arguments: {text: the cache, confidence: 0.4}}
                    - {name: thinking_reflect, arguments: {text: the log speaks against it, about: 2}}
                    - {name: thinking_fork, arguments: {text: the clock, from: 1, branch: clock}}
                    - {name: thinking_conclude, arguments: {text: it is the clock, confidence: 0.9, branch: clock}}
              - {match: {contains: '"number":5'}, reply: {text: "Conclusion: the clock"}}
            """
        )
        #expect(try await world.play("", agent: "sequential_thinking")["text"] == "Conclusion: the clock")
        let run = try #require(world.store.run(key: 1))
        let thoughts = world.notes.thoughts(in: .run(run.id, of: run.ownership), after: 0, limit: 9)
        #expect(thoughts.map(\.kind) == [.analysis, .hypothesis, .critique, .hypothesis, .conclusion])
        #expect(thoughts.map(\.parent) == [nil, 1, 2, 1, 4] && thoughts.last?.confidence == 900)
    }

    @Test func `nodes of tools keep notes for those that follow`() async throws {
        let world = try AgentWorld("rules: [{reply: {text: none}}]")
        let yaml = """
            workflow: notes
            outputs: {a: "${ nodes.read.output.value }"}
            nodes:
              - {id: write, type: tool, config: {tool: memory.remember, args: {key: k, value: {n: 7}}}}
              - {id: read, type: tool, depends_on: [write], config: {tool: memory.recall, args: {key: k}}}
            """
        let end = try await world.withEngine { engine in
            let run = try await world.start(document: yaml, on: engine)
            _ = try await world.wait(for: run, on: engine)
            return try world.ending(of: run, engine)
        }
        #expect(end == ["n": 7])
    }
}
