// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model
import Providers
import Store
import Testing
import Tools

@testable import Agents

/// Calls of agents that need approval, and those that a profile does not permit.
@Suite(.timeLimit(.minutes(2))) struct AgentApprovalTests {
    private static let script = """
        rules:
          - match: {nth: 1}
            reply:
              tool_calls: [{name: look_up, arguments: {n: 5}}, {name: note, arguments: {n: 1}}, {name: note, arguments: {n: 2}}]
          - {reply: {text: done}}
        """

    /// Waits for a request, checks it, and answers.
    private func answer(
        _ world: AgentWorld,
        _ engine: DurableEngine,
        _ run: RunID,
        _ choice: String,
        _ look: (HumanTaskRow) -> Void = { _ in }
    ) async throws {
        _ = try await world.wait(for: run, on: engine) {
            $0.status == .waiting && $0.reason == .human || $0.status.isTerminal
        }
        let row = try #require(world.store.humanTasks(HumanTaskFilter()).first { $0.status.isPending })
        look(row)
        _ = try await engine.answer(row.id, HumanAnswer(choice: choice, comment: "because"), by: "user:ann")
    }

    @Test func `a call waits for a person with its exact arguments, and is made once they agree`() async throws {
        let world = try AgentWorld(Self.script)
        try await world.withEngine { engine in
            let run = try await world.start("tools: [note, look.up], approve_tools: [note]", on: engine)
            try await answer(world, engine, run, "approve") { row in
                #expect(row.details.subject?["arguments"] == ["n": 1] && row.details.subject?["tool"] == "note")
                #expect(world.tool.notes.isEmpty && world.models.asked.count == 1)
            }
            try await answer(world, engine, run, "reject") { row in
                #expect(row.details.subject?["arguments"] == ["n": 2])
                #expect(world.tool.notes == ["a/step3 {\"n\":1}"])
            }
            _ = try await world.wait(for: run, on: engine)
            #expect(try world.ending(of: run, engine)["text"] == "done")
        }
        #expect(world.tool.notes == ["a/step3 {\"n\":1}"] && world.models.asked.count == 2)
        #expect(
            world.models.asked[1].results.map(\.content) == [
                "{\"n\":5}", "{\"noted\":1}",
                "{\"code\":\"human_task.rejected\",\"message\":\"user:ann did not approve the call: because\"}",
            ]
        )
    }

    @Test func `a skill has a person confirm the calls that it names`() async throws {
        var skill = Skill(name: "care", instructions: "Ask first.")
        skill.constraints = [.requireConfirmation(tool: "note"), .maxExecutions(tool: "note", count: 1)]
        let world = try AgentWorld(Self.script, skills: SkillShelf([skill]))
        try await world.withEngine { engine in
            let run = try await world.start("tools: [note, look.up], skills: [care]", on: engine)
            try await answer(world, engine, run, "approve") { row in
                #expect(row.details.subject?["rule"] == "require_confirmation of the skill care")
                #expect(row.details.subject?["arguments"] == ["n": 1] && world.tool.notes.isEmpty)
            }
            _ = try await world.wait(for: run, on: engine)
            #expect(try world.ending(of: run, engine)["text"] == "done")
        }
        // The second one breaks the other constraint, so nobody is asked.
        #expect(world.tool.notes.count == 1)
        #expect(world.models.asked[1].results.map(\.isError) == [false, false, true])
    }

    @Test func `what a profile does not permit is not offered, or told to the model with its rule`() async throws {
        var profile = ToolProfile("careful")
        profile.mode = .readOnly
        let world = try AgentWorld(Self.script, profiles: [profile])
        #expect(try await world.play("tools: [note, look.up], profile: careful")["text"] == "done")
        #expect(world.tool.notes.isEmpty && world.models.asked.count == 2)
        let results = world.models.asked[1].results.map(\.content)
        #expect(results.count == 3 && results[0] == "{\"n\":5}")
        let denied =
            "{\"code\":\"tool.denied\",\"message\":\"note may not be called so: profile careful: mode is read_only\"}"
        #expect(results.dropFirst().allSatisfy { $0 == denied }, "\(results)")
        profile.tools = ["look.up"]
        let narrow = try AgentWorld("rules: [{reply: {text: done}}]", profiles: [profile])
        #expect(try await narrow.play("tools: [note, look.up], profile: careful")["text"] == "done")
        #expect(narrow.models.asked[0].tools.map(\.name) == ["look_up", "task_give_up"])
        let none = try AgentWorld("rules: [{reply: {text: done}}]")
        #expect(try await none.play("tools: [note], profile: careful") == "profile.unknown")
    }

    @Test func `risks of a profile are approved as tools are`() async throws {
        var profile = ToolProfile("asks")
        profile.approvedRisks = [.medium]
        let world = try AgentWorld(Self.script, profiles: [profile])
        try await world.withEngine { engine in
            let run = try await world.start("tools: [note, look.up], profile: asks", on: engine)
            for _ in 1...2 { try await answer(world, engine, run, "approve") }
            _ = try await world.wait(for: run, on: engine)
            #expect(try world.ending(of: run, engine)["text"] == "done")
        }
        #expect(world.tool.notes == ["a/step3 {\"n\":1}", "a/step4 {\"n\":2}"])
    }
}
