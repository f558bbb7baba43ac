// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// Money and LLM tokens: what may be spent, what is held for calls under way, what was spent (spec 8.11).
///
/// A call reserves the most it can cost in every scope that applies to it, or nowhere. When it is settled, what was held
/// becomes what was spent, and the rest is free again. So `spent + reserved` is within the limit in every scope, unless a
/// call cost more than was reserved, which is recorded and told, or somebody lowered the limit. What is spent in an
/// account is the sum of the usage records that name it, always.
///
/// A reservation belongs to the period in which it was made, and is settled there however late.
///
/// The ledger is memory; ``takeChanges()`` gives the rows that make it durable, and they must be in the commit before
/// the call leaves. When a commit fails, build it anew from the rows in the store.
struct BudgetLedger {
    struct Account: Equatable {
        var limit: BudgetLimit
        var spent = Charge.zero
        var reserved = Charge.zero
        var warned = 0
        var state = BudgetRow.State.open
        /// Open reservations.
        var holders = 0
    }

    var accounts: [BudgetAccount: Account] = [:]
    /// The period in which an open scope is.
    var periods: [BudgetScope: String] = [:]
    /// Open ones, and those settled in full for want of knowledge.
    var reservations: [ReservationID: ReservationRow] = [:]
    /// Open ones by task.
    var tasks: [TaskKey: [ReservationID]] = [:]
    var changedAccounts: Set<BudgetAccount> = []
    var changedReservations: Set<ReservationID> = []
    var usage: [UsageRow] = []
    /// Percent, rising.
    let warnAt: [Int]
    private(set) var now: Timestamp
    private static let day: Int64 = 86_400_000

    init(at now: Timestamp, warnAt: [Int] = [50, 80, 95]) {
        self.now = now
        self.warnAt = warnAt.sorted()
    }

    // MARK: Loading

    /// Takes over what the store has: ``RunStore/openBudgets()`` and ``RunStore/reservations()`` at the start, later
    /// single rows of closed accounts. Call ``roll(to:)`` afterwards.
    mutating func load(budgets: [BudgetRow], reservations rows: [ReservationRow] = []) throws(BudgetError) {
        for row in budgets where accounts[row.account] == nil {
            accounts[row.account] = Account(
                limit: row.limit,
                spent: row.spent,
                reserved: row.reserved,
                warned: row.warned,
                state: row.state
            )
            if row.state == .open { periods[row.account.scope] = row.account.period }
        }
        for row in rows {
            if row.state == .open {
                for account in row.accounts {
                    guard accounts[account] != nil else { throw .notLoaded(account) }
                }
                hold(row)
            }
            reservations[row.id] = row
        }
    }

    // MARK: Scopes

    /// Makes a scope known, unless it is.
    ///
    /// - Parameter stored: The newest row that the store has of it. What was spent goes on from there, and its limit
    ///   counts, as somebody may have raised it.
    mutating func open(_ scope: BudgetScope, limit: BudgetLimit, stored: BudgetRow?) {
        guard periods[scope] == nil else { return }
        let account = BudgetAccount(scope: scope, period: max(scope.period(at: now), stored?.account.period ?? ""))
        var opened = accounts[account] ?? Account(limit: stored?.limit ?? limit)
        if accounts[account] == nil, let stored, stored.account == account {
            (opened.spent, opened.warned) = (stored.spent, stored.warned)
        }
        opened.state = .open
        periods[scope] = account.period
        accounts[account] = opened
        changedAccounts.insert(account)
    }

    /// A scope is over: nothing more is reserved in it. What is reserved is settled as usual.
    mutating func close(_ scope: BudgetScope) {
        guard let period = periods.removeValue(forKey: scope) else { return }
        drain(BudgetAccount(scope: scope, period: period))
    }

    /// Sets the limit of an open scope.
    mutating func setLimit(_ limit: BudgetLimit, of scope: BudgetScope) throws(BudgetError) -> BudgetOutcome {
        let account = try current(scope)
        guard var changed = accounts[account] else { throw .notLoaded(account) }
        var outcome = BudgetOutcome()
        if limit.isMore(than: changed.limit) { outcome.freed = [scope] }
        changed.limit = limit
        // Shares of a higher limit are told again when they are reached.
        changed.warned = min(changed.warned, share(changed))
        accounts[account] = changed
        changedAccounts.insert(account)
        outcome.warnings = warn(account)
        return outcome
    }

    /// Begins new periods. Cheap within a day; call it each turn. A clock that goes back changes nothing.
    ///
    /// - Returns: Scopes that begin a new period, so have room again.
    mutating func roll(to time: Timestamp) -> [BudgetScope] {
        let isNewDay = time.milliseconds / Self.day > now.milliseconds / Self.day
        now = max(now, time)
        return isNewDay ? roll() : []
    }

    /// Begins the periods of today whatever the day was before; for after ``load(budgets:reservations:)``.
    mutating func roll() -> [BudgetScope] {
        var rolled: [BudgetScope] = []
        for (scope, period) in periods where scope.period(at: now) > period {
            let old = BudgetAccount(scope: scope, period: period)
            let new = BudgetAccount(scope: scope, period: scope.period(at: now))
            periods[scope] = new.period
            accounts[new] = Account(limit: accounts[old]?.limit ?? .none)
            changedAccounts.insert(new)
            drain(old)
            rolled.append(scope)
        }
        return rolled.sorted()
    }

    /// When the next day, and so perhaps a month, begins.
    var nextPeriodAt: Timestamp {
        Timestamp(milliseconds: (now.milliseconds / Self.day + 1) * Self.day)
    }

    /// The account in which a scope is now.
    func current(_ scope: BudgetScope) throws(BudgetError) -> BudgetAccount {
        guard let period = periods[scope] else { throw .notOpen(scope) }
        return BudgetAccount(scope: scope, period: period)
    }

    /// Nothing more is reserved in an account; it is history when nothing is.
    mutating func drain(_ account: BudgetAccount) {
        guard let holders = accounts[account]?.holders else { return }
        accounts[account]?.state = holders == 0 ? .closed : .draining
        changedAccounts.insert(account)
    }

    // MARK: Warnings

    /// The highest warning that what was spent is worth; 0 for none.
    private func share(_ account: Account) -> Int {
        warnAt.last { account.hasSpent(percent: $0) } ?? 0
    }

    /// Warnings that were not given yet.
    mutating func warn(_ name: BudgetAccount) -> [BudgetWarning] {
        guard let account = accounts[name] else { return [] }
        let reached = share(account)
        guard reached > account.warned else { return [] }
        accounts[name]?.warned = reached
        return warnAt.filter { $0 > account.warned && $0 <= reached }.map {
            BudgetWarning(account: name, percent: $0, limit: account.limit, spent: account.spent)
        }
    }
}

extension BudgetLedger.Account {
    fileprivate func hasSpent(percent: Int) -> Bool {
        let limits = [limit.money?.picodollars, limit.languageModelTokens]
        let amounts = [spent.money.picodollars, spent.languageModelTokens]
        return zip(limits, amounts).contains { limit, amount in
            guard let limit, amount > 0 else { return false }
            return Int128(amount) * 100 >= Int128(limit) * Int128(percent)
        }
    }
}

extension BudgetLimit {
    /// Some part of it is higher.
    fileprivate func isMore(than other: BudgetLimit) -> Bool {
        func isMore(_ left: Int64?, _ right: Int64?) -> Bool {
            right.map { right in left.map { $0 > right } ?? true } ?? false
        }
        return isMore(money?.picodollars, other.money?.picodollars)
            || isMore(languageModelTokens, other.languageModelTokens)
    }
}
