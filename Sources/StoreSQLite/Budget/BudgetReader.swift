// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What readers ask SQLite about money and rates; prepared when it is first needed.
struct BudgetReader {
    private let budgets, openBudgets, reservations, usage, usageOfRun, buckets: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        budgets = try Statement(connection, "SELECT * FROM budget WHERE scope = ? ORDER BY period DESC LIMIT ?")
        openBudgets = try Statement(connection, "SELECT * FROM budget WHERE state <> 'closed' ORDER BY scope, period")
        reservations = try Statement(connection, "SELECT * FROM reservation ORDER BY id")
        usage = try Statement(connection, "SELECT * FROM usage WHERE \(Self.page)")
        usageOfRun = try Statement(connection, "SELECT * FROM usage WHERE run = ?5 AND \(Self.page)")
        buckets = try Statement(connection, "SELECT * FROM bucket ORDER BY key")
    }

    private static let page = """
        (?1 IS NULL OR at >= ?1) AND (?2 IS NULL OR at < ?2) AND (?3 IS NULL OR id < ?3)
            AND (?6 IS NULL OR subject ->> '$.tenant' = ?6) AND (?7 IS NULL OR subject ->> '$.user' = ?7)
            ORDER BY id DESC LIMIT ?4
        """

    func budgets(of scope: BudgetScope, limit: Int) throws(StoreError) -> [BudgetRow] {
        try budgets.rows(scope.description, limit, read: BudgetRow.init(row:))
    }

    func allOpenBudgets() throws(StoreError) -> [BudgetRow] {
        try openBudgets.rows(read: BudgetRow.init(row:))
    }

    func allReservations() throws(StoreError) -> [ReservationRow] {
        try reservations.rows(read: ReservationRow.init(row:))
    }

    func usage(_ filter: UsageFilter) throws(StoreError) -> [UsageRow] {
        let statement = filter.run == nil ? usage : usageOfRun
        return try statement.rows(
            filter.from,
            filter.until,
            filter.before?.description,
            filter.limit,
            filter.run?.description,
            filter.tenant,
            filter.user,
            read: UsageRow.init(row:)
        )
    }

    func allBuckets() throws(StoreError) -> [BucketRow] {
        try buckets.rows { BucketRow(key: $0.text(0), fullAt: $0.time(1)) }
    }
}
