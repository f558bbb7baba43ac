// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import JSON
import Model
import Store
import Testing

@testable import Tools

@Suite struct NoteToolTests {
    private let store = MemoryNoteStore()
    private let run = RunID(high: 1, low: 2)

    /// A call of a node of a run.
    private func noting(
        project: String? = "shop",
        owner: String? = "user:a",
        agent: String? = nil,
        session: String? = nil,
        key: String? = nil
    ) -> ToolContext {
        let ownership = Ownership(tenant: "t", owner: owner, project: project)
        var access = NoteAccess(
            Notebook(store) { Timestamp(milliseconds: 1) },
            run: run,
            of: ownership,
            node: "n"
        )
        (access.agent, access.session) = (agent, session)
        var context = context("/tmp", key: key)
        context.notes = access
        return context
    }

    private static let names = [
        "memory.remember", "memory.recall", "memory.forget", "memory.list", "memory.search", "memory.bulk",
        "context.save", "context.load", "context.list", "context.delete", "context.merge", "thinking.think",
        "thinking.plan", "thinking.analyze", "thinking.conclude", "thinking.reflect", "thinking.fork", "thinking.list",
    ]

    @Test func `all tools for notes are there, and do no harm that profiles would ask about`() throws {
        let registry = try ToolRegistry.builtIn()
        for name in Self.names {
            let tool = try #require(registry.definition(of: name), "\(name)")
            #expect(tool.risk == .low && tool.isIdempotent, "\(name)")
        }
    }

    @Test func `each scope is a place of its own`() async throws {
        let entry: JSONValue = ["key": "k", "value": 1]
        for (scope, context) in [
            ("session", noting()), ("project", noting()), ("agent", noting(agent: "analyst")),
            ("session", noting(session: "ses_1")), ("agent", noting(owner: "local", agent: "analyst")),
        ] {
            var arguments = entry.objectValue ?? [:]
            arguments["scope"] = .string(scope)
            let written = try await call("memory.remember", .object(arguments), context)
            #expect(written["created"] == true, "\(scope)")
        }
        let places = [
            NotePlace(tenant: "t", scope: .run, holder: run.description),
            NotePlace(tenant: "t", scope: .project, holder: "shop"),
            NotePlace(tenant: "t", scope: .agent, holder: "analyst", owner: "user:a"),
            NotePlace(tenant: "t", scope: .session, holder: "ses_1"),
            NotePlace(tenant: "t", scope: .agent, holder: "analyst"),
        ]
        for place in places {
            let row = store.memory(MemoryRow.Key(place, "k"))
            #expect(row?.author.hasPrefix("\(run)/n") == true, "\(place)")
        }
        let found = try await call("memory.search", ["text": "k", "scope": "project"], noting(owner: "user:b"))
        #expect(found["items"]?.arrayValue?.count == 1, "\(found.text)")
    }

    @Test func `a call that is made again after a crash changes nothing more`() async throws {
        let context = noting(key: "run/n/step4")
        let thought: JSONValue = ["text": "it is the cache"]
        let first = try await call("thinking.analyze", thought, context)
        #expect(try await call("thinking.analyze", thought, context) == first)
        let once: JSONValue = ["key": "k", "value": 1, "overwrite": false]
        #expect(try await call("memory.remember", once, context) == call("memory.remember", once, context))
        let all = try await call("thinking.list", [:], noting())
        #expect(all["items"]?.arrayValue?.count == 1 && all["items"]?.arrayValue?.first?["type"] == "analysis")
    }

    @Test func `what cannot be is refused`() async throws {
        for (name, arguments, context, code) in [
            ("memory.list", ["scope": "project"], noting(project: nil), "validation.failed"),
            ("memory.list", ["scope": "agent"], noting(), "validation.failed"),
            ("memory.list", ["scope": "world"], noting(), "validation.failed"),
            ("memory.remember", ["key": "k"], noting(), "validation.failed"),
            ("memory.remember", ["key": "", "value": 1], noting(), "validation.failed"),
            ("context.save", ["name": "c", "value": 1], noting(), "validation.failed"),
            ("context.merge", ["into": "c", "from": ["x"]], noting(), "not_found"),
            ("memory.list", [:], context("/tmp"), "tool.unavailable"),
            (
                "memory.remember", ["key": "k", "value": .string(String(repeating: "x", count: 1 << 17))], noting(),
                "too_large"
            ),
        ] as [(String, JSONValue, ToolContext, String)] {
            let error = try await failure(name, arguments, context)
            #expect(error.code == code && error.errorClass == .permanent, "\(name) \(arguments.text.prefix(80))")
        }
    }
}
