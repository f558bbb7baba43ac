// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct ScheduleContractTests {
    @Test(arguments: Backend.allCases)
    func `schedules are found by id and name, replaced and removed`(backend: Backend) throws {
        try backend.runs { store in
            #expect(try store.schedules().isEmpty)
            var changed = ScheduleRow.sample(1, "b")
            (changed.name, changed.state, changed.nextFireAt) = ("Z", [0, 255], Timestamp(milliseconds: -5))
            (changed.definition, changed.createdAt) = ([], Timestamp(milliseconds: .max))
            var commit = Commit()
            commit.schedules = [.sample(1, "b"), .sample(2, "a"), .sample(3, "ä")]
            _ = try store.commit(commit)
            #expect(try store.schedules() == [.sample(2, "a"), .sample(1, "b"), .sample(3, "ä")])
            #expect(try store.schedule(named: "b") == .sample(1, "b"))
            commit.schedules = [changed]
            commit.removedSchedules = [ScheduleRow.sample(3, "").id, ScheduleRow.sample(9, "").id]
            _ = try store.commit(commit)
            #expect(try store.schedules() == [changed, .sample(2, "a")])
            #expect(try store.schedule(changed.id) == changed)
            #expect(try store.schedule(ScheduleRow.sample(3, "").id) == nil)
            #expect(try store.schedule(named: "b") == nil)
            // Removing wins over writing in the same commit.
            commit.schedules = [.sample(4, "b"), changed]
            commit.removedSchedules = [changed.id]
            _ = try store.commit(commit)
            #expect(try store.schedules().map(\.name) == ["a", "b"])
        }
    }

    @Test(arguments: Backend.allCases)
    func `no two schedules have the same name, and a commit that wants it writes nothing`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.schedules = [.sample(1, "a"), .sample(2, "b")]
            _ = try store.commit(commit)
            let cases: [(rows: [ScheduleRow], removed: [ScheduleID], isTaken: Bool)] = [
                ([.sample(3, "a")], [], true), ([.sample(2, "a")], [], true),
                ([.sample(3, "c"), .sample(4, "c")], [], true),
                ([.sample(3, "a")], [ScheduleRow.sample(1, "").id], true),
                ([.sample(1, "b"), .sample(2, "a")], [], true),
                ([.sample(1, "c"), .sample(2, "a"), .sample(1, "b")], [], false), ([.sample(1, "b")], [], false),
            ]
            for (index, row) in cases.enumerated() {
                var commit = Commit()
                (commit.schedules, commit.removedSchedules) = (row.rows, row.removed)
                commit.runs = [.sample(Int64(index) + 1)]
                #expect(code { _ = try store.commit(commit) } == (row.isTaken ? .conflict : nil), "case \(index)")
                #expect(try store.run(key: Int64(index) + 1) == (row.isTaken ? nil : commit.runs[0]), "case \(index)")
            }
            #expect(try store.schedules() == [.sample(2, "a"), .sample(1, "b")])
        }
    }
}

extension ScheduleRow {
    static func sample(_ number: UInt64, _ name: String) -> ScheduleRow {
        ScheduleRow(
            id: ScheduleID(high: 3, low: number),
            name: name,
            definition: Array(#"{"workflow":"w"}"#.utf8),
            state: Array("{}".utf8),
            nextFireAt: nil,
            createdAt: Timestamp(milliseconds: 7)
        )
    }
}
