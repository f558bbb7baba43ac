// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import TestSupport
import Testing

@testable import StoreSQLite

/// Upgrades that SIGKILL ends, in processes of their own.
@Suite(.timeLimit(.minutes(5))) struct UpgradeCrashTests {
    @Test func `fault 2: an upgrade that is killed after any step is finished by the next process`() async throws {
        for point in [CrashPoint.insideMigration, .afterMigration, .insideVacuum] {
            for hit in [1, 3, 8] where point != .insideVacuum || hit == 1 {
                let temporary = TemporaryFolder()
                try makeOld(temporary.path)
                let (path, plan) = (temporary.path, "\(point.rawValue):\(hit)")
                await #expect(processExitsWith: .signal(SIGKILL), "\(plan)") {
                    [path = path as String, plan = plan as String] in
                    setenv("BATON_CRASH_AT", plan, 1)
                    let folder = try DataFolder(locking: path, command: "test")
                    try SQLiteRunStore(in: folder).close()
                }
                let found = try DatabaseFormat.all(in: path).first?.found
                #expect((1...RunSchema.schema.newest).contains(found ?? 0), "\(plan)")
                let reader = try SQLiteRunStore.openForReading(path)
                #expect(try holds(reader, steps: 4), "\(plan)")
                reader.close()
                try withStore(at: path) { store in
                    try store.verify()
                    let isWhole = try holds(store, steps: 4)
                    #expect(isWhole, "\(plan)")
                    _ = try store.commit(.step(4))
                }
                #expect(try DatabaseFormat.all(in: path).first?.isCurrent == true, "\(plan)")
                let copy = try Connection.open(path + "/baton.db.format-1", .read)
                #expect(try copy.integer("SELECT count(*) FROM record") == 8, "the copy of the old file is whole")
            }
        }
    }

    @Test func `fault 2: a checkpoint that is killed, and a log that begins anew, lose nothing`() async throws {
        for (point, hit) in [
            (CrashPoint.beforeCheckpoint, 1), (.afterCheckpoint, 1), (.insideCommit, 40), (.beforeCheckpoint, 3),
        ] {
            let temporary = TemporaryFolder()
            let (path, plan) = (temporary.path, "\(point.rawValue):\(hit)")
            await #expect(processExitsWith: .signal(SIGKILL), "\(plan)") {
                [path = path as String, plan = plan as String] in
                setenv("BATON_CRASH_AT", plan, 1)
                var options = SQLiteRunStore.Options()
                // More than making the tables takes, so that steps are told before the first one.
                options.checkpointPages = 500
                let folder = try DataFolder(locking: path, command: "test")
                let store = try SQLiteRunStore(in: folder, options)
                for number in 0..<500 {
                    _ = try store.commit(.step(number))
                    // What was acknowledged is told to the one who looks afterwards.
                    try writeFile(path + "/told", Array("\(number + 1)".utf8))
                }
            }
            let told = Int(String(decoding: try readFile(path + "/told"), as: UTF8.self)) ?? 0
            try withStore(at: path) { store in
                try store.verify()
                // The commit whose answer the death prevented may be there.
                let (isExact, isOneMore) = (try holds(store, steps: told), try holds(store, steps: told + 1))
                #expect(isExact || isOneMore, "\(plan), \(told) steps")
            }
        }
    }

    /// A folder with four steps in the first format, of which nothing can be given back.
    private func makeOld(_ path: String) throws {
        try withStore(at: path) { store in
            for number in 0..<4 { _ = try store.commit(.step(number)) }
        }
        try Downgrade.file(path + "/baton.db", RunSchema.schema, to: 1)
        let connection = try Connection.open(path + "/baton.db", .write)
        try connection.execute("PRAGMA journal_mode=DELETE; PRAGMA auto_vacuum=NONE; VACUUM")
    }
}
