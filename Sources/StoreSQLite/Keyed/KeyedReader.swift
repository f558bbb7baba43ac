// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Reads answers, inboxes, signals and the cache; prepared when it is first needed.
struct KeyedReader {
    private let answer, message: Statement
    private let signals, signalsToTarget: Statement
    private let entry, entriesByKey, entriesByUse, entriesByHits, totals: Statement
    private let countAnswers, countSignals, countEntries: Statement
    /// `nil` while the file has a format without usage records.
    private let countUsage: Statement?

    init(_ connection: borrowing Connection) throws(StoreError) {
        answer = try Statement(connection, "SELECT * FROM idem WHERE principal = ? AND key = ?")
        message = try Statement(connection, "SELECT applied_seq FROM inbox WHERE run_key = ? AND message = ?")
        signals = try Statement(connection, Self.signals)
        signalsToTarget = try Statement(connection, Self.signalsToTarget)
        entry = try Statement(connection, "SELECT * FROM cache WHERE scope = ? AND hash = ?")
        entriesByKey = try Statement(connection, Self.entries(by: "scope, hash"))
        entriesByUse = try Statement(connection, Self.entries(by: "used_at, scope, hash"))
        entriesByHits = try Statement(connection, Self.entries(by: "hits DESC, scope, hash"))
        totals = try Statement(connection, Self.totals)
        countAnswers = try Statement(connection, Self.count("idem", "expires_at"))
        countSignals = try Statement(connection, Self.count("signal", "arrived_at"))
        countEntries = try Statement(connection, Self.count("cache", "expires_at"))
        let hasUsage = try connection.hasTable("usage")
        countUsage = hasUsage ? try Statement(connection, Self.count("usage", "at")) : nil
    }

    static let signals = """
        SELECT * FROM signal WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR correlation = ?2)
            ORDER BY arrived_at, target, dedupe_key LIMIT ?3
        """

    static let signalsToTarget = """
        SELECT * FROM signal WHERE target = ?4 AND (?1 IS NULL OR type = ?1)
            AND (?2 IS NULL OR correlation = ?2) ORDER BY arrived_at, dedupe_key LIMIT ?3
        """

    static func entries(by order: String) -> String {
        """
        SELECT * FROM cache WHERE (?1 IS NULL OR scope = ?1) AND (?2 IS NULL OR workflow = ?2)
            AND (?3 IS NULL OR node = ?3) ORDER BY \(order) LIMIT ?4
        """
    }

    /// A sum of integers that overflows is an error to SQLite; one of doubles is only a little inexact.
    private static let totals = """
        SELECT count(*), sum(size), sum(hits), CAST(min(total(1.0 * hits * duration_ms), 9e18) AS INTEGER),
            CAST(min(total(1.0 * hits * cost_pico), 9e18) AS INTEGER) FROM cache
        """

    private static func count(_ table: String, _ time: String) -> String {
        "SELECT count(*) FROM (SELECT 1 FROM \(table) WHERE \(time) < ? LIMIT ?)"
    }

    func idempotency(principal: String, key: String) throws(StoreError) -> IdempotencyRow? {
        try answer.first(principal, key) { row in
            IdempotencyRow(
                principal: row.text(0),
                key: row.text(1),
                bodyHash: row.text(2),
                answer: row.bytes(3),
                runKey: row.isNull(4) ? nil : row.int64(4),
                expiresAt: row.time(5)
            )
        }
    }

    func inbox(ofRun key: Int64, message name: String) throws(StoreError) -> Int64? {
        try message.first(key, name) { $0.int64(0) }
    }

    func signals(_ filter: SignalFilter) throws(StoreError) -> [SignalRow] {
        if let target = filter.target {
            return try signalsToTarget.rows(
                filter.type,
                filter.correlation,
                filter.limit,
                target,
                read: SignalRow.init(row:)
            )
        }
        return try signals.rows(filter.type, filter.correlation, filter.limit, read: SignalRow.init(row:))
    }

    func cached(_ key: CacheRow.Key) throws(StoreError) -> CacheRow? {
        try entry.first(key.scope, key.hash, read: CacheRow.init(row:))
    }

    func cache(_ filter: CacheFilter) throws(StoreError) -> [CacheRow] {
        let statement =
            switch filter.order {
            case .key: entriesByKey
            case .leastRecentlyUsed: entriesByUse
            case .mostHits: entriesByHits
            }
        return try statement.rows(
            filter.scope,
            filter.workflow,
            filter.node,
            filter.limit,
            read: CacheRow.init(row:)
        )
    }

    func cacheTotals() throws(StoreError) -> CacheTotals {
        try totals.first { row in
            CacheTotals(
                entries: row.int64(0),
                bytes: row.int64(1),
                hits: row.int64(2),
                saved: .milliseconds(row.int64(3)),
                savedCost: Money(picodollars: row.int64(4))
            )
        } ?? CacheTotals()
    }

    func count(_ expiry: Expiry) throws(StoreError) -> Int {
        let statement =
            switch expiry.kind {
            case .idempotency: countAnswers
            case .signals: countSignals
            case .cache: countEntries
            case .usage: countUsage
            case .deadLetters: nil as Statement?
            }
        return try statement?.first(expiry.before, expiry.limit) { $0.int(0) } ?? 0
    }
}

extension SignalRow {
    init(row: Row) {
        self.init(
            key: Key(target: row.text(0), dedupeKey: row.text(1)),
            runKey: row.isNull(2) ? nil : row.int64(2),
            type: row.text(3),
            correlation: row.optionalText(4),
            payload: row.bytes(5),
            arrivedAt: row.time(6)
        )
    }
}

extension CacheRow {
    init(row: Row) throws(StoreError) {
        self.init(
            key: Key(scope: row.text(0), hash: row.text(1)),
            workflow: row.text(2),
            node: row.text(3),
            run: try row.id(4),
            task: row.int(5),
            output: row.bytes(6),
            size: row.int64(7),
            duration: .milliseconds(row.int64(8)),
            cost: Money(picodollars: row.int64(9)),
            createdAt: row.time(10),
            expiresAt: row.time(11)
        )
        usedAt = row.time(12)
        hits = row.int64(13)
    }
}
