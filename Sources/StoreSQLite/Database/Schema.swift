// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store

/// The steps from an empty file to the newest schema, forward only; step n leads to version n. What a release wrote
/// never changes any more.
struct Schema {
    /// Marks a file as ours: "BATN".
    static let application: Int64 = 0x4241_544E

    let migrations: [String]

    /// The newest version this program knows.
    var newest: Int64 { Int64(migrations.count) }

    /// Refuses a file that is not ours or that a newer program wrote.
    ///
    /// - Returns: Its version; 0 for an empty file.
    func check(_ connection: borrowing Connection) throws(StoreError) -> Int64 {
        // The first look at the file: one that is no database fails here.
        let tables = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
        let application = try connection.integer("PRAGMA application_id") ?? 0
        let version = try connection.integer("PRAGMA user_version") ?? 0
        if tables == 0 && application == 0 && version == 0 { return 0 }
        guard application == Self.application else {
            throw StoreError(
                .corrupted,
                "\(connection.path) is a database of another program. Move it away or choose another folder with "
                    + "BATON_HOME."
            )
        }
        guard version <= newest else {
            throw StoreError(
                .newer,
                "\(connection.path) has format \(version); this program knows up to \(newest). Use the newer "
                    + "program that wrote it, or restore a backup made before the upgrade."
            )
        }
        return version
    }

    /// Copies a file that is about to be brought to the newest version to `PATH.format-N`, so that the program that
    /// wrote it can still be used on the copy.
    func backUp(_ connection: borrowing Connection, from version: Int64) throws(StoreError) {
        guard version > 0, version < newest else { return }
        let copy = "\(connection.path).format-\(version)"
        // What a crash left of an earlier copy.
        unlink(copy + ".part")
        try connection.copy(into: copy + ".part")
        guard rename(copy + ".part", copy) == 0 else { throw .system("rename", copy, errno) }
    }

    /// Brings the file to the newest version, each step in a transaction of its own.
    func migrate(_ connection: borrowing Connection, from version: Int64) throws(StoreError) {
        for (number, step) in zip((version + 1)..., migrations[Int(version)...]) {
            try connection.execute("BEGIN IMMEDIATE")
            do throws(StoreError) {
                try connection.execute(step)
                try connection.execute("INSERT OR REPLACE INTO meta VALUES ('schema', \(number))")
                try connection.execute("PRAGMA application_id = \(Self.application); PRAGMA user_version = \(number)")
                CrashPoint.insideMigration.reach()
                try connection.execute("COMMIT")
                CrashPoint.afterMigration.reach()
            } catch {
                connection.rollBack()
                throw error
            }
        }
    }
}
