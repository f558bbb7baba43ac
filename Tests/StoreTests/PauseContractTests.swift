// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct PauseContractTests {
    @Test(arguments: Backend.allCases)
    func `pauses are kept by what they hold, replaced and lifted`(backend: Backend) throws {
        try backend.runs { store in
            #expect(try store.pauses().isEmpty)
            func row(_ scope: PauseScope, _ by: String = "user:a", _ reason: String? = nil) -> PauseRow {
                PauseRow(scope: scope, by: by, reason: reason, at: Timestamp(milliseconds: 5))
            }
            var commit = Commit()
            commit.pauses = [
                row(.workflow("b")), row(.workflow("a"), "user:a", "moving"), row(.all), row(.queue("a")),
                row(.project("ä")),
            ]
            _ = try store.commit(commit)
            #expect(
                try store.pauses() == [
                    row(.all), row(.project("ä")), row(.queue("a")), row(.workflow("a"), "user:a", "moving"),
                    row(.workflow("b")),
                ]
            )
            commit.pauses = [row(.all, "user:b", "again"), row(.queue("z"))]
            // Lifting wins over writing in the same commit.
            commit.liftedPauses = [.queue("z"), .workflow("a"), .project("ä"), .project("none")]
            _ = try store.commit(commit)
            #expect(try store.pauses() == [row(.all, "user:b", "again"), row(.queue("a")), row(.workflow("b"))])
        }
    }
}
