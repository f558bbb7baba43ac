// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Writes dead letters; prepared when it is first needed.
struct QueueWriter {
    private let letter, removeLetter, expireLetters: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        letter = try Statement(
            connection,
            "INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        removeLetter = try Statement(connection, "DELETE FROM dead_letter WHERE run_key = ? AND task = ?")
        expireLetters = try Statement(
            connection,
            """
            DELETE FROM dead_letter WHERE rowid IN
                (SELECT rowid FROM dead_letter WHERE at < ? ORDER BY at, run_key, task LIMIT ?)
            """
        )
    }

    /// Writes inside the open transaction.
    func write(_ commit: Commit) throws(StoreError) {
        for row in commit.deadLetters {
            try letter.execute(
                row.key.runKey,
                row.key.task,
                row.run.description,
                row.tenant,
                row.queue,
                row.group.rawValue,
                row.workflow,
                row.node,
                row.attempts,
                row.failure,
                row.reason,
                row.at
            )
        }
        for key in commit.removedDeadLetters { try removeLetter.execute(key.runKey, key.task) }
        for expiry in commit.expiries where expiry.kind == .deadLetters {
            try expireLetters.execute(expiry.before, expiry.limit)
        }
    }
}
