// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// What the writer says to SQLite about money and rates; prepared when it is first needed.
struct BudgetWriter {
    private let budget, reservation, removeReservation, usage, bucket, removeBucket: Statement

    init(_ connection: borrowing Connection) throws(StoreError) {
        budget = try Statement(connection, Self.upsertBudget)
        reservation = try Statement(
            connection,
            "INSERT OR REPLACE INTO reservation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        removeReservation = try Statement(connection, "DELETE FROM reservation WHERE id = ?")
        usage = try Statement(
            connection,
            "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        bucket = try Statement(connection, "INSERT OR REPLACE INTO bucket VALUES (?, ?)")
        removeBucket = try Statement(connection, "DELETE FROM bucket WHERE key = ?")
    }

    /// Not a replacement of the row, which would touch the index too.
    private static let upsertBudget = """
        INSERT INTO budget VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT(scope, period) DO UPDATE SET limit_pico = ?3, limit_tokens = ?4, reserved_pico = ?5,
            reserved_tokens = ?6, spent_pico = ?7, spent_tokens = ?8, warned = ?9, state = ?10
        """

    /// Writes what a commit says about money and rates inside the open transaction.
    func write(_ commit: Commit) throws(StoreError) {
        for row in commit.budgets { try write(row) }
        for row in commit.reservations { try write(row) }
        for id in commit.removedReservations { try removeReservation.execute(id.description) }
        for row in commit.usage { try write(row) }
        for row in commit.buckets { try bucket.execute(row.key, row.fullAt) }
        for key in commit.removedBuckets { try removeBucket.execute(key) }
    }

    private func write(_ row: BudgetRow) throws(StoreError) {
        try budget.execute(
            row.account.scope.description,
            row.account.period,
            row.limit.money?.picodollars,
            row.limit.languageModelTokens,
            row.reserved.money.picodollars,
            row.reserved.languageModelTokens,
            row.spent.money.picodollars,
            row.spent.languageModelTokens,
            row.warned,
            row.state.rawValue
        )
    }

    private func write(_ row: ReservationRow) throws(StoreError) {
        try reservation.execute(
            row.id.description,
            BudgetText.accounts(row.accounts),
            row.charge.money.picodollars,
            row.charge.languageModelTokens,
            row.state.rawValue,
            row.task?.runKey,
            row.task?.task,
            row.fence,
            row.call,
            BudgetText.subject(row.subject),
            row.reservedAt,
            row.expiresAt
        )
    }

    private func write(_ row: UsageRow) throws(StoreError) {
        do throws(StoreError) {
            try usage.execute(
                row.id.description,
                row.at,
                BudgetText.accounts(row.accounts),
                row.charge.money.picodollars,
                row.charge.languageModelTokens,
                row.certainty.rawValue,
                row.reservation?.description,
                row.subject.run?.description,
                BudgetText.subject(row.subject, run: false),
                row.tokens.input,
                row.tokens.cached,
                row.tokens.cacheWrite,
                row.tokens.output,
                row.tokens.reasoning,
                row.pricedBy,
                row.isSimulated ? 1 : 0
            )
        } catch {
            throw error.code == .conflict ? .usageTaken(row.id) : error
        }
    }
}
