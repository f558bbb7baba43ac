// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// The way of a reservation: made, then settled, released, or settled as unknown and perhaps refunded.
extension BudgetLedger {
    /// Holds what a call can cost in all its scopes, or nothing.
    mutating func reserve(_ request: ReservationRequest) throws(BudgetError) -> ReservationAnswer {
        guard !request.charge.isNegative else { throw .negative }
        guard reservations[request.id] == nil else { throw .taken(request.id) }
        var names: [BudgetAccount] = []
        for scope in request.scopes {
            let name = try current(scope)
            if names.contains(name) { continue }
            names.append(name)
            guard let account = accounts[name] else { throw .notLoaded(name) }
            guard let total = account.total?.adding(request.charge) else { throw .overflow(name) }
            guard account.limit.allows(total) else {
                return .refused(
                    BudgetShortage(
                        account: name,
                        limit: account.limit,
                        spent: account.spent,
                        reserved: account.reserved,
                        needed: request.charge
                    )
                )
            }
        }
        let row = ReservationRow(
            id: request.id,
            accounts: names,
            charge: request.charge,
            task: request.task,
            fence: request.fence,
            call: request.call,
            subject: request.subject,
            reservedAt: now,
            expiresAt: request.expiresAt
        )
        reservations[row.id] = row
        changedReservations.insert(row.id)
        hold(row)
        for name in names {
            // Checked above.
            if let sum = accounts[name]?.reserved.adding(row.charge) { accounts[name]?.reserved = sum }
        }
        changedAccounts.formUnion(names)
        return .reserved
    }

    /// A call ended and its cost is known. More than was reserved is recorded all the same, and told.
    mutating func settle(_ id: ReservationID, _ usage: SettledUsage) throws(BudgetError) -> BudgetOutcome {
        guard !usage.charge.isNegative else { throw .negative }
        let row = try openReservation(id)
        let outcome = try end(row, spending: usage.charge)
        record(row, usage, usage.charge, .exact)
        forget(row)
        return outcome
    }

    /// A call never left.
    mutating func release(_ id: ReservationID) throws(BudgetError) -> BudgetOutcome {
        let row = try openReservation(id)
        let outcome = try end(row, spending: .zero)
        forget(row)
        return outcome
    }

    /// A call may have left, and nobody knows what it cost: all that was reserved counts as spent. A proof of something
    /// else may come later, see ``refund(_:_:)``.
    mutating func settleUnknown(_ id: ReservationID, usage: UsageID, at time: Timestamp) throws(BudgetError)
        -> BudgetOutcome
    {
        let row = try openReservation(id)
        let outcome = try end(row, spending: row.charge)
        record(row, SettledUsage(id: usage, at: time, charge: row.charge), row.charge, .unknown)
        reservations[id]?.state = .unknown
        changedReservations.insert(id)
        return outcome
    }

    /// What a call that was settled as unknown really cost; the difference becomes a record of its own. Works once.
    ///
    /// - Throws: `notLoaded` when the row of an account that was closed meanwhile must be loaded first.
    mutating func refund(_ id: ReservationID, _ usage: SettledUsage) throws(BudgetError) -> BudgetOutcome {
        guard !usage.charge.isNegative else { throw .negative }
        guard let row = reservations[id], row.state == .unknown else { throw .noReservation(id) }
        guard let correction = usage.charge.subtracting(row.charge) else { throw .negative }
        var sums: [Charge] = []
        for name in row.accounts {
            guard let account = accounts[name] else { throw .notLoaded(name) }
            guard let sum = account.spent.adding(correction), sum.adding(account.reserved) != nil else {
                throw .overflow(name)
            }
            sums.append(sum)
        }
        for (name, sum) in zip(row.accounts, sums) { accounts[name]?.spent = sum }
        record(row, usage, correction, .correction)
        forget(row)
        return outcome(row.accounts, isLess: correction.money < .zero || correction.languageModelTokens < 0)
    }

    /// Nobody will prove any more what calls of long ago cost.
    mutating func dropUnknown(reservedBefore time: Timestamp) {
        for row in reservations.values where row.state == .unknown && row.reservedAt < time { forget(row) }
    }

    // MARK: Parts

    /// Counts an open reservation.
    mutating func hold(_ row: ReservationRow) {
        if let task = row.task { tasks[task, default: []].append(row.id) }
        for name in row.accounts { accounts[name]?.holders += 1 }
    }

    private func openReservation(_ id: ReservationID) throws(BudgetError) -> ReservationRow {
        guard let row = reservations[id], row.state == .open else { throw .noReservation(id) }
        return row
    }

    /// Frees what a reservation holds and spends something instead, in all its accounts or in none.
    private mutating func end(_ row: ReservationRow, spending charge: Charge) throws(BudgetError) -> BudgetOutcome {
        var changed: [Account] = []
        for name in row.accounts {
            guard var account = accounts[name] else { throw .notLoaded(name) }
            guard let reserved = account.reserved.subtracting(row.charge), let spent = account.spent.adding(charge),
                spent.adding(reserved) != nil
            else { throw .overflow(name) }
            (account.reserved, account.spent, account.holders) = (reserved, spent, account.holders - 1)
            changed.append(account)
        }
        for (name, account) in zip(row.accounts, changed) { accounts[name] = account }
        if let task = row.task {
            tasks[task]?.removeAll { $0 == row.id }
            if tasks[task]?.isEmpty == true { tasks[task] = nil }
        }
        for name in row.accounts where accounts[name]?.state == .draining { drain(name) }
        let isLess = charge.money < row.charge.money || charge.languageModelTokens < row.charge.languageModelTokens
        return outcome(row.accounts, isLess: isLess)
    }

    private mutating func outcome(_ names: [BudgetAccount], isLess: Bool) -> BudgetOutcome {
        changedAccounts.formUnion(names)
        var outcome = BudgetOutcome()
        for name in names.sorted() {
            outcome.warnings += warn(name)
            guard let account = accounts[name] else { continue }
            if account.state == .open, isLess { outcome.freed.append(name.scope) }
            if let total = account.total, !account.limit.allows(total) { outcome.exceeded.append(name) }
        }
        return outcome
    }

    private mutating func record(
        _ row: ReservationRow,
        _ settled: SettledUsage,
        _ charge: Charge,
        _ certainty: UsageRow.Certainty
    ) {
        usage.append(
            UsageRow(
                id: settled.id,
                at: settled.at,
                accounts: row.accounts,
                charge: charge,
                certainty: certainty,
                reservation: row.id,
                subject: row.subject,
                tokens: settled.tokens,
                pricedBy: settled.pricedBy,
                isSimulated: settled.isSimulated
            )
        )
    }

    private mutating func forget(_ row: ReservationRow) {
        reservations[row.id] = nil
        changedReservations.insert(row.id)
    }
}

extension BudgetLedger.Account {
    /// Spent and reserved; `nil` when that is more than a counter holds.
    fileprivate var total: Charge? { spent.adding(reserved) }
}

extension BudgetLimit {
    func allows(_ total: Charge) -> Bool {
        (money.map { total.money <= $0 } ?? true)
            && (languageModelTokens.map { total.languageModelTokens <= $0 } ?? true)
    }
}
