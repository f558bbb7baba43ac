// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import StoreSQLite
import Testing
import Threads

/// Death in the middle of what keeps a data folder in order: the folder stays whole, and the same command does it again.
@Suite(.offPool, .timeLimit(.minutes(10))) struct UpkeepCrashTests {
    private static let threads = BlockingThreads(named: "crash-upkeep", count: 2)

    private static let flow = """
        workflow: hello
        outputs: {text: "${ nodes.make.output.text }"}
        nodes:
          - {id: make, type: transform, config: {set: {text: "one"}}}

        """

    @Test func `fault 2: a backup or a restore that is killed leaves nothing, and can be repeated`() async throws {
        let problems = try await Self.threads.run { Result { try Self.dieInBackup() } }.get()
        #expect(problems.isEmpty)
    }

    private static func dieInBackup() throws -> [String] {
        let folder = try CrashFolder(flow)
        var problems: [String] = []
        guard try folder.baton(["run", "start", "flow.yaml"]).run().exit == 0 else { return ["no run"] }
        let (copy, new) = ("\(folder.path)/copy", "\(folder.path)/new")
        for (words, points, made) in [
            (
                ["backup", "create", copy],
                [(CrashPoint.insideBackup, 1), (.insideBackup, 2), (.beforeBackupRename, 1)], copy
            ),
            (["backup", "restore", copy, "--data", new], [(.beforeBackupRename, 1)], new),
        ] {
            for (point, hit) in points {
                let outcome = try folder.baton(words).run(.point(point, hit))
                if !outcome.isKilled { problems.append("\(words) passes no \(point.rawValue):\(hit)") }
                if access(made, F_OK) == 0 { problems.append("\(words) left something at \(point.rawValue):\(hit)") }
                problems += try auditProblems(folder.data)
            }
            let again = try folder.baton(words).run()
            if again.exit != 0 { problems.append("\(words) again: \(again.errors)") }
        }
        let verified = try folder.baton(["backup", "verify", copy]).run()
        if verified.exit != 0 { problems.append(verified.errors) }
        return problems + (try auditProblems(new))
    }

    @Test func `fault 2: a sweep that is killed at any point leaves the folder whole, and the next one goes on`()
        async throws
    {
        let points: [(CrashPoint, hits: [Int])] = [
            (.beforePacking, [1, 2]), (.afterPacking, [1, 2]), (.afterArchive, [1, 2]), (.afterDeletion, [1, 2]),
            (.afterClearing, [1]), (.insideVacuum, [1]),
        ]
        for (point, hits) in points {
            for hit in hits {
                let problems = try await Self.threads.run { Result { try Self.dieInSweep(point, hit) } }.get()
                #expect(problems.isEmpty, "\(point.rawValue):\(hit)")
            }
        }
    }

    /// Seven runs: some are deleted, and those that are held are packed.
    private static func dieInSweep(_ point: CrashPoint, _ hit: Int) throws -> [String] {
        let folder = try CrashFolder(flow)
        var problems: [String] = []
        for _ in 0..<5 where try folder.baton(["run", "start", "flow.yaml"]).run().exit != 0 { return ["no run"] }
        for name in ["kept", "also"] {
            let started = try folder.baton(["run", "start", "flow.yaml", "-o", "jsonl"]).run()
            if started.exit != 0 { return ["no run"] }
            let held = try folder.baton(["retention", "hold", "last", "--reason", name]).run()
            if held.exit != 0 { return [held.errors] }
        }
        let before = try events(folder)
        if point == .insideVacuum { try makeRoom(folder.data) }
        let sweep = folder.baton(["retention", "apply"], ["BATON_RETENTION_ENDED_RUNS": "0s"])
        let outcome = try sweep.run(.point(point, hit))
        if !outcome.isKilled { problems.append("not killed: \(outcome.errors)") }
        problems += try auditProblems(folder.data)
        let again = try sweep.run()
        if again.exit != 0 { problems.append(again.errors) }
        problems += try auditProblems(folder.data)
        let after = try events(folder)
        if after != before.filter({ after.keys.contains($0.key) }) || after.count != 2 {
            problems.append("\(after.count) runs are left, of \(before.count)")
        }
        let last = try folder.baton(["run", "start", "flow.yaml"]).run()
        if last.exit != 0 { problems.append(last.errors) }
        return problems
    }

    /// The events of all runs, by run.
    private static func events(_ folder: CrashFolder) throws -> [String: [UInt8]] {
        let store = try SQLiteRunStore.openForReading(folder.data)
        defer { store.close() }
        var events: [String: [UInt8]] = [:]
        for run in try store.runs(RunFilter()) {
            let records = try store.records(ofRun: run.key, after: 0, limit: 1000)
            events[run.id.description] = records.flatMap(\.record.body)
        }
        return events
    }

    /// Rows that come and go, so that there is room to give back.
    private static func makeRoom(_ path: String) throws {
        let folder = try DataFolder(locking: path, command: "test")
        let store = try SQLiteRunStore(in: folder)
        defer {
            store.close()
            folder.unlock()
        }
        var commit = Commit()
        let time = Timestamp(milliseconds: 0)
        commit.signals = (0..<400).map { number in
            SignalRow(
                key: .init(target: "t", dedupeKey: "\(number)"),
                type: "t",
                payload: Array(repeating: UInt8(ascii: " "), count: 4000),
                arrivedAt: time
            )
        }
        _ = try store.commit(commit)
        commit.removedSignals = commit.signals.map(\.key)
        commit.signals = []
        _ = try store.commit(commit)
    }

    /// What is wrong with a data folder.
    private static func auditProblems(_ path: String) throws -> [String] {
        let (runs, blobs) = (try SQLiteRunStore.openForReading(path), try SQLiteBlobStore.openForReading(path))
        defer {
            blobs.close()
            runs.close()
        }
        try runs.verify()
        return try StoreAudit(runs: runs, catalog: runs, blobs: blobs, at: Timestamp(milliseconds: 0)).run().problems
    }
}
