// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import StoreSQLite
import Testing
import Threads

/// Death in the middle of what keeps a data folder in order: the folder stays whole, and the same command does it again.
@Suite(.timeLimit(.minutes(10))) struct UpkeepCrashTests {
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
