// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Model
import Store

/// Decides when a writer moves its write-ahead log into the database file.
///
/// Only the connection that writes does this: SQLite 3.40 can lose data when one connection writes while another
/// checkpoints.
struct Checkpoints: ~Copyable {
    /// So many pages in the log make a checkpoint due.
    let limit: Int
    /// Pages in the log after the last commit; written by SQLite's hook.
    private let pages: UnsafeMutablePointer<Int32>
    /// Pages in the log when the last checkpoint looked at it; a reader may have kept it from moving all, or may keep
    /// the log from beginning anew.
    private var seen = 0

    init(_ connection: borrowing Connection, limit: Int) {
        self.limit = limit
        pages = .allocate(capacity: 1)
        pages.initialize(to: 0)
        sqlite3_wal_hook(
            connection.handle,
            { context, _, _, count in
                context?.assumingMemoryBound(to: Int32.self).pointee = count
                return SQLITE_OK
            },
            pages
        )
    }

    deinit {
        pages.deallocate()
    }

    /// Runs a checkpoint that waits for nobody, if the log has at least `threshold` pages.
    mutating func run(_ connection: borrowing Connection, atLeast threshold: Int) throws(StoreError) {
        let count = Int(pages.pointee)
        if count < seen { seen = 0 }
        // After a try the log must have grown by an eighth, or each commit would try again in vain.
        guard count >= threshold, seen == 0 || count - seen >= max(limit / 8, 1) else { return }
        seen = count
        CrashPoint.beforeCheckpoint.reach()
        let code = sqlite3_wal_checkpoint_v2(connection.handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        guard code == SQLITE_OK || code == SQLITE_BUSY else { throw connection.failure(code) }
        CrashPoint.afterCheckpoint.reach()
    }
}
