// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Writes answers, inboxes, signals and the cache; prepared when it is first needed.
struct KeyedWriter {
    private let answer, message: Statement
    private let signal, removeSignal: Statement
    private let entry, useEntry, removeEntry: Statement
    private let expireAnswers, expireSignals, expireEntries, expireUsage: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        answer = try Statement(connection, "INSERT OR REPLACE INTO idem VALUES (?, ?, ?, ?, ?, ?)")
        message = try Statement(connection, "INSERT INTO inbox VALUES (?, ?, ?)")
        signal = try Statement(connection, "INSERT INTO signal VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        removeSignal = try Statement(connection, "DELETE FROM signal WHERE target = ? AND dedupe_key = ?")
        entry = try Statement(
            connection,
            "INSERT OR REPLACE INTO cache VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        useEntry = try Statement(
            connection,
            "UPDATE cache SET hits = hits + 1, used_at = max(used_at, ?3) WHERE scope = ?1 AND hash = ?2"
        )
        removeEntry = try Statement(connection, "DELETE FROM cache WHERE scope = ? AND hash = ?")
        expireAnswers = try Statement(connection, Self.expire("idem", "expires_at", "principal, key"))
        expireSignals = try Statement(connection, Self.expire("signal", "arrived_at", "target, dedupe_key"))
        expireEntries = try Statement(connection, Self.expire("cache", "expires_at", "scope, hash"))
        expireUsage = try Statement(connection, Self.expire("usage", "at", "id"))
    }

    private static func expire(_ table: String, _ time: String, _ key: String) -> String {
        """
        DELETE FROM \(table) WHERE rowid IN
            (SELECT rowid FROM \(table) WHERE \(time) < ? ORDER BY \(time), \(key) LIMIT ?)
        """
    }

    /// Writes inside the open transaction.
    func write(_ commit: Commit, _ connection: borrowing Connection) throws(StoreError) {
        for row in commit.idempotency {
            try answer.execute(row.principal, row.key, row.bodyHash, row.answer, row.runKey, row.expiresAt)
        }
        for row in commit.inbox {
            do throws(StoreError) {
                try message.execute(row.runKey, row.message, row.appliedSequence)
            } catch {
                throw error.code == .conflict ? .messageTaken(row) : error
            }
        }
        for row in commit.signals {
            try signal.execute(
                row.key.target,
                row.key.dedupeKey,
                row.runKey,
                row.type,
                row.correlation,
                row.payload,
                row.arrivedAt
            )
        }
        for key in commit.removedSignals { try removeSignal.execute(key.target, key.dedupeKey) }
        for row in commit.cache { try write(row) }
        for use in commit.cacheUses {
            try useEntry.execute(use.key.scope, use.key.hash, use.at)
            guard connection.changes == 1 else { throw .cacheEntryGone(use.key) }
        }
        for key in commit.removedCache { try removeEntry.execute(key.scope, key.hash) }
        for expiry in commit.expiries {
            let statement =
                switch expiry.kind {
                case .idempotency: expireAnswers
                case .signals: expireSignals
                case .cache: expireEntries
                case .usage: expireUsage
                case .deadLetters: nil as Statement?
                }
            try statement?.execute(expiry.before, expiry.limit)
        }
    }

    private func write(_ row: CacheRow) throws(StoreError) {
        try entry.execute(
            row.key.scope,
            row.key.hash,
            row.workflow,
            row.node,
            row.run.description,
            row.task,
            row.output,
            row.size,
            row.duration.milliseconds,
            row.cost.picodollars,
            row.createdAt,
            row.expiresAt,
            row.usedAt,
            row.hits
        )
    }
}
