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
}
