// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Providers
import Testing

@testable import Agents

@Suite struct AgentRecordTests {
    @Test func `the built-in roles can be read, and a wrong name is told the nearest`() throws {
        let roster = AgentRoster.builtIn()
        let names = roster.all.map(\.id)
        for name in [
            "analyst", "architect", "debugger", "implementer", "integrator", "judge", "noop", "planner", "qa",
            "reasoner", "security_auditor", "validator",
        ] {
            #expect(names.contains(name), "\(name)")
        }
        #expect(roster.all.allSatisfy { !$0.instructions.isEmpty && !$0.summary.isEmpty })
        #expect(try roster.record("analyst").tools.contains("fs.read"))
        do {
            _ = try roster.record("analist")
            #expect(Bool(false))
        } catch {
            #expect(error.code == "agent.unavailable" && error.message.contains("did you mean analyst?"))
        }
    }

    @Test func `records are Markdown with a front matter; what is wrong is said`() throws {
        let text = "---\nid: poet\ntools: [fs.read]\ntier: small\nmodel: box/qwen\n---\n\nWrite verse.\n\nShort.\n"
        let record = try AgentRecord(Array(text.utf8), fileName: "poet.md")
        #expect(record.id == "poet" && record.tools == ["fs.read"] && record.tier == .small)
        #expect(record.model == "box/qwen" && record.instructions == "Write verse.\n\nShort.")
        for (text, word) in [
            ("Write.", "front matter"), ("---\nid: A\n---\nx", "`id`"), ("---\nid: a\n---\n\n", "no instructions"),
            ("---\nid: a\ntier: huge\n---\nx", "`tier`"), ("---\nid: a\ncolour: red\n---\nx", "`colour`"),
            ("---\nid: a\ntools: fs.read\n---\nx", "`tools`"), ("---\n- a\n---\nx", "mapping"),
        ] {
            do {
                _ = try AgentRecord(Array(text.utf8), fileName: "a.md")
                #expect(Bool(false), "\(text)")
            } catch {
                #expect(error.description.hasPrefix("a.md: ") && error.description.contains(word), "\(error)")
            }
        }
        let other = AgentRecord(id: "judge", instructions: "Toss a coin.")
        #expect(try AgentRoster.builtIn(adding: [other]).record("judge").instructions == "Toss a coin.")
    }
}
