// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers
import Testing
import Tools

@testable import Agents

/// Skills (spec 8.7): what models are told, and what holds for their calls.
@Suite struct SkillTests {
    private static func skill(_ constraints: [SkillConstraint], _ disclosure: Skill.Disclosure = .full) -> Skill {
        var skill = Skill(name: "care", summary: "Takes care.", instructions: "Look twice.")
        (skill.constraints, skill.disclosure) = (constraints, disclosure)
        return skill
    }

    private static func play(_ skill: Skill, _ replies: [ModelReply]) -> AgentPlay {
        var play = AgentPlay(replies: replies)
        play.skills = SkillShelf([skill])
        play.config = ["agent": "reasoner", "prompt": "Go.", "tools": ["look.up", "note.*"], "skills": ["care"]]
        return play
    }

    @Test func `the built-in skills can be read, and name tools that there are`() throws {
        let shelf = SkillShelf.builtIn()
        #expect(
            shelf.all.map(\.name) == [
                "documentation", "networking", "python_debugging", "rust_optimization", "security_audit", "systemd",
                "tdd_workflow",
            ]
        )
        let tools = Set(try ToolRegistry.builtIn().names)
        for skill in shelf.all {
            #expect(!skill.summary.isEmpty && skill.tools.allSatisfy(tools.contains), "\(skill.name)")
            #expect(skill.instructions.utf8.count > 500 && !skill.constraints.isEmpty, "\(skill.name)")
            #expect(skill.defaults.keys.allSatisfy(tools.contains), "\(skill.name)")
        }
        do {
            _ = try shelf.skill("tdd_workflw")
            #expect(Bool(false))
        } catch {
            #expect(error.code == "skill.unavailable" && error.message.contains("did you mean tdd_workflow?"))
        }
    }

    @Test func `skills are Markdown with a front matter; what is wrong is said with its line`() throws {
        let text = """
            ---
            name: care
            description: Takes care
            category: code
            tags: [a, b]
            tools: [fs.read]
            priority: 3
            disclosure: full
            defaults: {fs.read: {encoding: utf8}}
            constraints:
              - require_argument: {tool: fs.read, argument: path}
              - forbid_argument: {tool: fs.read, argument: path, value: /etc}
              - require_before: {tool: fs.write, first: fs.read}
              - require_after: {tool: fs.write, then: shell.exec}
              - max_executions: {tool: shell.exec, count: 2}
              - require_confirmation: {tool: fs.write}
            ---
            Look twice.
            """
        let skill = try Skill(Array(text.utf8), fileName: "SKILL.md")
        #expect(skill.constraints.count == 6 && skill.disclosure == .full && skill.priority == 3)
        #expect(
            JSONValue.object(skill.json)["constraints"]?[4] == ["max_executions": ["tool": "shell.exec", "count": 2]]
        )
        #expect(skill.constraints.map { SkillConstraint.read($0.json) }.allSatisfy { (try? $0.get()) != nil })
        for (text, place, word) in [
            ("---\nname: a\n---\n", "a:1", "no instructions"), ("---\ndescription: b\n---\nx", "a:2", "`name`"),
            ("---\nname: a\ndisclosure: some\n---\nx", "a:3", "summary, full"),
            ("---\nname: a\ndefaults: {fs.read: 1}\n---\nx", "a:3", "defaults.fs.read"),
            ("---\nname: a\nconstraints:\n  - {max_executions: {tool: a}}\n---\nx", "a:4", "tool, count"),
            ("---\nname: a\nconstraints:\n  - {max_executions: {tool: a, count: -1}}\n---\nx", "a:4", "tool, count"),
            ("---\nname: a\nconstraints:\n  - {require_luck: {tool: a}}\n---\nx", "a:4", "`require_luck` is none of"),
            ("---\nname: a\nconstraints:\n  - {require_before: {tool: a, then: b}}\n---\nx", "a:4", "tool, first"),
            ("---\nname: a\nlicence: MIT\n---\nx", "a:3", "`licence`"),
        ] {
            do {
                _ = try Skill(Array(text.utf8), fileName: "a")
                #expect(Bool(false), "\(text)")
            } catch {
                #expect(error.description.hasPrefix(place) && error.description.contains(word), "\(error)")
            }
        }
    }

    @Test func `what holds for calls is told to the model and nothing is called`() throws {
        for (constraint, calls, refused) in [
            (.requireArgument(tool: "note.down", argument: "who"), [("note_down", 1)], [true]),
            (.requireArgument(tool: "note.down", argument: "n"), [("note_down", 1)], [false]),
            (.forbidArgument(tool: "note.down", argument: "n", value: nil), [("note_down", 1)], [true]),
            (
                .forbidArgument(tool: "note.down", argument: "n", value: 2), [("note_down", 1), ("note_down", 2)],
                [false, true]
            ),
            (.requireBefore(tool: "note.down", first: "look.up"), [("note_down", 1)], [true]),
            (.requireBefore(tool: "note.down", first: "look.up"), [("look_up", 1), ("note_down", 2)], [false, false]),
            (.maxExecutions(tool: "look.up", count: 1), [("look_up", 1), ("look_up", 2)], [false, true]),
            (.maxExecutions(tool: "note.down", count: 0), [("note_down", 1), ("look_up", 1)], [true, false]),
        ] as [(SkillConstraint, [(String, Int64)], [Bool])] {
            let reply = ModelReply(
                parts: calls.enumerated().map {
                    .toolCall(ToolCall(id: "c\($0)", name: $1.0, arguments: ["n": .int($1.1)]))
                },
                stopReason: .tools,
                usage: ModelUsage(input: 1, output: 1),
                model: "m"
            )
            var play = Self.play(Self.skill([constraint]), [reply, .says("done")])
            #expect(try play.end()["text"] == "done", "\(constraint)")
            let results = play.asked[1].results
            #expect(results.map(\.isError) == refused, "\(constraint): \(results.map(\.content))")
            #expect(play.called.flatMap { $0 }.count == refused.count { !$0 }, "\(constraint)")
            for result in results where result.isError {
                #expect(result.content.contains("skill.constraint") && result.content.contains("skill care"))
            }
        }
    }

    @Test func `what has to follow a call is asked for, twice at most`() throws {
        let skill = Self.skill([.requireAfter(tool: "note.down", then: "look.up")])
        var play = Self.play(skill, [.calls(("note_down", 1)), .says("done"), .calls(("look_up", 1)), .says("now")])
        #expect(try play.end()["text"] == "now")
        #expect(play.asked[2].newest.contains("look.up has to be called after it"))
        var stubborn = Self.play(skill, [.calls(("note_down", 1)), .says("a"), .says("b"), .says("c"), .says("d")])
        #expect(try stubborn.end() == "skill.constraint")
        #expect(stubborn.asked.count == 4)
        var idle = Self.play(skill, [.says("nothing to do")])
        #expect(try idle.end()["text"] == "nothing to do")
    }

    @Test
    func `models are told what a skill is for, all of it, or where to read it; defaults fill in what they leave out`()
        throws
    {
        var full = Self.skill([])
        full.defaults = ["look.up": ["n": 7, "more": 1]]
        full.tools = ["look.around", "not.there"]
        var play = Self.play(full, [.calls(("look_up", nil), ("look_up", 2)), .says("done")])
        #expect(try play.end()["text"] == "done")
        #expect(play.asked[0].instructions.count == 2 && play.asked[0].instructions[1].text.contains("Look twice."))
        #expect(play.asked[0].instructions.map { $0.cache != nil } == [false, true])
        #expect(play.asked[0].tools.map(\.name).contains("look_around"), "its tools are there")
        #expect(play.asked[1].results.map(\.content) == ["{\"n\":7,\"more\":1}", "{\"n\":2,\"more\":1}"])

        var short = Self.play(Self.skill([], .summary), [.says("done")])
        #expect(try short.end()["text"] == "done")
        #expect(!short.asked[0].instructions[1].text.contains("Look twice."))
        #expect(short.asked[0].tools.map(\.name).contains("skill_read"))
    }

    @Test func `the instructions of a skill are read by a step like any other`() async throws {
        let world = try AgentWorld(
            """
            rules:
              - {match: {nth: 1}, reply: {tool_calls: [{name: skill_read, arguments: {name: systemd}}, {name: skill_read, arguments: {name: other}}]}}
              - {match: {contains: "ExecStart"}, reply: {text: read}}
            """
        )
        #expect(try await world.play("tools: [], skills: [systemd]")["text"] == "read")
        let results = world.models.asked[1].results
        #expect(
            results[0].content.contains("systemd-analyze verify") && results[1].content.contains("skill.unavailable")
        )
    }

    @Test func `outside of tasks a skill fills in and checks a single call`() throws {
        var skill = Self.skill([
            .requireArgument(tool: "look.up", argument: "n"), .maxExecutions(tool: "note", count: 0),
        ])
        skill.defaults = ["look.up": ["n": 7]]
        let shelf = SkillShelf([skill])
        #expect(try shelf.apply("care", to: "look.up", [:]) == ["n": 7])
        #expect(try shelf.apply("care", to: "other", ["a": 1]) == ["a": 1])
        #expect(throws: TaskError.self) { try shelf.apply("care", to: "note", [:]) }
        let asking = SkillShelf([Self.skill([.requireConfirmation(tool: "note")])])
        #expect(throws: TaskError.self) { try asking.apply("care", to: "note", [:]) }
        #expect(throws: TaskError.self) { try shelf.apply("cure", to: "note", [:]) }
    }
}
