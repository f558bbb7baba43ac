// Baton
// SPDX-License-Identifier: Apache-2.0

import Store
import TestSupport
import Testing

@testable import StoreSQLite

/// The index of runs, which may be behind the log.
@Suite struct RecordPlacesTests {
    /// Whether every question about the records of a run has the answer that the whole log gives.
    private func answersFit(_ store: SQLiteRunStore, steps count: Int) throws -> Bool {
        let all = (0..<count).map { Commit.step($0) }.flatMap(\.records).filter { $0.runKey == 2 }
        let end = all.last.map { $0.firstSequence + Int64($0.count) } ?? 1
        for sequence in [1, end / 2, end - 3, end] where sequence > 0 {
            let later = all.filter { $0.firstSequence + Int64($0.count) > sequence }
            let found = try store.records(ofRun: 2, in: sequence ... .max, limit: 1000)
            guard found.map(\.record) == later else { return false }
            let some = try store.records(ofRun: 2, in: sequence...(sequence + 2), limit: 2)
            guard some.map(\.record) == Array(later.filter { $0.firstSequence <= sequence + 2 }.prefix(2)) else {
                return false
            }
            let back = try store.records(ofRun: 2, backwardsFrom: sequence, limit: 40)
            let earlier = all.filter { $0.firstSequence < sequence }.reversed().prefix(40)
            guard back.map(\.record) == Array(earlier) else { return false }
        }
        return true
    }

    @Test func `answers about a run are the same whether its records have their places or not`() throws {
        let temporary = TemporaryFolder()
        var tails: Set<Int64> = []
        for batch in 0..<10 {
            // Opened again and again, so that tails of several lengths are found.
            try withStore(at: temporary.path) { store in
                for number in (batch * 7)..<(batch * 7 + 7) {
                    _ = try store.commit(.step(number))
                    #expect(try answersFit(store, steps: number + 1), "\(number)")
                }
                try store.verify()
            }
            let connection = try Connection.open(temporary.path + "/baton.db", .read)
            let tail = try connection.integer("SELECT count(*) FROM record WHERE gseq > \(RecordPlaces.end)") ?? 0
            #expect(tail < 32)
            tails.insert(tail)
        }
        #expect(tails.count > 1)
    }

    @Test func `a run that was left for long goes on where it was`() throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { store in for number in 0..<5 { _ = try store.commit(.step(number)) } }
        try withStore(at: temporary.path) { store in
            var wrong = Commit()
            wrong.records = [Commit.step(4).records[1]]
            #expect(failure { _ = try store.commit(wrong) }?.code == .conflict)
            _ = try store.commit(.step(5))
            #expect(try answersFit(store, steps: 6))
        }
    }

    @Test func `an index that does not fit the log is found`() throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { store in
            for number in 0..<20 { _ = try store.commit(.step(number)) }
            try store.verify()
        }
        for change in [
            "DELETE FROM record_place WHERE run_key = 1 AND seq = (SELECT max(seq) FROM record_place WHERE run_key = 1)",
            "UPDATE record_place SET run_key = 3 WHERE run_key = 1 AND seq = 1",
            "UPDATE record_place SET gseq = gseq + 1 WHERE run_key = 2 AND seq = 1",
        ] {
            let connection = try Connection.open(temporary.path + "/baton.db", .write)
            try connection.execute("BEGIN")
            try connection.execute(change)
            #expect(try connection.integer(RecordPlaces.misplaced) ?? 0 > 0, "\(change)")
            try connection.execute("ROLLBACK")
            #expect(try connection.integer(RecordPlaces.misplaced) == 0)
        }
    }
}
