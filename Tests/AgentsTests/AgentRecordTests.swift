// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers
import Testing
import Tools

@testable import Agents

@Suite struct AgentRecordTests {
    @Test func `the built-in roles can be read, and a wrong name is told the nearest`() throws {
        let roster = AgentRoster.builtIn()
        let names = roster.all.map(\.id)
        for name in [
            "analyst", "architect", "backend_architect", "context_manager", "debugger", "deployment", "implementer",
            "integrator",
            "judge", "noop",
            "memory", "planner", "product_owner", "python_pro", "qa", "reasoner", "rust_pro", "search_specialist",
            "security_auditor", "sequential_thinking", "swift_pro", "validator",
        ] {
            #expect(names.contains(name), "\(name)")
        }
        #expect(roster.all.allSatisfy { !$0.instructions.isEmpty && !$0.summary.isEmpty })
        #expect(roster.all.allSatisfy { !$0.capabilities.isEmpty && !$0.category.isEmpty && $0.name != $0.id })
        #expect(try roster.record("analyst").tools.contains("fs.read"))
        let tools = Set(try ToolRegistry.builtIn().names)
        #expect(roster.all.allSatisfy { $0.tools.allSatisfy(tools.contains) }, "only tools that there are")
        for expert in ["python_pro", "rust_pro", "swift_pro"] {
            let operations = try roster.record(expert).operations.map(\.name)
            #expect(operations == ["check", "build", "test", "lint", "format", "run", "doc", "bench"], "\(expert)")
        }
        do {
            _ = try roster.record("analist")
            #expect(Bool(false))
        } catch {
            #expect(error.code == "agent.unavailable" && error.message.contains("did you mean analyst?"))
        }
    }

    @Test func `records are Markdown with a front matter; what is wrong is said`() throws {
        let text = """
            ---
            id: poet
            name: Poet
            category: art
            capabilities: [verse, prose]
            operations:
              rhyme: {type: object, required: [word], properties: {word: {type: string}}}
            tools: [fs.read]
            skills: [documentation]
            tier: small
            model: box/qwen
            priority: 3
            max_concurrent: 2
            parallelizable: false
            enabled: false
            start: eager
            latency_ms: 1500
            reset: 90s
            labels: {team: arts}
            ---

            Write verse.

            Short.

            """
        let record = try AgentRecord(Array(text.utf8), fileName: "poet.md")
        #expect(record.id == "poet" && record.tools == ["fs.read"] && record.tier == .small)
        #expect(record.model == "box/qwen" && record.instructions == "Write verse.\n\nShort.")
        let json = JSONValue.object(record.json)
        let expected: JSONValue = [
            "id": "poet", "name": "Poet", "kind": "model", "summary": "", "category": "art",
            "capabilities": ["verse", "prose"],
            "operations": [
                "rhyme": ["type": "object", "required": ["word"], "properties": ["word": ["type": "string"]]]
            ],
            "tools": ["fs.read"], "skills": ["documentation"], "tier": "small", "model": "box/qwen", "priority": 3,
            "max_concurrent": 2,
            "parallelizable": false, "enabled": false, "start": "eager", "latency_ms": 1500, "reset": "1m30s",
            "labels": ["team": "arts"], "source": "file",
            "hash": .string(PromptText.spelling(PromptText.hash(of: Array(text.utf8)))),
        ]
        #expect(json == expected, "\(json.text)")
        for (text, place, word) in [
            ("Write.", "a.md:1", "front matter"), ("---\nid: A\n---\nx", "a.md:2", "`id`"),
            ("---\nid: a\n---\n\n", "a.md:1", "no instructions"), ("---\nname: x\n---\nx", "a.md:2", "`id`"),
            ("---\nid: a\ntier: huge\n---\nx", "a.md:3", "`tier`"),
            ("---\nid: a\nname: b\ncolour: red\n---\nx", "a.md:4", "`colour`"),
            ("---\nid: a\ntools: fs.read\n---\nx", "a.md:3", "`tools`"), ("---\n- a\n---\nx", "a.md:2", "mapping"),
            ("---\nid: a\n\npriority: 101\n---\nx", "a.md:4", "0 to 100"),
            ("---\nid: a\nmax_concurrent: 0\n---\nx", "a.md:3", "1 to 1000"),
            ("---\nid: a\nreset: 0s\n---\nx", "a.md:3", "`reset`"),
            ("---\nid: a\nreset: soon\n---\nx", "a.md:3", "`reset`"),
            ("---\nid: a\nenabled: maybe\n---\nx", "a.md:3", "true or false"),
            (
                "---\nid: a\noperations:\n  go: {type: object}\n  run: {type: nothing}\n---\nx", "a.md:5",
                "operations.run"
            ),
            ("---\nid: a\noperations: {Go: {}}\n---\nx", "a.md:3", "operations.Go"),
            ("---\nid: a\nlabels: {a: 1}\n---\nx", "a.md:3", "labels.a"),
            ("---\nid: [a\n---\nx", "a.md:", "a.md"),
        ] {
            do {
                _ = try AgentRecord(Array(text.utf8), fileName: "a.md")
                #expect(Bool(false), "\(text)")
            } catch {
                #expect(error.description.hasPrefix(place) && error.description.contains(word), "\(error)")
            }
        }
        let other = AgentRecord(id: "judge", instructions: "Toss a coin.")
        #expect(try AgentRoster.builtIn(adding: [other]).record("judge").instructions == "Toss a coin.")
    }
}
