// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Store
import Testing

@testable import Agents

/// Agents and skills change while runs go on.
@Suite(.timeLimit(.minutes(2))) struct PromptPinTests {
    private static func agent(_ words: String) throws -> AgentRecord {
        try AgentRecord(Array("---\nid: poet\nskills: [care]\n---\n\(words)".utf8), fileName: "poet.md")
    }

    private static func skill(_ words: String) throws -> Skill {
        try Skill(Array("---\nname: care\ndisclosure: full\n---\n\(words)".utf8), fileName: "SKILL.md")
    }

    private static let document = """
        workflow: verses
        outputs: {a: "${ nodes.c.output }"}
        nodes:
          - {id: a, type: agent, config: {agent: poet, prompt: Go.}}
          - {id: b, type: human, depends_on: [a], config: {message: Go?}}
          - {id: c, type: agent, depends_on: [b], config: {agent: poet, prompt: Go on.}}
        """

    private func waits(_ row: RunRow) -> Bool { row.status == .waiting && row.reason == .human }

    private func told(_ world: AgentWorld) -> [String] {
        world.models.asked.map { request in
            let text = request.instructions.map(\.text).joined(separator: "\n")
            return ["Old verse.", "New verse.", "Old care.", "New care."].filter(text.contains).joined(separator: " ")
        }
    }

    @Test func `a run goes on with what it began with, over a reload and a restart, and the next one is told the new`()
        async throws
    {
        let world = try AgentWorld(
            "rules: [{reply: {text: done}}]",
            adding: [try Self.agent("Old verse.")],
            skills: .builtIn(adding: [try Self.skill("Old care.")])
        )
        let first = try await world.withEngine { engine in
            let run = try await world.start(document: Self.document, on: engine)
            _ = try await world.wait(for: run, on: engine, waits)
            return run
        }
        world.agents.replace(
            .builtIn(adding: [try Self.agent("New verse.")]),
            skills: .builtIn(adding: [try Self.skill("New care.")])
        )
        try await world.withEngine { engine in
            _ = try await engine.adopt(nil)
            let row = try #require(world.store.humanTasks(HumanTaskFilter()).first { $0.status.isPending })
            _ = try await engine.answer(row.id, HumanAnswer(choice: "approve"), by: "user:ann")
            #expect(try await world.wait(for: first, on: engine).status == .completed)
            let second = try await world.start(document: Self.document, on: engine)
            _ = try await world.wait(for: second, on: engine, waits)
        }
        #expect(
            told(world) == ["Old verse. Old care.", "Old verse. Old care.", "New verse. New care."],
            "\(told(world))"
        )
    }

    @Test func `an agent that is gone still does the tasks of runs that began with it`() async throws {
        let world = try AgentWorld(
            "rules: [{reply: {text: done}}]",
            adding: [try Self.agent("Old verse.")],
            skills: .builtIn(adding: [try Self.skill("Old care.")])
        )
        try await world.withEngine { engine in
            let run = try await world.start(document: Self.document, on: engine)
            _ = try await world.wait(for: run, on: engine, waits)
            world.agents.replace(.builtIn(), skills: .builtIn())
            let row = try #require(world.store.humanTasks(HumanTaskFilter()).first { $0.status.isPending })
            _ = try await engine.answer(row.id, HumanAnswer(choice: "approve"), by: "user:ann")
            #expect(try await world.wait(for: run, on: engine).status == .completed)
            let next = try await world.start(document: Self.document, on: engine)
            #expect(try await world.wait(for: next, on: engine).status == .failed)
        }
        #expect(told(world) == ["Old verse. Old care.", "Old verse. Old care."])
    }

    @Test func `what cannot be read any more is said`() async throws {
        let store = MemoryRunStore()
        var commit = Commit()
        let id = RunID(high: 1, low: 1)
        commit.runs = [
            RunRow(
                key: 1,
                id: id,
                workflow: "w",
                graphHash: "g",
                status: .running,
                createdAt: Timestamp(milliseconds: 1)
            )
        ]
        _ = try store.commit(commit)
        store.pin([PromptRow(name: "agent:poet", hash: "h", text: Array("nonsense".utf8))], of: id)
        do {
            _ = try await PromptPins(store).staff(["agent": "poet"], of: id, .builtIn(), .builtIn())
            Issue.record("it was read")
        } catch {
            #expect(error.code == "agent.unavailable" && error.message.contains("agent:poet:1"), "\(error)")
        }
    }
}
