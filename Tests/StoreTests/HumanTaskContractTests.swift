// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@Suite struct HumanTaskContractTests {
    private func ids(
        _ store: any RunStore,
        _ statuses: [HumanTaskStatus] = [],
        run: Int64? = nil,
        after: HumanTaskRow? = nil,
        limit: Int = 9
    ) throws -> [UInt64] {
        var filter = HumanTaskFilter()
        (filter.statuses, filter.run, filter.limit) = (statuses, run, limit)
        filter.after = after.map(HumanTaskFilter.Position.init)
        return try store.humanTasks(filter).map(\.id.low)
    }

    @Test(arguments: Backend.allCases)
    func `requests to people are filtered, oldest first, page by page`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            let (a, b) = (HumanTaskRow.sample(1, run: 1, at: 20), HumanTaskRow.sample(2, run: 2, at: 10, .claimed))
            let (c, d) = (HumanTaskRow.sample(3, run: 1, at: 20), HumanTaskRow.sample(4, run: 1, at: 5, .answered))
            commit.humanTasks = [c, a, b, d]
            _ = try store.commit(commit)
            #expect(try ids(store) == [4, 2, 1, 3])
            #expect(try ids(store, HumanTaskStatus.pending) == [2, 1, 3])
            #expect(try ids(store, [.open]) == [1, 3])
            #expect(try ids(store, [.open, .answered]) == [4, 1, 3])
            #expect(try ids(store, [.expired]).isEmpty)
            #expect(try ids(store, run: 1) == [4, 1, 3])
            #expect(try ids(store, HumanTaskStatus.pending, run: 1) == [1, 3])
            #expect(try ids(store, after: b) == [1, 3])
            #expect(try ids(store, HumanTaskStatus.pending, after: a) == [3])
            #expect(try ids(store, run: 1, after: d, limit: 1) == [1])
            #expect(try store.humanTask(HumanTaskID(high: 0, low: 0)) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a request comes back as it was written, whatever people did with it`(backend: Backend) throws {
        try backend.runs { store in
            let plain = HumanTaskRow.sample(1, run: 1, at: 20)
            var full = plain
            full.status = .approved
            full.assignees = []
            full.expiresAt = Timestamp(milliseconds: 2)
            full.claim = HumanClaim(by: "user:b", until: Timestamp(milliseconds: 3))
            (full.choice, full.decidedBy, full.comment) = ("ship", "user:a", "")
            full.decidedAt = Timestamp(milliseconds: 1)
            full.details = HumanTaskDetails(
                choices: [HumanChoice("ship", label: "Ship \"it\"", effect: "approve"), HumanChoice("no")],
                form: ["type": "object"],
                evidence: [1, ["a": "é"]],
                subject: ["blob": ["hash": "h", "size": 9]],
                quorum: 2,
                onExpiry: "escalate:boss",
                escalations: 1,
                reminders: 3,
                decisions: [
                    .init(by: "user:b", choice: "no", at: Timestamp(milliseconds: 4)),
                    .init(
                        by: "user:a",
                        choice: "ship",
                        values: ["n": 1.5],
                        comment: "so",
                        at: Timestamp(milliseconds: 5),
                        via: "cli"
                    ),
                ]
            )
            for row in [plain, full, plain] {
                var commit = Commit()
                commit.humanTasks = [row]
                _ = try store.commit(commit)
                #expect(try store.humanTask(row.id) == row)
            }
        }
    }
}
