// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Store
import Testing

@testable import Agents

/// Administrators edit texts of agents and skills while runs go on.
@Suite(.timeLimit(.minutes(2))) struct PromptEditTests {
    private static func text(_ words: String, id: String = "poet") -> [UInt8] {
        Array("---\nid: \(id)\ntier: small\n---\n\(words)".utf8)
    }

    private static func row(_ name: String, _ version: Int, _ text: [UInt8]?) -> PromptVersionRow {
        PromptVersionRow(
            name: name,
            version: version,
            hash: "h",
            text: text,
            at: Timestamp(milliseconds: 1),
            actor: "user:a"
        )
    }

    private static func registry(_ file: String) throws -> AgentRegistry {
        let record = try AgentRecord(text(file), fileName: "poet.md")
        return AgentRegistry(.builtIn(adding: [record]), now: { Timestamp(milliseconds: 0) })
    }

    @Test func `an edit goes before the file, which goes before what comes with the program`() throws {
        let (poet, analyst) = (PromptName(.agent, "poet"), PromptName(.agent, "analyst"))
        let registry = try Self.registry("From the file.")
        #expect(registry.prompt(analyst)?.origin == .builtIn && registry.prompt(poet)?.origin == .file)
        registry.take(
            PromptEdits([
                Self.row("agent:poet", 2, Self.text("Edited.")),
                Self.row("skill:systemd", 1, Array("---\nname: systemd\n---\nEdited too.".utf8)),
            ])
        )
        #expect(registry.prompt(poet)?.origin == .edited(version: 2))
        #expect(
            registry.roster["poet"]?.instructions == "Edited."
                && registry.skills["systemd"]?.instructions == "Edited too."
        )
        let shown = try #require(registry.show("poet"))
        #expect(shown["source"] == "edited" && shown["version"] == 2 && shown["instructions"] == "Edited.")
        #expect(shown["hash"]?.stringValue == PromptText.spelling(PromptText.hash(of: Self.text("Edited."))))
        // Other files: the edit stays over them, and sleeps while there is none.
        let other = try AgentRecord(Self.text("Another file."), fileName: "poet.md")
        registry.replace(.builtIn(adding: [other]), skills: .builtIn())
        #expect(registry.roster["poet"]?.instructions == "Edited.")
        #expect(registry.filePrompt(poet)?.text == Self.text("Another file."))
        registry.replace(.builtIn(), skills: .builtIn())
        #expect(registry.prompt(poet) == nil)
        registry.replace(.builtIn(adding: [other]), skills: .builtIn())
        #expect(registry.roster["poet"]?.instructions == "Edited.")
        registry.edit(poet, nil)
        #expect(registry.roster["poet"]?.instructions == "Another file." && registry.show("poet")?["source"] == "file")
        #expect(registry.problems.isEmpty)
    }

    @Test func `what cannot be read is said, and the file counts`() throws {
        let registry = try Self.registry("From the file.")
        registry.take(
            PromptEdits([
                Self.row("agent:poet", 3, Array("---\nid: poet\ntier: huge\n---\nx".utf8)),
                Self.row("agent:analyst", 1, nil), Self.row("nonsense", 1, Self.text("x")),
            ])
        )
        #expect(registry.roster["poet"]?.instructions == "From the file.")
        #expect(registry.problems.count == 3 && registry.problems[0].contains("poet.md:3"), "\(registry.problems)")
    }

    @Test func `a text must be that of the agent or skill it is for`() throws {
        let other = Self.text("x", id: "other")
        let wrong = { try PromptRecord(other, of: PromptName(.agent, "poet"), version: 1) }
        let error = #expect(throws: AgentRecordError.self) { _ = try wrong() }
        #expect(error?.description == "poet.md:2: `id` must stay poet")
        #expect(
            PromptName("skill:a")?.description == "skill:a" && PromptName("a") == nil && PromptName("agent:") == nil
        )
    }

    private static let document = """
        workflow: verses
        nodes:
          - {id: a, type: agent, config: {agent: poet, prompt: Go.}}
          - {id: b, type: human, depends_on: [a], config: {message: Go?}}
          - {id: c, type: agent, depends_on: [b], config: {agent: poet, prompt: Go on.}}
        """

    @Test func `an edit between two tasks of a run is not told to the second one, but to the next run`() async throws {
        let world = try AgentWorld(
            "rules: [{reply: {text: done}}]",
            adding: [try AgentRecord(Self.text("Old verse."), fileName: "poet.md")]
        )
        func waits(_ row: RunRow) -> Bool { row.status == .waiting && row.reason == .human }
        try await world.withEngine { engine in
            let first = try await world.start(document: Self.document, on: engine)
            _ = try await world.wait(for: first, on: engine, waits)
            let name = PromptName(.agent, "poet")
            world.agents.edit(name, try PromptRecord(Self.text("New verse."), of: name, version: 1))
            let row = try #require(world.store.humanTasks(HumanTaskFilter()).first { $0.status.isPending })
            _ = try await engine.answer(row.id, HumanAnswer(choice: "approve"), by: "user:ann")
            #expect(try await world.wait(for: first, on: engine).status == .completed)
            let second = try await world.start(document: Self.document, on: engine)
            _ = try await world.wait(for: second, on: engine, waits)
        }
        let told = world.models.asked.map { request in
            request.instructions.map(\.text).joined().contains("New verse.") ? "new" : "old"
        }
        #expect(told == ["old", "old", "new"])
    }
}
