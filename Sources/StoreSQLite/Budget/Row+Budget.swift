// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

// Columns are read in the order in which BudgetSchema declares them.

extension BudgetRow {
    init(row: Row) throws(StoreError) {
        guard let scope = BudgetScope(row.text(0)) else { throw .unreadable("budget", row.text(0)) }
        self.init(
            account: BudgetAccount(scope: scope, period: row.text(1)),
            limit: BudgetLimit(
                money: row.isNull(2) ? nil : Money(picodollars: row.int64(2)),
                languageModelTokens: row.isNull(3) ? nil : row.int64(3)
            ),
            reserved: row.charge(4),
            spent: row.charge(6),
            warned: row.int(8),
            state: try row.name(9)
        )
    }
}

extension ReservationRow {
    init(row: Row) throws(StoreError) {
        guard let accounts = BudgetText.accounts(row.text(1)), let subject = BudgetText.subject(row.text(9)) else {
            throw .unreadable("reservation", row.text(0))
        }
        self.init(
            id: try row.id(0),
            accounts: accounts,
            charge: row.charge(2),
            state: try row.name(4),
            task: row.isNull(5) ? nil : TaskKey(runKey: row.int64(5), task: row.int(6)),
            fence: row.int64(7),
            call: row.text(8),
            subject: subject,
            reservedAt: row.time(10),
            expiresAt: row.optionalTime(11)
        )
    }
}

extension UsageRow {
    init(row: Row) throws(StoreError) {
        guard let accounts = BudgetText.accounts(row.text(2)), var subject = BudgetText.subject(row.text(8)) else {
            throw .unreadable("usage record", row.text(0))
        }
        if !row.isNull(7) { subject.run = try row.id(7) }
        self.init(
            id: try row.id(0),
            at: row.time(1),
            accounts: accounts,
            charge: row.charge(3),
            certainty: try row.name(5),
            reservation: row.isNull(6) ? nil : try row.id(6),
            subject: subject,
            tokens: TokenCounts(
                input: row.int64(9),
                cached: row.int64(10),
                cacheWrite: row.int64(11),
                output: row.int64(12),
                reasoning: row.int64(13)
            ),
            pricedBy: row.optionalText(14),
            isSimulated: row.int(15) != 0
        )
    }
}

extension UsageTotal {
    /// The columns are the groupings and then the sums.
    init(row: Row) throws(StoreError) {
        self.init()
        let all = UsageGrouping.allCases
        for (column, grouping) in all.enumerated() { key[grouping] = row.optionalText(Int32(column)) }
        let first = Int32(all.count)
        (calls, unknown) = (row.int64(first), row.int64(first + 1))
        (unpriced, simulated) = (row.int64(first + 2), row.int64(first + 3))
        charge = row.charge(first + 4)
        tokens = TokenCounts(
            input: row.int64(first + 6),
            cached: row.int64(first + 7),
            cacheWrite: row.int64(first + 8),
            output: row.int64(first + 9),
            reasoning: row.int64(first + 10)
        )
    }
}

extension Row {
    /// Two columns: money and LLM tokens.
    fileprivate func charge(_ column: Int32) -> Charge {
        Charge(money: Money(picodollars: int64(column)), languageModelTokens: int64(column + 1))
    }
}

extension StoreError {
    fileprivate static func unreadable(_ what: String, _ id: String) -> Self {
        Self(.corrupted, "The \(what) \(id) holds what this program never writes there. Restore from a backup.")
    }
}
