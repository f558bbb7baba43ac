// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Model
import Store
import TestSupport
import Testing

@testable import StoreSQLite

/// That no question of a long history or a full table reads more than it answers.
@Suite struct QueryPlanTests {
    private func withConnection(_ body: (borrowing Connection) throws -> Void) throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { store in _ = try store.commit(.step(0)) }
        let connection = try Connection.open(temporary.path + "/baton.db", .read)
        try body(connection)
    }

    @Test func `questions are answered by an index alone, without a scan or a sort`() throws {
        let questions: [(name: String, sql: String, index: String)] = [
            ("records of a range", RecordQuestions.placed.inRange, "place USING PRIMARY KEY"),
            ("records backwards", RecordQuestions.placed.backwards, "place USING PRIMARY KEY"),
            ("the tail", RecordQuestions.placed.tailInRange, "INTEGER PRIMARY KEY (rowid>?)"),
            ("the tail backwards", RecordQuestions.placed.tailBackwards, "INTEGER PRIMARY KEY (rowid>?)"),
            ("records of all runs", ReadStatements.records, "INTEGER PRIMARY KEY"),
            ("link before a record", RecordQuestions.placed.linkBefore, "place USING PRIMARY KEY"),
            ("end of an archive", RetentionReader.archiveEnd, "archive_run"),
            ("packed records", RetentionReader.segments, "archive_run"),
            ("packed records backwards", RetentionReader.segmentsBackwards, "archive_run"),
            ("ended runs", RetentionReader.ended, "run_ended"),
            ("newest snapshot", SnapshotReader.newest, "snapshot_run"),
            ("signals to a target", KeyedReader.signalsToTarget, "signal_target"),
            ("requests of a run", HumanTaskSchema.ofRun, "human_task_run"),
            ("open requests", HumanTaskSchema.pending, "human_task_pending"),
            ("contents of an owner", CatalogReader.ownedArtifactsOfHash, "artifact_hash"),
            ("all requests", HumanTaskSchema.all, "human_task_order"),
            ("messages that are due", WebhookReader.due, "delivery_due"),
            ("the next message", WebhookReader.next, "delivery_due"),
            ("dead letters", WebhookReader.dead, "delivery_dead"),
            ("dead letters of a webhook", WebhookReader.deadOfWebhook, "delivery_dead"),
            ("runs of an owner", OwnedRunReader.ofOwner, "run_owner (tenant=? AND owner=?"),
            ("runs of a project", OwnedRunReader.ofProject, "run_project (tenant=? AND project=?"),
            ("runs of a tenant", OwnedRunReader.ofTenant, "run_tenant (tenant=?"),
            ("runs of the first tenant", OwnedRunReader.ofFirstTenant, "INTEGER PRIMARY KEY"),
        ]
        try withConnection { connection in
            for (name, sql, index) in questions {
                let steps = try Statement(connection, "EXPLAIN QUERY PLAN \(sql)").rows { $0.text(3) }
                let plan = steps.joined(separator: "\n")
                #expect(!plan.contains("SCAN "), "\(name):\n\(plan)")
                #expect(!plan.contains("TEMP B-TREE"), "\(name):\n\(plan)")
                #expect(plan.contains(index), "\(name):\n\(plan)")
            }
        }
    }

    @Test func `requests of a tenant are read in order, and only the names of each are looked through`() throws {
        let questions = [
            (HumanTaskSchema.ofTenant, "human_task_tenant (tenant=? AND (opened_at,id)>"),
            (HumanTaskSchema.pendingOfTenant, "human_task_inbox (tenant=? AND (opened_at,id)>"),
        ]
        try withConnection { connection in
            for (sql, index) in questions {
                let steps = try Statement(connection, "EXPLAIN QUERY PLAN \(sql)").rows { $0.text(3) }
                #expect(steps[0].hasPrefix("SEARCH human_task USING INDEX \(index)"), "\(steps)")
                #expect(!steps.contains { $0.hasPrefix("SCAN human_task") || $0.contains("TEMP B-TREE") }, "\(steps)")
            }
        }
    }

    @Test func `lists in order are read in order`() throws {
        try withConnection { connection in
            for sql in [KeyedReader.signals, KeyedReader.entries(by: "used_at, scope, hash")] {
                let steps = try Statement(connection, "EXPLAIN QUERY PLAN \(sql)").rows { $0.text(3) }
                #expect(steps.count == 1 && steps[0].contains("USING INDEX"), "\(steps)")
            }
        }
    }

    /// 1,000,000 events in 10,000 records, as a map or a fast loop writes them.
    @Test func `a page of a run with a million events costs the same everywhere`() throws {
        let temporary = TemporaryFolder()
        var options = SQLiteRunStore.Options()
        options.durability = .relaxed
        try withStore(at: temporary.path, options) { store in
            let body = Array("[\(Array(repeating: #"{"type":"t"}"#, count: 100).joined(separator: ","))]".utf8)
            for page in 0..<20 as Range<Int64> {
                var commit = Commit()
                for index in 0..<500 as Range<Int64> {
                    let first = (page * 500 + index) * 100 + 1
                    let time = Timestamp(milliseconds: first)
                    commit.records.append(LogRecord(runKey: 1, firstSequence: first, count: 100, at: time, body: body))
                }
                _ = try store.commit(commit)
            }
            for sequence in [1, 500_000, 999_950] as [Int64] {
                let forward = try steps(temporary.path, RecordQuestions.placed.inRange, sequence, sequence + 49)
                let backward = try steps(temporary.path, RecordQuestions.placed.backwards, 0, sequence)
                #expect(forward < 200 && backward < 200, "\(sequence): \(forward) and \(backward) steps")
                let found = try store.records(ofRun: 1, in: sequence...sequence + 49, limit: 9)
                #expect(found.first?.record.firstSequence == (sequence - 1) / 100 * 100 + 1)
            }
            let last = try store.records(ofRun: 1, backwardsFrom: .max, limit: 1)
            #expect(last.map(\.record.firstSequence) == [999_901])
        }
    }

    /// How many instructions of SQLite's machine the first two rows of a question take.
    private func steps(
        _ path: String,
        _ sql: String,
        _ first: Int64,
        _ last: Int64
    ) throws -> Int32 {
        let connection = try Connection.open(path + "/baton.db", .read)
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        #expect(sqlite3_prepare_v2(connection.handle, sql, -1, &statement, nil) == SQLITE_OK)
        let values = [1, first, last, 2]
        for (index, value) in values.enumerated() { sqlite3_bind_int64(statement, Int32(index + 1), value) }
        while sqlite3_step(statement) == SQLITE_ROW {}
        return sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0)
    }
}
