// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing
import TestSupport

@testable import StoreSQLite

@Suite struct DamageTests {
    @Test func `fault 7: a record that was changed is found, and other runs go on`() throws {
        let changes = [
            "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'test', 'tesu') AS BLOB) WHERE run_key = 1 AND seq = 3",
            "UPDATE record SET at = at + 1 WHERE run_key = 1 AND seq = 3",
            "UPDATE record SET chain = zeroblob(16) WHERE run_key = 1 AND seq = 3",
            "UPDATE record SET count = 1 WHERE run_key = 1 AND seq = 3",
            "DELETE FROM record WHERE run_key = 1 AND seq = 3",
            "UPDATE record SET run_key = 3, seq = 1 WHERE run_key = 1 AND seq = 3",
        ]
        // In the tail of the log, and with a place in the index of runs.
        for (steps, change) in changes.flatMap({ [(6, $0), (20, $0)] }) {
            let temporary = TemporaryFolder()
            try withStore(at: temporary.path) { store in
                for number in 0..<steps { _ = try store.commit(.step(number)) }
            }
            try alter(temporary.path, change)
            try withStore(at: temporary.path) { store in
                let error = failure { _ = try store.records(ofRun: 1, after: 0, limit: 100) }
                #expect(error?.code == .corrupted, "\(change)")
                #expect(error?.message.contains("run 1 is damaged at event") == true, "\(change)")
                #expect(failure { try store.verify() }?.code == .corrupted, "\(change)")
                #expect(try store.records(ofRun: 2, after: 0, limit: 100).count == steps)
                var next = Commit()
                next.records = [Commit.step(steps).records[1]]
                _ = try store.commit(next)
            }
        }
    }

    @Test func `a page of the log is checked against what comes before it`() throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { store in
            for number in 0..<6 { _ = try store.commit(.step(number)) }
        }
        try alter(temporary.path, "UPDATE record SET body = CAST(body || ' ' AS BLOB) WHERE run_key = 2 AND seq = 5")
        try withStore(at: temporary.path) { store in
            let damaged = try store.records(ofRun: 2, after: 0, limit: 2)
            #expect(damaged.count == 2)
            #expect(failure { _ = try store.records(ofRun: 2, after: 4, limit: 1) }?.code == .corrupted)
            #expect(failure { _ = try store.records(after: 0, limit: 100) }?.code == .corrupted)
        }
    }

    @Test func `a hole in the global numbers is found`() throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { store in
            for number in 0..<3 { _ = try store.commit(.step(number)) }
        }
        try alter(temporary.path, "DELETE FROM record WHERE run_key = 2")
        try withStore(at: temporary.path) { store in
            let error = failure { try store.verify() }
            #expect(error?.message.contains("events were written and") == true)
        }
    }

    @Test func `fault 7: a damaged snapshot is passed over`() throws {
        func row(_ sequence: Int64, _ content: SnapshotRow.Content) -> SnapshotRow {
            SnapshotRow(runKey: 1, sequence: sequence, content: content, takenAt: Timestamp(milliseconds: 7))
        }
        let rows = [row(1, .inline([1])), row(2, .blob(BlobRef(hash: "h", size: 1))), row(3, .inline([3]))]
        for (change, found) in [
            ("UPDATE snapshot SET body = x'04' WHERE seq = 3", 1), ("UPDATE snapshot SET seq = 9 WHERE seq = 3", 1),
            ("UPDATE snapshot SET sum = x'' WHERE seq = 3", 1), ("UPDATE snapshot SET taken_at = 8 WHERE seq > 1", 0),
            ("UPDATE snapshot SET run_key = 1, seq = 4 WHERE run_key = 2", 2),
            ("UPDATE snapshot SET size = 2 WHERE seq = 2", 2),
        ] {
            let temporary = TemporaryFolder()
            try withStore(at: temporary.path) { store in
                var commit = Commit()
                var other = row(4, .inline([]))
                other.runKey = 2
                commit.snapshots = rows + [other]
                _ = try store.commit(commit)
            }
            try alter(temporary.path, change)
            try withStore(at: temporary.path) { store in
                let newest = try store.snapshot(ofRun: 1, atMost: .max)
                #expect(newest == rows[found], "\(change)")
            }
        }
    }

    @Test func `a damaged page is found`() throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { store in
            for number in 0..<30 { _ = try store.commit(.step(number)) }
        }
        var bytes = try readFile(temporary.path + "/baton.db")
        for page in stride(from: 8192, to: bytes.count, by: 4096) { bytes[page] ^= 0x55 }
        try writeFile(temporary.path + "/baton.db", bytes)
        let reader = try? SQLiteRunStore.openForReading(temporary.path)
        if let reader { #expect(failure { try reader.verify() }?.code == .corrupted) }
    }

    @Test func `people can read runs, events and tasks by SQL`() throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { store in
            var commit = Commit.step(0)
            let body = #"[{"type":"a","node":"n","data":{"x":1}},{"type":"b","y":[true]}]"#
            commit.records = [
                LogRecord(
                    runKey: 1,
                    firstSequence: 1,
                    count: 2,
                    at: Timestamp(milliseconds: 1500),
                    body: Array(body.utf8)
                )
            ]
            _ = try store.commit(commit)
        }
        let connection = try Connection.open(temporary.path + "/baton.db", .read)
        func lines(_ sql: String) throws -> [String] {
            try Statement(connection, sql).rows { row in
                (0..<7).map { row.optionalText($0) ?? "-" }.joined(separator: "|")
            }
        }
        let run = RunID(high: 1, low: 1).description
        #expect(
            try lines("SELECT gseq, run_seq, run, at, type, node, data FROM baton_events") == [
                #"1|1|\#(run)|1970-01-01T00:00:01.500Z|a|n|{"x":1}"#,
                #"2|2|\#(run)|1970-01-01T00:00:01.500Z|b|-|{"y":[true]}"#,
            ]
        )
        #expect(
            try lines("SELECT id, workflow, status, reason, run_seq, created_at, ended_at FROM baton_runs").last
                == "\(run)|w|running|-|2|1970-01-01T00:00:00.000Z|-"
        )
        #expect(
            try lines("SELECT run, task, status, priority, attempt, worker, lease_until FROM baton_tasks").first
                == "\(run)|0|ready|0|0|-|-"
        )
    }

    private func alter(_ path: String, _ sql: String) throws {
        let connection = try Connection.open(path + "/baton.db", .write)
        try connection.execute(sql)
        #expect(connection.changes > 0, "\(sql)")
    }
}
