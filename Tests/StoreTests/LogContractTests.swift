// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct LogContractTests {
    @Test(arguments: Backend.allCases)
    func `numbers are dense over all runs and start at one`(backend: Backend) throws {
        try backend.runs { store in
            #expect(try store.lastSequence() == 0)
            #expect(try store.commit(Commit()) == 0)
            var commit = Commit()
            commit.records = [.sample(run: 7, from: 1, count: 3), .sample(run: 8, from: 1), .sample(run: 7, from: 4)]
            #expect(try store.commit(commit) == 1)
            commit.records = [.sample(run: 8, from: 2, count: 2)]
            #expect(try store.commit(commit) == 6)
            commit.records = []
            commit.cursors = ["a": 1]
            #expect(try store.commit(commit) == 7)
            let records = try store.records(after: 0, limit: 10)
            #expect(records.map(\.globalSequence) == [1, 4, 5, 6])
            #expect(records.map(\.record.runKey) == [7, 8, 7, 8])
            #expect(try store.lastSequence() == 7)
        }
    }

    @Test(arguments: Backend.allCases)
    func `pages may begin in the middle of a record`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.records = [.sample(run: 1, from: 1, count: 3), .sample(run: 2, from: 1, count: 2)]
            _ = try store.commit(commit)
            commit.records = [.sample(run: 1, from: 4, count: 2)]
            _ = try store.commit(commit)

            let global: [(after: Int64, limit: Int, found: [Int64])] = [
                (0, 9, [1, 4, 6]), (1, 9, [1, 4, 6]), (2, 1, [1]), (3, 9, [4, 6]), (4, 9, [4, 6]), (5, 9, [6]),
                (6, 9, [6]), (7, 9, []), (.max, 9, []), (0, 2, [1, 4]), (0, 0, []),
            ]
            for (after, limit, found) in global {
                let records = try store.records(after: after, limit: limit)
                #expect(records.map(\.globalSequence) == found, "after \(after), limit \(limit)")
            }
            let ofRun: [(run: Int64, after: Int64, limit: Int, found: [Int64])] = [
                (1, 0, 9, [1, 4]), (1, 2, 9, [1, 4]), (1, 2, 1, [1]), (1, 3, 9, [4]), (1, 4, 9, [4]), (1, 5, 9, []),
                (1, .max, 9, []), (2, 1, 9, [1]), (2, 2, 9, []), (3, 0, 9, []),
            ]
            for (run, after, limit, found) in ofRun {
                let records = try store.records(ofRun: run, after: after, limit: limit)
                #expect(records.map(\.record.firstSequence) == found, "run \(run) after \(after), limit \(limit)")
            }
            let last = try store.records(ofRun: 1, after: 4, limit: 1)
            #expect(last == [StoredRecord(globalSequence: 6, record: .sample(run: 1, from: 4, count: 2))])
        }
    }

    @Test(arguments: Backend.allCases)
    func `a part of a log is read from both ends`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            // Events 1–3, 4, 5–6, 7–9.
            for (first, count) in [(1, 3), (4, 1), (5, 2), (7, 3)] as [(Int64, Int)] {
                commit.records = [1, 2].map { .sample(run: $0, from: first, count: count) }
                _ = try store.commit(commit)
            }
            let ranges: [(range: ClosedRange<Int64>, limit: Int, found: [Int64])] = [
                (1...9, 9, [1, 4, 5, 7]), (1...1, 9, [1]), (3...4, 9, [1, 4]), (4...4, 9, [4]), (6...7, 9, [5, 7]),
                (2...9, 2, [1, 4]), (9...20, 9, [7]), (10...20, 9, []), (1 ... .max, 9, [1, 4, 5, 7]), (3...3, 0, []),
            ]
            for (range, limit, found) in ranges {
                let records = try store.records(ofRun: 1, in: range, limit: limit)
                #expect(records.map(\.record.firstSequence) == found, "\(range), limit \(limit)")
            }
            let backwards: [(from: Int64, limit: Int, found: [Int64])] = [
                (.max, 9, [7, 5, 4, 1]), (.max, 2, [7, 5]), (10, 1, [7]), (8, 9, [7, 5, 4, 1]), (7, 9, [5, 4, 1]),
                (5, 1, [4]), (2, 9, [1]), (1, 9, []), (9, 0, []),
            ]
            for (from, limit, found) in backwards {
                let records = try store.records(ofRun: 1, backwardsFrom: from, limit: limit)
                #expect(records.map(\.record.firstSequence) == found, "from \(from), limit \(limit)")
            }
            #expect(try store.records(ofRun: 3, in: 1...9, limit: 9).isEmpty)
            #expect(try store.records(ofRun: 3, backwardsFrom: 9, limit: 9).isEmpty)
            let last = try store.records(ofRun: 2, backwardsFrom: .max, limit: 1)
            #expect(last == [StoredRecord(globalSequence: 16, record: .sample(run: 2, from: 7, count: 3))])
        }
    }

    @Test(arguments: Backend.allCases)
    func `a commit that does not continue a log leaves nothing behind`(backend: Backend) throws {
        try backend.runs { store in
            var first = Commit()
            first.records = [.sample(run: 1, from: 1, count: 2)]
            first.runs = [.sample(1)]
            _ = try store.commit(first)
            for wrong: [LogRecord] in [
                [.sample(run: 1, from: 1)], [.sample(run: 1, from: 2)], [.sample(run: 1, from: 4)],
                [.sample(run: 2, from: 2)], [.sample(run: 1, from: 3), .sample(run: 1, from: 3)],
                [.sample(run: 1, from: 3, count: 0)],
            ] {
                var second = Commit()
                second.definitions = [
                    DefinitionRow(hash: "h", name: "n", source: [], graph: [], createdAt: Timestamp(milliseconds: 0))
                ]
                second.runs = [.sample(1, .running), .sample(2)]
                second.tasks = [
                    TaskRow(key: TaskKey(runKey: 1, task: 0), status: .ready, priority: 1, attempt: 0, fence: 0)
                ]
                second.humanTasks = [.sample(1, run: 1, at: 1)]
                second.outbox = [.init(kind: "k", target: "t", body: [])]
                second.cursors = ["c": 5]
                second.records = [.sample(run: 9, from: 1)] + wrong
                #expect(code { _ = try store.commit(second) } == .conflict, "\(wrong)")
            }
            #expect(try store.lastSequence() == 2)
            #expect(try store.records(ofRun: 9, after: 0, limit: 9).isEmpty)
            #expect(try store.runs(RunFilter()) == [.sample(1)])
            #expect(try store.openTasks(ofRun: nil).isEmpty)
            #expect(try store.definition("h") == nil)
            #expect(try store.humanTasks(HumanTaskFilter()).isEmpty)
            #expect(try store.outbox(after: 0, limit: 9).isEmpty)
            #expect(try store.cursor(of: "c") == 0)
            var third = Commit()
            third.records = [.sample(run: 1, from: 3)]
            #expect(try store.commit(third) == 3)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a key and an id name one run for ever`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.runs = [.sample(1), .sample(2)]
            _ = try store.commit(commit)
            var otherID = RunRow.sample(1)
            otherID.id = RunID(high: 5, low: 5)
            var otherKey = RunRow.sample(2)
            otherKey.key = 3
            for wrong in [otherID, otherKey] {
                commit.runs = [wrong]
                #expect(code { _ = try store.commit(commit) } == .conflict, "\(wrong)")
            }
            #expect(try store.runs(RunFilter()) == [.sample(2), .sample(1)])
        }
    }
}
