// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// The rows of a ``MemoryRunStore`` that are about money and rates.
struct MemoryBudgetRows {
    private var budgets: [BudgetAccount: BudgetRow] = [:]
    private var reservations: [ReservationID: ReservationRow] = [:]
    private var usage: [UsageID: UsageRow] = [:]
    private var buckets: [String: BucketRow] = [:]

    /// Throws `conflict` when the commit does not fit what is stored.
    func check(_ commit: Commit) throws(StoreError) {
        var taken: Set<UsageID> = []
        for row in commit.usage {
            guard usage[row.id] == nil, taken.insert(row.id).inserted else { throw .usageTaken(row.id) }
        }
    }

    /// Applies a checked commit.
    mutating func apply(_ commit: Commit) {
        for row in commit.budgets { budgets[row.account] = row }
        for row in commit.reservations { reservations[row.id] = row }
        for id in commit.removedReservations { reservations[id] = nil }
        for row in commit.usage { usage[row.id] = row }
        for row in commit.buckets { buckets[row.key] = row }
        for key in commit.removedBuckets { buckets[key] = nil }
    }

    func budgets(of scope: BudgetScope, limit: Int) -> [BudgetRow] {
        let matching = budgets.values.filter { $0.account.scope == scope }
        return Array(matching.sorted { $0.account.period > $1.account.period }.prefix(limit))
    }

    func openBudgets() -> [BudgetRow] {
        budgets.values.filter { $0.state != .closed }.sorted { precedes($0.account, $1.account) }
    }

    func allReservations() -> [ReservationRow] {
        reservations.values.sorted { $0.id < $1.id }
    }

    /// Usage records that the step would remove, the oldest first.
    func old(_ expiry: Expiry) -> [UsageRow] {
        guard expiry.kind == .usage else { return [] }
        let old = usage.values.filter { $0.at < expiry.before }.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
        return Array(old.prefix(expiry.limit))
    }

    mutating func expire(_ expiries: [Expiry]) {
        for expiry in expiries {
            for row in old(expiry) { usage[row.id] = nil }
        }
    }

    func usage(_ filter: UsageFilter) -> [UsageRow] {
        Array(usage.values.filter(filter.fits).sorted { $0.id > $1.id }.prefix(filter.limit))
    }

    func usageTotals(_ filter: UsageFilter, by groupings: [UsageGrouping]) -> [UsageTotal] {
        Array(UsageTotal.of(usage.values.filter(filter.fits), by: groupings).prefix(filter.limit))
    }

    func allBuckets() -> [BucketRow] {
        buckets.values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// By scope, then by period; text by its bytes, as databases do.
    private func precedes(_ left: BudgetAccount, _ right: BudgetAccount) -> Bool {
        if left.scope == right.scope { return left.period < right.period }
        return left.scope.description.utf8.lexicographicallyPrecedes(right.scope.description.utf8)
    }
}
