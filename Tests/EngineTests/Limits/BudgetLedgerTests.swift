// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@testable import Engine

@Suite struct BudgetLedgerTests {
    private let noon = Timestamp(rfc3339: "2026-01-30T12:00:00Z") ?? Timestamp(milliseconds: 0)
    private let run = BudgetScope(.run, "r")
    private let day = BudgetScope(.day, "t")
    private let month = BudgetScope(.month, "t")

    private func charge(_ money: Int64, _ tokens: Int64 = 0) -> Charge {
        Charge(money: Money(picodollars: money), languageModelTokens: tokens)
    }

    private func ledger(_ limits: [(BudgetScope, Int64?)]) -> BudgetLedger {
        var ledger = BudgetLedger(at: noon)
        for (scope, limit) in limits {
            ledger.open(scope, limit: BudgetLimit(money: limit.map(Money.init(picodollars:))), stored: nil)
        }
        return ledger
    }

    private func request(_ number: UInt64, _ scopes: [BudgetScope], _ charge: Charge) -> ReservationRequest {
        ReservationRequest(
            id: ReservationID(high: 1, low: number),
            scopes: scopes,
            charge: charge,
            task: TaskKey(runKey: 1, task: Int(number)),
            fence: 3,
            subject: UsageSubject(tenant: "t", provider: "scripted", model: "m", purpose: .execution)
        )
    }

    private func used(_ number: UInt64, _ charge: Charge) -> SettledUsage {
        SettledUsage(id: UsageID(high: 1, low: number), at: noon, charge: charge)
    }

    private func id(_ number: UInt64) -> ReservationID { ReservationID(high: 1, low: number) }

    @Test func `a call fits all its scopes or reserves nothing`() throws {
        var ledger = ledger([(run, 100), (day, 150), (month, nil)])
        let all = [run, day, month, run]
        #expect(try ledger.room(in: all) == BudgetLimit(money: Money(picodollars: 100)))
        #expect(try ledger.reserve(request(1, all, charge(60, 5))) == .reserved)
        #expect(try ledger.reserve(request(2, [day], charge(50))) == .reserved)
        let shortage = BudgetShortage(
            account: BudgetAccount(scope: run, period: ""),
            limit: BudgetLimit(money: Money(picodollars: 100)),
            spent: .zero,
            reserved: charge(60, 5),
            needed: charge(41)
        )
        #expect(try ledger.reserve(request(3, all, charge(41))) == .refused(shortage))
        #expect(try ledger.room(in: all) == BudgetLimit(money: Money(picodollars: 40)))
        #expect(try ledger.reserve(request(4, all, charge(40))) == .reserved, "to the last bit")
        #expect(try ledger.room(in: [day, month]) == BudgetLimit(money: .zero))
        let statement = try ledger.statement(of: run)
        #expect(statement.holders.map(\.id) == [id(1), id(4)] && statement.reserved == charge(100, 5))
        #expect(ledger.reservations(of: TaskKey(runKey: 1, task: 4)).map(\.fence) == [3])

        // What it really cost is spent, and the rest is free for others.
        let settled = try ledger.settle(id(1), used(1, charge(10, 4)))
        #expect(settled.freed == [day, month, run] && settled.exceeded.isEmpty)
        #expect(try ledger.release(id(4)).freed == [day, month, run])
        #expect(try ledger.statement(of: run).spent == charge(10, 4))
        #expect(try ledger.room(in: all) == BudgetLimit(money: Money(picodollars: 90)))
        #expect(ledger.reservations(of: TaskKey(runKey: 1, task: 1)).isEmpty)
    }

    @Test func `LLM tokens are a budget of their own`() throws {
        var ledger = BudgetLedger(at: noon)
        ledger.open(run, limit: BudgetLimit(languageModelTokens: 1000), stored: nil)
        #expect(try ledger.reserve(request(1, [run], charge(.max, 600))) == .reserved)
        guard case .refused(let shortage) = try ledger.reserve(request(2, [run], charge(0, 401))) else {
            Issue.record("401 of 400 were reserved")
            return
        }
        #expect(shortage.reserved.languageModelTokens == 600)
        #expect(try ledger.room(in: [run]) == BudgetLimit(languageModelTokens: 400))
        #expect(try ledger.settle(id(1), used(1, charge(5, 500))).warnings.map(\.percent) == [50])
    }

    @Test func `more than was reserved is recorded and told`() throws {
        var ledger = ledger([(run, 100), (day, nil)])
        _ = try ledger.reserve(request(1, [run, day], charge(90)))
        let outcome = try ledger.settle(id(1), used(1, charge(120, 7)))
        #expect(outcome.exceeded == [BudgetAccount(scope: run, period: "")])
        #expect(outcome.freed.isEmpty && outcome.warnings.map(\.percent) == [50, 80, 95])
        #expect(try ledger.room(in: [run]) == BudgetLimit(money: .zero))
        #expect(ledger.takeChanges().usage.map(\.charge) == [charge(120, 7)])
        guard case .refused = try ledger.reserve(request(2, [run], charge(0))) else {
            Issue.record("a scope beyond its limit reserves nothing")
            return
        }
    }

    @Test func `warnings come once each, and again for a raised limit`() throws {
        var ledger = ledger([(run, 100)])
        var told: [Int] = []
        for (number, part) in ([49, 1, 29, 1, 14, 1, 5] as [Int64]).enumerated() {
            _ = try ledger.reserve(request(UInt64(number), [run], charge(part)))
            told += try ledger.settle(id(UInt64(number)), used(UInt64(number), charge(part))).warnings.map(\.percent)
            if number == 4 { #expect(told == [50, 80]) }
        }
        #expect(told == [50, 80, 95])
        let raised = try ledger.setLimit(BudgetLimit(money: Money(picodollars: 1000)), of: run)
        #expect(raised == BudgetOutcome(freed: [run]))
        _ = try ledger.reserve(request(20, [run], charge(400)))
        #expect(try ledger.settle(id(20), used(20, charge(400))).warnings.map(\.percent) == [50])
        let lowered = try ledger.setLimit(BudgetLimit(money: Money(picodollars: 600)), of: run)
        #expect(lowered.freed.isEmpty && lowered.warnings.map(\.percent) == [80])
        #expect(try ledger.setLimit(.none, of: run).freed == [run])
        var strict = BudgetLedger(at: noon, warnAt: [])
        strict.open(run, limit: .none, stored: nil)
        #expect(try strict.setLimit(BudgetLimit(money: .zero), of: run) == BudgetOutcome())
    }

    @Test func `an unknown cost is all of it, and is given back once when there is proof`() throws {
        var ledger = ledger([(run, 100), (day, 100)])
        _ = try ledger.reserve(request(1, [run, day], charge(80, 9)))
        let unknown = try ledger.settleUnknown(id(1), usage: UsageID(high: 1, low: 1), at: noon)
        #expect(unknown.warnings.count == 4 && unknown.freed.isEmpty)
        var changes = ledger.takeChanges()
        #expect(changes.reservations.map(\.state) == [.unknown])
        #expect(changes.usage.map(\.certainty) == [.unknown] && changes.usage.map(\.charge) == [charge(80, 9)])
        #expect(throws: BudgetError.noReservation(id(1))) { try ledger.settle(id(1), used(2, charge(1))) }
        #expect(throws: BudgetError.noReservation(id(1))) { try ledger.release(id(1)) }

        // The run is over and out of memory when the proof comes.
        ledger.close(run)
        let row = try #require(ledger.takeChanges().budgets.first)
        #expect(row.state == .closed && row.spent == charge(80, 9))
        #expect(throws: BudgetError.notLoaded(row.account)) { try ledger.refund(id(1), used(2, charge(30, 4))) }
        try ledger.load(budgets: [row])
        #expect(try ledger.refund(id(1), used(2, charge(30, 4))) == BudgetOutcome(freed: [day]))
        #expect(throws: BudgetError.noReservation(id(1))) { try ledger.refund(id(1), used(3, charge(1))) }
        changes = ledger.takeChanges()
        #expect(changes.budgets.map(\.spent) == [charge(30, 4), charge(30, 4)])
        #expect(changes.budgets.map(\.state) == [.open, .closed] && changes.removedReservations == [id(1)])
        #expect(changes.usage.map(\.charge) == [charge(-50, -5)] && changes.usage.map(\.certainty) == [.correction])

        _ = try ledger.reserve(request(4, [day], charge(10)))
        _ = try ledger.settleUnknown(id(4), usage: UsageID(high: 1, low: 4), at: noon)
        ledger.dropUnknown(reservedBefore: noon)
        #expect(ledger.reservations.count == 1)
        ledger.dropUnknown(reservedBefore: noon + .milliseconds(1))
        #expect(ledger.reservations.isEmpty && ledger.takeChanges().removedReservations == [id(4)])
    }

    @Test func `a period ends at midnight UTC, and what was reserved before is settled there`() throws {
        var ledger = ledger([(day, 100), (month, 1000), (run, nil)])
        _ = try ledger.reserve(request(1, [day, month, run], charge(90)))
        _ = try ledger.reserve(request(2, [day], charge(10)))
        _ = try ledger.settle(id(2), used(2, charge(10)))
        #expect(ledger.nextPeriodAt.description == "2026-01-31T00:00:00.000Z")
        #expect(ledger.roll(to: ledger.nextPeriodAt + .milliseconds(-1)).isEmpty)
        #expect(ledger.roll(to: ledger.nextPeriodAt) == [day])
        #expect(ledger.roll(to: noon).isEmpty, "a clock that goes back opens no old period")
        #expect(try ledger.room(in: [day]) == BudgetLimit(money: Money(picodollars: 100)))
        #expect(try ledger.reserve(request(3, [day, month], charge(100))) == .reserved)
        #expect(try ledger.settle(id(1), used(1, charge(50))).freed == [month, run])
        let rows = ledger.takeChanges().budgets.map { "\($0.account) \($0.state) \($0.spent.money.picodollars)" }
        #expect(
            rows == [
                "day:t 2026-01-30 closed 60", "day:t 2026-01-31 open 0", "month:t 2026-01 open 50", "run:r open 50",
            ]
        )
        #expect(ledger.roll(to: ledger.nextPeriodAt) == [day, month])
        #expect(ledger.accounts.count == 5, "yesterday and last month hold a reservation")
        _ = try ledger.settle(id(3), used(3, charge(100)))
        _ = ledger.takeChanges()
        #expect(ledger.accounts.count == 3)

        // A process that starts days later begins the periods of that day with the limits of before.
        var later = BudgetLedger(at: noon + .seconds(40 * 86_400))
        let row = BudgetRow(
            account: BudgetAccount(scope: day, period: "2026-01-30"),
            limit: BudgetLimit(money: Money(picodollars: 7)),
            spent: charge(7),
            warned: 95
        )
        try later.load(budgets: [row])
        #expect(later.roll() == [day])
        #expect(try later.statement(of: day).account.period == "2026-03-11")
        #expect(try later.room(in: [day]) == BudgetLimit(money: Money(picodollars: 7)))
        #expect(later.takeChanges().budgets.map(\.state) == [.closed, .open])
    }

    @Test func `a scope goes on with what the store knows of it`() throws {
        var ledger = BudgetLedger(at: noon)
        let limit = BudgetLimit(money: Money(picodollars: 50))
        let stored = BudgetRow(
            account: BudgetAccount(scope: run, period: ""),
            limit: limit,
            spent: charge(20),
            state: .closed
        )
        ledger.open(run, limit: BudgetLimit(money: Money(picodollars: 5)), stored: stored)
        ledger.open(run, limit: .none, stored: nil)
        #expect(try ledger.room(in: [run]) == BudgetLimit(money: Money(picodollars: 30)))
        let old = BudgetRow(account: BudgetAccount(scope: day, period: "2026-01-29"), limit: limit, spent: charge(50))
        ledger.open(day, limit: .none, stored: old)
        #expect(try ledger.statement(of: day).spent == .zero)
        #expect(try ledger.room(in: [day]) == limit)
        // Closed while something is held, and opened again.
        _ = try ledger.reserve(request(1, [run], charge(10)))
        ledger.close(run)
        #expect(throws: BudgetError.notOpen(run)) { try ledger.reserve(request(2, [run], charge(1))) }
        #expect(ledger.takeChanges().budgets.last?.state == .draining)
        ledger.open(run, limit: .none, stored: nil)
        #expect(try ledger.room(in: [run]) == BudgetLimit(money: Money(picodollars: 20)))
        ledger.close(run)
        _ = try ledger.release(id(1))
        #expect(ledger.takeChanges().budgets.last?.state == .closed)
    }

    @Test func `mistakes are told and change nothing`() throws {
        var ledger = ledger([(run, nil), (day, nil)])
        _ = try ledger.reserve(request(1, [run, day], charge(.max - 5, .max)))
        _ = ledger.takeChanges()
        let before = ledger
        let account = BudgetAccount(scope: run, period: "")
        #expect(throws: BudgetError.overflow(account)) { try ledger.reserve(request(2, [run], charge(6))) }
        #expect(throws: BudgetError.overflow(account)) { try ledger.reserve(request(2, [run], charge(0, 1))) }
        #expect(throws: BudgetError.taken(id(1))) { try ledger.reserve(request(1, [run], charge(1))) }
        #expect(throws: BudgetError.negative) { try ledger.reserve(request(2, [run], charge(-1))) }
        #expect(throws: BudgetError.negative) { try ledger.settle(id(1), used(1, charge(0, -1))) }
        #expect(throws: BudgetError.noReservation(id(9))) { try ledger.settle(id(9), used(1, charge(0))) }
        let other = BudgetScope(.agent, "x")
        #expect(throws: BudgetError.notOpen(other)) { try ledger.reserve(request(2, [run, other], charge(1))) }
        #expect(throws: BudgetError.notOpen(other)) { try ledger.setLimit(.none, of: other) }
        #expect(ledger.accounts == before.accounts && ledger.reservations == before.reservations)
        #expect(ledger.takeChanges() == BudgetChanges())
        let missing = ReservationRow(
            id: id(7),
            accounts: [BudgetAccount(scope: other, period: "")],
            charge: charge(1),
            subject: request(7, [], .zero).subject,
            reservedAt: noon
        )
        #expect(throws: BudgetError.notLoaded(missing.accounts[0])) {
            try ledger.load(budgets: [], reservations: [missing])
        }
    }

    @Test func `a call without a task ends by itself`() throws {
        var ledger = ledger([(day, 100)])
        for number in 1...3 as ClosedRange<UInt64> {
            var call = request(number, [day], charge(1))
            (call.task, call.expiresAt) = (nil, number == 3 ? nil : noon + .milliseconds(Int64(number)))
            _ = try ledger.reserve(call)
        }
        #expect(ledger.expired(at: noon).isEmpty)
        #expect(ledger.expired(at: noon + .milliseconds(1)).map(\.id) == [id(1)])
        #expect(ledger.expired(at: noon + .seconds(9)).map(\.id) == [id(1), id(2)])
    }
}
