// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Money and rates. A file that an older program wrote and nobody has upgraded yet has none.
extension SQLiteRunStore {
    /// The periods of a budget, the newest first.
    public func budgets(of scope: BudgetScope, limit: Int) throws(StoreError) -> [BudgetRow] {
        try reading { (budget) throws(StoreError) in try budget.budgets(of: scope, limit: limit) } ?? []
    }

    /// Every budget that is not closed, by account.
    public func openBudgets() throws(StoreError) -> [BudgetRow] {
        try reading { (budget) throws(StoreError) in try budget.allOpenBudgets() } ?? []
    }

    /// Every reservation that may still change, by id.
    public func reservations() throws(StoreError) -> [ReservationRow] {
        try reading { (budget) throws(StoreError) in try budget.allReservations() } ?? []
    }

    /// Usage records, the newest first.
    public func usage(_ filter: UsageFilter) throws(StoreError) -> [UsageRow] {
        try reading { (budget) throws(StoreError) in try budget.usage(filter) } ?? []
    }

    /// Sums of usage records, the dearest first.
    public func usageTotals(_ filter: UsageFilter, by groupings: [UsageGrouping]) throws(StoreError) -> [UsageTotal] {
        try reading { (budget) throws(StoreError) in try budget.usageTotals(filter, by: groupings) } ?? []
    }

    /// Every token bucket that may not be full, by key.
    public func buckets() throws(StoreError) -> [BucketRow] {
        try reading { (budget) throws(StoreError) in try budget.allBuckets() } ?? []
    }

    private func reading<Value: Sendable>(
        _ body: @Sendable (BudgetReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in try reader.budget().map(body) }
    }
}
