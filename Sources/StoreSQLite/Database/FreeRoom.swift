// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Gives room that rows left behind back to the disk, a part at a time.
///
/// Pages from the end of the file take the place of free ones, and the file gets shorter with the next checkpoint. Rows
/// that come use free pages first, so as much stays as will be used soon.
struct FreeRoom {
    private let pages, free: Statement
    /// The most pages that are moved in one go, of 4 KiB: some milliseconds.
    private static let step = 256
    /// So many free pages are never too many.
    private static let spare: Int64 = 32

    init(_ connection: borrowing Connection) throws(StoreError) {
        pages = try Statement(connection, "PRAGMA page_count")
        free = try Statement(connection, "PRAGMA freelist_count")
    }

    /// Makes a file able to give room back: a new one before its first table, an older one by writing it anew, once.
    ///
    /// - Parameter version: The format of the file; 0 for a new one.
    static func prepare(_ connection: borrowing Connection, version: Int64) throws(StoreError) {
        guard try connection.integer("PRAGMA auto_vacuum") != 2 else { return }
        try connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        guard version > 0 else { return }
        do throws(StoreError) {
            CrashPoint.insideVacuum.reach()
            try connection.execute("VACUUM")
        } catch {
            // It works as before, and the next start tries again.
            guard error.code == .full || error.code == .locked else { throw error }
        }
    }

    /// Moves some pages, if more than an eighth of the file is free; in a transaction of its own.
    ///
    /// - Returns: Whether another step is due.
    func release(_ connection: borrowing Connection) throws(StoreError) -> Bool {
        guard try isDue() else { return false }
        CrashPoint.insideVacuum.reach()
        try connection.execute("PRAGMA incremental_vacuum(\(Self.step))")
        return try isDue()
    }

    private func isDue() throws(StoreError) -> Bool {
        let free = try free.first { $0.int64(0) } ?? 0
        guard free > Self.spare else { return false }
        return try pages.first { $0.int64(0) < free * 8 } ?? false
    }
}
