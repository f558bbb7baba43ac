// Baton
// SPDX-License-Identifier: Apache-2.0

import Store

/// The number of the process that may write a database; each one that opens it for writing takes the next.
///
/// The lock on the folder keeps a second process out. Where it fails, because its file was removed or a file system does
/// not know locks, the process that came first is fenced off: its next transaction finds the number of another one.
struct WriterEpoch {
    private let own: Int64
    private let current, take: Statement
    private let path: String
    /// Its number is in the file.
    private var isTaken = false

    /// Takes the next number. On a full disk it is taken with the first transaction that fits.
    init(_ connection: borrowing Connection) throws(StoreError) {
        path = connection.path
        current = try Statement(connection, "SELECT value FROM meta WHERE key = 'epoch'")
        take = try Statement(connection, "INSERT OR REPLACE INTO meta VALUES ('epoch', ?)")
        own = (try current.first { $0.int64(0) } ?? 0) + 1
        do throws(StoreError) {
            try take.execute(own)
            isTaken = true
        } catch {
            guard error.code == .full else { throw error }
        }
    }

    /// Throws `locked` when another process has taken the database over since.
    func check() throws(StoreError) {
        let value = try current.first { $0.int64(0) } ?? 0
        guard value == (isTaken ? own : own - 1) else {
            throw StoreError(
                .locked,
                "Another process has taken \(path) over, so this one writes no more. Nothing that was acknowledged is lost."
            )
        }
    }

    /// Checks at the beginning of a transaction.
    func enter() throws(StoreError) {
        try check()
        if !isTaken { try take.execute(own) }
    }

    /// The transaction is durable.
    mutating func committed() {
        isTaken = true
    }
}
