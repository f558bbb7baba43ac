// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What readers ask SQLite about money and rates; prepared when it is first needed.
struct BudgetReader {
    private let budgets, openBudgets, reservations, usage, usageOfRun, usageTotals, runTotals, buckets: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        budgets = try Statement(connection, "SELECT * FROM budget WHERE scope = ? ORDER BY period DESC LIMIT ?")
        openBudgets = try Statement(connection, "SELECT * FROM budget WHERE state <> 'closed' ORDER BY scope, period")
        reservations = try Statement(connection, "SELECT * FROM reservation ORDER BY id")
        let page = "\(Self.fits) ORDER BY id DESC LIMIT ?4"
        usage = try Statement(connection, "SELECT * FROM usage WHERE \(page)")
        usageOfRun = try Statement(connection, "SELECT * FROM usage WHERE run = ?5 AND \(page)")
        usageTotals = try Statement(connection, Self.totals(where: Self.fits))
        runTotals = try Statement(connection, Self.totals(where: "run = ?5 AND \(Self.fits)"))
        buckets = try Statement(connection, "SELECT * FROM bucket ORDER BY key")
    }

    private static let fits = """
        (?1 IS NULL OR at >= ?1) AND (?2 IS NULL OR at < ?2) AND (?3 IS NULL OR id < ?3)
            AND (?6 IS NULL OR subject ->> '$.tenant' = ?6) AND (?7 IS NULL OR subject ->> '$.user' = ?7)
            AND (?8 IS NULL OR subject ->> '$.project' = ?8) AND (?9 IS NULL OR subject ->> '$.agent' = ?9)
            AND (?10 IS NULL OR subject ->> '$.provider' = ?10) AND (?11 IS NULL OR subject ->> '$.model' = ?11)
            AND (?12 IS NULL OR subject ->> '$.purpose' = ?12) AND (?13 IS NULL OR subject ->> '$.api_key' = ?13)
        """

    /// One column for each grouping, which is NULL for all records when its bit of `?14` is not set.
    private static func totals(where condition: String) -> String {
        let keys = UsageGrouping.allCases.enumerated().map { position, grouping in
            "CASE WHEN ?14 & \(1 << position) THEN \(expression(grouping)) END"
        }
        let columns = (1...keys.count).map(String.init).joined(separator: ", ")
        return """
            SELECT \(keys.joined(separator: ", ")), SUM(certainty <> 'correction'), SUM(certainty = 'unknown'),
                SUM(certainty <> 'correction' AND priced_by IS '\(UsageRow.unpriced)'),
                SUM(certainty <> 'correction' AND is_simulated), SUM(pico), SUM(tokens), SUM(input), SUM(cached),
                SUM(cache_write), SUM(output), SUM(reasoning)
            FROM usage WHERE \(condition) GROUP BY \(columns)
            ORDER BY SUM(pico) DESC, SUM(tokens) DESC, \(columns) LIMIT ?4
            """
    }

    private static func expression(_ grouping: UsageGrouping) -> String {
        switch grouping {
        case .day: "strftime('%Y-%m-%d', at / 1000.0, 'unixepoch')"
        case .run: "run"
        default: "subject ->> '$.\(grouping.rawValue)'"
        }
    }

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
            filter.project,
            filter.agent,
            filter.provider,
            filter.model,
            filter.purpose?.rawValue,
            filter.apiKey?.description,
            read: UsageRow.init(row:)
        )
    }

    func usageTotals(_ filter: UsageFilter, by groupings: [UsageGrouping]) throws(StoreError) -> [UsageTotal] {
        let all = UsageGrouping.allCases
        let bits = all.indices.reduce(0) { groupings.contains(all[$1]) ? $0 | 1 << $1 : $0 }
        return try (filter.run == nil ? usageTotals : runTotals).rows(
            filter.from,
            filter.until,
            filter.before?.description,
            filter.limit,
            filter.run?.description,
            filter.tenant,
            filter.user,
            filter.project,
            filter.agent,
            filter.provider,
            filter.model,
            filter.purpose?.rawValue,
            filter.apiKey?.description,
            bits,
            read: UsageTotal.init(row:)
        )
    }

    func allBuckets() throws(StoreError) -> [BucketRow] {
        try buckets.rows { BucketRow(key: $0.text(0), fullAt: $0.time(1)) }
    }
}
