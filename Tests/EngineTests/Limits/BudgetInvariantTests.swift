// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@testable import Engine

@Suite struct BudgetInvariantTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `no limit is passed, and what was spent is the sum of the records`(seed: UInt64) throws {
        var world = try BudgetWorld(seed: seed)
        // A hundred thousand operations over all seeds.
        for step in 1...25_000 {
            try world.step("seed \(seed), step \(step)")
            if step % 1000 == 0 { try world.audit("seed \(seed), step \(step)") }
        }
        let counts = (world.kills, world.refusals, world.settled, world.refunds, world.rolls)
        #expect(counts.0 > 50 && counts.1 > 500 && counts.2 > 1500 && counts.3 > 50 && counts.4 > 20, "\(counts)")
        try world.finish("seed \(seed)")
    }
}

/// Calls that reserve and are settled in every way there is, days that end, limits that change, and processes that die
/// with or without their last commit; what must be true is known from outside.
private struct BudgetWorld {
    private let store = MemoryRunStore()
    private var ledger: BudgetLedger
    private var random: SeededRandom
    private var now = Timestamp(rfc3339: "2026-01-28T20:00:00Z") ?? Timestamp(milliseconds: 0)
    private var number: UInt64 = 0
    private var commit = Commit()
    private(set) var (kills, refusals, settled, refunds, rolls) = (0, 0, 0, 0, 0)
    /// Accounts that may be above their limit: a call cost more than was reserved, or the limit fell.
    private var excused: Set<BudgetAccount> = []

    private static let scopes: [BudgetScope] = [
        BudgetScope(.day, "a"), BudgetScope(.day, "b"), BudgetScope(.month, "a"), BudgetScope(.tenant, "a"),
        BudgetScope(.run, "1"), BudgetScope(.run, "2"), BudgetScope(.task, "1/x"), BudgetScope(.agent, "coder"),
    ]

    init(seed: UInt64) throws {
        random = SeededRandom(seed)
        ledger = BudgetLedger(at: now)
        try openAll()
    }

    private mutating func draw(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: random.next() % UInt64(bound))
    }

    private mutating func charge(_ most: Int) -> Charge {
        Charge(money: Money(picodollars: Int64(draw(most))), languageModelTokens: Int64(draw(most)))
    }

    mutating func step(_ place: String) throws {
        number += 1
        switch draw(100) {
        case 0..<45: try reserve()
        case 45..<75: try settle()
        case 75..<80: try settleUnknown()
        case 80..<85: try refund()
        case 85..<88: try changeLimit()
        case 88..<90: try reopen()
        case 90..<92:
            now = now + .seconds(Int64(draw(20_000)))
            rolls += ledger.roll(to: now).count
        case 92: try kill()
        default: try write()
        }
        try checkLimits(place)
    }

    private mutating func reserve() throws {
        let scopes = (0..<draw(4) + 1).map { _ in Self.scopes[draw(Self.scopes.count)] }
        let request = ReservationRequest(
            id: ReservationID(high: 1, low: number),
            scopes: scopes,
            charge: charge(80),
            task: draw(2) == 0 ? TaskKey(runKey: Int64(draw(5)), task: draw(5)) : nil,
            subject: UsageSubject(tenant: "a", provider: "scripted", model: "m", purpose: .execution)
        )
        if case .refused = try ledger.reserve(request) { refusals += 1 }
    }

    private mutating func usage(_ charge: Charge) -> SettledUsage {
        SettledUsage(id: UsageID(high: 1, low: number), at: now, charge: charge)
    }

    private mutating func open() -> ReservationRow? {
        let all = ledger.openReservations
        return all.isEmpty ? nil : all[draw(all.count)]
    }

    private mutating func settle() throws {
        guard let row = open() else { return }
        if draw(6) == 0 {
            _ = try ledger.release(row.id)
            return
        }
        settled += 1
        // Most cost less than was reserved, some more.
        let most = draw(20) == 0 ? 200 : 0
        let part = Charge(
            money: Money(picodollars: row.charge.money.picodollars * Int64(draw(101)) / 100 + Int64(draw(most + 1))),
            languageModelTokens: row.charge.languageModelTokens * Int64(draw(101)) / 100
        )
        excused.formUnion(try ledger.settle(row.id, usage(part)).exceeded)
    }

    private mutating func settleUnknown() throws {
        guard let row = open() else { return }
        _ = try ledger.settleUnknown(row.id, usage: UsageID(high: 1, low: number), at: now)
    }

    private mutating func refund() throws {
        let all = ledger.reservations.values.filter { $0.state == .unknown }.sorted { $0.id < $1.id }
        guard let row = all.first else { return }
        try write()
        for account in row.accounts where ledger.accounts[account] == nil {
            try ledger.load(budgets: store.budgets(of: account.scope, limit: .max).filter { $0.account == account })
        }
        refunds += 1
        excused.formUnion(try ledger.refund(row.id, usage(charge(90))).exceeded)
    }

    private mutating func changeLimit() throws {
        let scope = Self.scopes[draw(Self.scopes.count)]
        let spent = try ledger.statement(of: scope).spent
        let limit = BudgetLimit(
            money: draw(8) == 0 ? nil : Money(picodollars: max(0, spent.money.picodollars + Int64(draw(900) - 100))),
            languageModelTokens: draw(4) == 0 ? nil : max(0, spent.languageModelTokens + Int64(draw(900) - 100))
        )
        _ = try ledger.setLimit(limit, of: scope)
        excused.insert(try ledger.current(scope))
    }

    /// A scope ends and begins again, as a run that is reopened does.
    private mutating func reopen() throws {
        let scope = Self.scopes[draw(Self.scopes.count)]
        ledger.close(scope)
        if draw(2) == 0 { try write() }
        try openAll()
    }

    private mutating func openAll() throws {
        let missing = Self.scopes.filter { ledger.periods[$0] == nil }
        guard !missing.isEmpty else { return }
        for scope in missing {
            let account = BudgetAccount(scope: scope, period: scope.period(at: now))
            // What is still in memory is newer than what the store has.
            let stored = ledger.accounts[account] == nil ? store.budgets(of: scope, limit: 1).first : nil
            ledger.open(scope, limit: BudgetLimit(money: Money(picodollars: 300)), stored: stored)
        }
    }

    private mutating func write() throws {
        commit.add(ledger.takeChanges())
        if !commit.isEmpty { _ = try store.commit(commit) }
        commit = Commit()
    }

    /// The process dies; what it did since its last commit never was.
    private mutating func kill() throws {
        kills += 1
        if draw(2) == 0 { try write() }
        commit = Commit()
        ledger = BudgetLedger(at: now)
        try ledger.load(budgets: store.openBudgets(), reservations: store.reservations())
        _ = ledger.roll()
        try openAll()
        // What a limit was may be what it was before it fell.
        for (name, account) in ledger.accounts where !isWithin(account) { excused.insert(name) }
    }

    // MARK: What must be true

    private func isWithin(_ account: BudgetLedger.Account) -> Bool {
        let money = account.spent.money.picodollars + account.reserved.money.picodollars
        let tokens = account.spent.languageModelTokens + account.reserved.languageModelTokens
        return account.limit.money.map { money <= $0.picodollars } ?? true
            && account.limit.languageModelTokens.map { tokens <= $0 } ?? true
    }

    private mutating func checkLimits(_ place: String) throws {
        for (name, account) in ledger.accounts {
            if isWithin(account) {
                excused.remove(name)
            } else {
                try #require(excused.contains(name), "\(place): \(name) is above its limit")
            }
        }
    }

    mutating func audit(_ place: String) throws {
        try write()
        var held: [BudgetAccount: Charge] = [:]
        for row in ledger.openReservations {
            for account in row.accounts { held[account] = (held[account] ?? .zero).adding(row.charge) }
        }
        var filter = UsageFilter()
        filter.limit = .max
        var spent: [BudgetAccount: Charge] = [:]
        for row in store.usage(filter) {
            for account in row.accounts { spent[account] = (spent[account] ?? .zero).adding(row.charge) }
        }
        for scope in Self.scopes {
            for row in store.budgets(of: scope, limit: .max) {
                let name = row.account
                try #require(row.reserved == held[name] ?? .zero, "\(place): reserved of \(name)")
                try #require(row.spent == spent[name] ?? .zero, "\(place): spent of \(name)")
                spent[name] = nil
                guard let account = ledger.accounts[name] else {
                    try #require(row.state == .closed && row.reserved == .zero, "\(place): \(name)")
                    continue
                }
                let isSame = (account.spent, account.reserved) == (row.spent, row.reserved)
                try #require(isSame && account.state == row.state && account.limit == row.limit, "\(place): \(name)")
            }
        }
        try #require(spent.isEmpty, "\(place): records name \(spent.keys)")
        let known = ledger.reservations.values.sorted { $0.id < $1.id }
        try #require(known == store.reservations(), "\(place): reservations")
    }

    /// When everything is settled nothing is held anywhere.
    mutating func finish(_ place: String) throws {
        for row in ledger.openReservations { _ = try ledger.release(row.id) }
        try audit(place)
        let isFree = ledger.accounts.values.allSatisfy { $0.reserved == .zero && $0.holders == 0 }
        try #require(ledger.tasks.isEmpty && isFree, "\(place)")
    }
}
