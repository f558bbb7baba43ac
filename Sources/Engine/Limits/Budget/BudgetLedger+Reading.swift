// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// What is told to others: rows, room, and who holds what.
extension BudgetLedger {
    /// Rows that changed since the last call, each once, in a fixed order.
    mutating func takeChanges() -> BudgetChanges {
        guard !(changedAccounts.isEmpty && changedReservations.isEmpty && usage.isEmpty) else { return BudgetChanges() }
        var changes = BudgetChanges()
        for name in changedAccounts.sorted() {
            guard let account = accounts[name] else { continue }
            changes.budgets.append(account.row(name))
            // History needs no memory.
            if account.state == .closed { accounts[name] = nil }
        }
        for id in changedReservations.sorted() {
            if let row = reservations[id] {
                changes.reservations.append(row)
            } else {
                changes.removedReservations.append(id)
            }
        }
        changes.usage = usage
        (changedAccounts, changedReservations, usage) = ([], [], [])
        return changes
    }

    /// How much may still be reserved in all of the scopes together; what is `nil` has no limit.
    func room(in scopes: [BudgetScope]) throws(BudgetError) -> BudgetLimit {
        var room = BudgetLimit.none
        for scope in scopes {
            guard let account = accounts[try current(scope)] else { continue }
            if let limit = account.limit.money {
                let left = account.left(of: limit.picodollars, \.money.picodollars)
                room.money = min(room.money ?? Money(picodollars: left), Money(picodollars: left))
            }
            if let limit = account.limit.languageModelTokens {
                let left = account.left(of: limit, \.languageModelTokens)
                room.languageModelTokens = min(room.languageModelTokens ?? left, left)
            }
        }
        return room
    }

    /// How a scope stands, and who holds what of it.
    func statement(of scope: BudgetScope) throws(BudgetError) -> BudgetStatement {
        let name = try current(scope)
        guard let account = accounts[name] else { throw .notLoaded(name) }
        let holders = reservations.values.filter { $0.state == .open && $0.accounts.contains(name) }
        return BudgetStatement(
            account: name,
            limit: account.limit,
            spent: account.spent,
            reserved: account.reserved,
            holders: holders.sorted { ($0.reservedAt, $0.id) < ($1.reservedAt, $1.id) }
        )
    }

    /// What the attempts of a task hold: to be settled or released when an attempt ends.
    func reservations(of task: TaskKey) -> [ReservationRow] {
        (tasks[task] ?? []).compactMap { reservations[$0] }
    }

    /// What an attempt held when it ended without a word; a late word may still correct that.
    func unknownReservation(of task: TaskKey, fence: Int64) -> ReservationRow? {
        reservations.values.filter { $0.state == .unknown && $0.task == task && $0.fence == fence }.min {
            $0.id < $1.id
        }
    }

    /// How much may be spent in an open scope.
    func limit(of scope: BudgetScope) -> BudgetLimit? {
        periods[scope].flatMap { accounts[BudgetAccount(scope: scope, period: $0)]?.limit }
    }

    /// Open reservations, by id. After a restart those whose attempt is gone are settled as unknown.
    var openReservations: [ReservationRow] {
        reservations.values.filter { $0.state == .open }.sorted { $0.id < $1.id }
    }

    /// Reservations without a task that were not settled in time, by id.
    func expired(at time: Timestamp) -> [ReservationRow] {
        openReservations.filter { row in row.expiresAt.map { $0 <= time } ?? false }
    }
}

extension BudgetLedger.Account {
    fileprivate func left(of limit: Int64, _ part: KeyPath<Charge, Int64>) -> Int64 {
        let used = Int128(spent[keyPath: part]) + Int128(reserved[keyPath: part])
        return Int64(clamping: max(Int128(limit) - used, 0))
    }

    fileprivate func row(_ name: BudgetAccount) -> BudgetRow {
        BudgetRow(account: name, limit: limit, reserved: reserved, spent: spent, warned: warned, state: state)
    }
}

extension Commit {
    /// Adds what a ledger changed.
    mutating func add(_ changes: BudgetChanges) {
        budgets += changes.budgets
        reservations += changes.reservations
        removedReservations += changes.removedReservations
        usage += changes.usage
    }
}
