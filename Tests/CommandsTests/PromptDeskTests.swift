// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import JSON
import Model
import Server
import Store
import Testing

@testable import Commands

/// Texts are changed in the store and in force at once.
@Suite struct PromptDeskTests {
    private let desk = PromptDesk(
        store: MemorySecurityStore(),
        agents: AgentRegistry(.builtIn(), now: { Timestamp(milliseconds: 0) })
    )
    private let judge = PromptName(.agent, "judge")

    private func change(
        _ text: String?,
        of name: String = "judge",
        _ kind: PromptAccess.Kind = .agent,
        expecting hash: String? = nil
    ) -> PromptAccess.Change {
        .init(of: kind, name, text: text, note: "why", expected: hash, actor: "user:a", tenant: "t", address: "::1")
    }

    private static func text(_ words: String, id: String = "judge") -> String { "---\nid: \(id)\n---\n\(words)\n" }

    private func status(_ change: PromptAccess.Change) -> Int? {
        do throws(Problem) {
            _ = try desk.apply(change)
            return nil
        } catch {
            return error.status
        }
    }

    @Test func `an edit is in force, stored and in the audit trail, and a reset lets the file count again`() throws {
        let before = try desk.show(judge)
        #expect(before["source"] == "built_in" && before["version"] == nil)
        let after = try desk.apply(change(Self.text("Toss a coin."), expecting: before["hash"]?.stringValue))
        #expect(
            after["source"] == "edited" && after["version"] == 1
                && after["text"]?.stringValue == Self.text("Toss a coin.")
        )
        #expect(desk.agents.roster["judge"]?.instructions == "Toss a coin.")
        #expect(try desk.apply(change(Self.text("Toss a coin.")))["version"] == 1, "the same text is no new version")
        _ = try desk.apply(change(Self.text("Roll a die.")))
        #expect(try desk.apply(change(nil))["source"] == "built_in")
        #expect(try desk.apply(change(nil))["hash"] == before["hash"], "twice is once")
        let versions = try desk.versions(of: judge, before: nil, limit: 9)
        #expect(versions.map { $0["version"] } == [3, 2, 1] && versions.allSatisfy { $0["in_force"] == false })
        #expect(versions[0]["hash"] == nil && versions[1]["by"] == "user:a" && versions[1]["note"] == "why")
        #expect(try desk.version(2, of: judge)["text"]?.stringValue == Self.text("Roll a die."))
        #expect(try desk.version(3, of: judge)["text"] == nil)
        _ = try desk.apply(change(Self.text("Toss a coin.")))
        #expect(try desk.versions(of: judge, before: nil, limit: 1)[0]["in_force"] == true)
        let trail = try desk.store.auditEntries(tenant: "t", after: 0, limit: 9).map(\.draft)
        #expect(trail.map(\.action) == ["prompt.edit", "prompt.edit", "prompt.reset", "prompt.edit"])
        #expect(trail.allSatisfy { $0.object == "agent:judge" && $0.reason == "why" && $0.address == "::1" })
        #expect(trail[1].before == trail[0].after && trail[2].after == trail[0].before)
        // Another process finds the same.
        let other = AgentRegistry(.builtIn(), now: { Timestamp(milliseconds: 0) })
        try PromptDesk(store: desk.store, agents: other).load()
        #expect(other.prompt(judge)?.origin == .edited(version: 4))
    }

    @Test func `what cannot be is refused, and nothing is written`() throws {
        for (wanted, expected) in [
            (change("no front matter"), 422), (change(Self.text("x", id: "other")), 422),
            (change("---\nid: judge\ntier: huge\n---\nx"), 422),
            (change(Self.text(String(repeating: "x", count: 1 << 20))), 422),
            (change(Self.text("x"), of: "judg"), 404), (change(nil, of: "judge", .skill), 404),
            (change(Self.text("x"), expecting: "sha256:0000"), 412), (change(nil, expecting: "1"), 412),
        ] {
            #expect(status(wanted) == expected, "\(wanted)")
        }
        #expect(try desk.versions(of: judge, before: nil, limit: 9).isEmpty && desk.store.auditTenants().isEmpty)
    }

    @Test func `skills are edited in the same way`() throws {
        let text = "---\nname: systemd\n---\nAsk somebody.\n"
        #expect(try desk.apply(change(text, of: "systemd", .skill))["version"] == 1)
        #expect(desk.agents.skills["systemd"]?.instructions == "Ask somebody.")
        #expect(try desk.apply(change(nil, of: "systemd", .skill))["source"] == "built_in")
    }

    @Test func `an edit that no program of this version can read is replaced or taken back`() throws {
        var stored = SecurityChange()
        stored.promptVersions = [
            .init(
                name: "agent:judge",
                version: 1,
                hash: "h",
                text: Array("future".utf8),
                at: Timestamp(milliseconds: 1),
                actor: "user:b"
            )
        ]
        try desk.store.apply(stored)
        try desk.load()
        #expect(desk.agents.problems.count == 1 && desk.agents.prompt(judge)?.origin == .builtIn)
        #expect(try desk.apply(change(nil))["source"] == "built_in")
        #expect(try desk.apply(change(Self.text("New.")))["version"] == 3)
    }
}
