// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct PromptContractTests {
    private func row(_ name: String, _ text: String) -> PromptRow {
        PromptRow(name: name, hash: "h-\(text)", text: Array(text.utf8))
    }

    @Test(arguments: Backend.allCases)
    func `a run keeps the text that it had first, until it is deleted`(backend: Backend) throws {
        try backend.runs { store in
            let prompts = try #require(store as? any PromptStore)
            var commit = Commit()
            commit.runs = [.sample(1, .completed), .sample(2, .completed)]
            commit.records = [.sample(run: 1, from: 1), .sample(run: 2, from: 1)]
            for index in commit.runs.indices {
                commit.runs[index].lastSequence = 1
                commit.runs[index].endedAt = Timestamp(milliseconds: 5)
            }
            _ = try store.commit(commit)
            let runs = try (1...2).map { try #require(try store.run(key: Int64($0))).id }
            #expect(try prompts.pinnedPrompts(of: runs[0]) == [:])
            try prompts.pin([row("agent:a", "one"), row("skill:s", "ä\0")], of: runs[0])
            try prompts.pin([row("agent:a", "two"), row("agent:b", "one")], of: runs[0])
            try prompts.pin([row("agent:a", "two")], of: runs[1])
            try prompts.pin([row("agent:a", "three")], of: RunID(high: 9, low: 9))
            let names = ["agent:a": "h-one", "skill:s": "h-ä\0", "agent:b": "h-one"]
            #expect(try prompts.pinnedPrompts(of: runs[0]) == names)
            #expect(try prompts.pinnedPrompts(of: runs[1]) == ["agent:a": "h-two"])
            #expect(try prompts.pinnedPrompts(of: RunID(high: 9, low: 9)) == [:])
            #expect(try prompts.prompt("h-ä\0") == Array("ä\0".utf8))
            #expect(try prompts.prompt("h-none") == nil)

            var deletion = Commit()
            deletion.deletions = [RunDeletion(runKey: 1, lastSequence: 1, at: Timestamp(milliseconds: 9))]
            deletion.clearings = [Clearing(runKey: 1)]
            _ = try store.commit(deletion)
            #expect(try prompts.pinnedPrompts(of: runs[0]) == [:])
            #expect(try prompts.pinnedPrompts(of: runs[1]) == ["agent:a": "h-two"])
            #expect(try store.clearable(limit: 9).isEmpty)
        }
    }

    private func version(_ name: String, _ version: Int, _ text: String?, note: String? = nil) -> PromptVersionRow {
        PromptVersionRow(
            name: name,
            version: version,
            hash: text.map { "h-\($0)" },
            text: text.map { Array($0.utf8) },
            at: Timestamp(milliseconds: Int64(version)),
            actor: "user:ü",
            note: note
        )
    }

    private func listed(_ row: PromptVersionRow) -> PromptVersionRow {
        var row = row
        row.text = nil
        return row
    }

    @Test(arguments: Backend.allCases)
    func `texts that were edited have versions without gaps, of which the newest counts`(backend: Backend) throws {
        try backend.security { store in
            #expect(try store.editedPrompts() == [] && store.promptVersions(of: "agent:a", before: nil, limit: 9) == [])
            let rows = [
                version("agent:a", 1, "one"), version("agent:a", 2, "ä\0", note: "why \"ü\""),
                version("agent:a", 3, nil),
                version("agent:a", 4, "one"),
            ]
            var change = SecurityChange()
            change.promptVersions = Array(rows[..<2]) + [version("skill:a", 1, "one"), version("agent:b", 1, "two")]
            try store.apply(change)
            #expect(
                try store.editedPrompts() == [rows[1], version("agent:b", 1, "two"), version("skill:a", 1, "one")]
            )
            change.promptVersions = [rows[2], version("agent:b", 2, nil)]
            try store.apply(change)
            #expect(try store.editedPrompts() == [version("skill:a", 1, "one")])
            change.promptVersions = [rows[3]]
            try store.apply(change)
            #expect(try store.editedPrompts() == [rows[3], version("skill:a", 1, "one")])
            #expect(try store.promptVersions(of: "agent:a", before: nil, limit: 9) == rows.reversed().map(listed))
            #expect(try store.promptVersions(of: "agent:a", before: 4, limit: 2) == [listed(rows[2]), listed(rows[1])])
            #expect(try rows.map { try store.promptVersion($0.version, of: $0.name) } == rows)
            #expect(try store.promptVersion(5, of: "agent:a") == nil && store.promptVersion(1, of: "agent:c") == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `an edit that another one was faster than changes nothing, and one that is written has its entry`(
        backend: Backend
    ) throws {
        try backend.security { store in
            func change(_ number: Int) -> SecurityChange {
                var change = SecurityChange()
                change.promptVersions = [version("agent:a", number, "text \(number)")]
                change.audit = [
                    AuditDraft(
                        tenant: "t",
                        at: Timestamp(milliseconds: 1),
                        actor: "user:a",
                        action: "prompt.edit",
                        object: "agent:a",
                        after: "h-text \(number)"
                    )
                ]
                return change
            }
            try store.apply(change(1))
            for number in [0, 1, 3] { #expect(code { try store.apply(change(number)) } == .conflict) }
            var several = change(2)
            several.promptVersions.append(version("agent:b", 2, "x"))
            #expect(code { try store.apply(several) } == .conflict)
            #expect(try store.promptVersions(of: "agent:a", before: nil, limit: 9).map(\.version) == [1])
            let entries = try store.auditEntries(tenant: "t", after: 0, limit: 9)
            #expect(entries.map(\.draft.action) == ["prompt.edit"])
            try store.apply(change(2))
            #expect(try store.auditEntries(tenant: "t", after: 0, limit: 9).map(\.draft.after).last == "h-text 2")
        }
    }
}
