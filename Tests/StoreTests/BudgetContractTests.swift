// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct BudgetContractTests {
    @Test(arguments: Backend.allCases)
    func `budgets are replaced by account, and history stays`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.budgets = [
                .sample(0, period: 2), .sample(0, period: 1, .closed), .sample(0), .sample(1, .draining),
                .sample(2, .closed),
            ]
            _ = try store.commit(commit)
            commit.budgets = [.sample(1, spent: 7, .draining), .sample(0, .closed)]
            _ = try store.commit(commit)
            let scope = BudgetRow.sample(0).account.scope
            let all: [BudgetRow] = [.sample(0, period: 2), .sample(0, period: 1, .closed), .sample(0, .closed)]
            #expect(try store.budgets(of: scope, limit: 9) == all)
            #expect(try store.budgets(of: scope, limit: 1) == [all[0]])
            #expect(try store.budgets(of: BudgetScope(.agent, "none"), limit: 9).isEmpty)
            #expect(try store.openBudgets() == [.sample(0, period: 2), .sample(1, spent: 7, .draining)])
        }
    }

    @Test(arguments: Backend.allCases)
    func `reservations are there until they are settled`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.reservations = (0..<5).reversed().map { .sample($0) }
            _ = try store.commit(commit)
            var changed = ReservationRow.sample(2)
            (changed.state, changed.charge) = (.unknown, .zero)
            commit.reservations = [changed, .sample(6)]
            commit.removedReservations = [0, 0, 6, 9].map { ReservationID(high: 5, low: $0) }
            _ = try store.commit(commit)
            #expect(try store.reservations() == [.sample(1), changed, .sample(3), .sample(4)])
        }
    }

    @Test(arguments: Backend.allCases)
    func `usage records are never changed, and come newest first`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.usage = (0..<9).map { .sample($0, at: Int64($0) * 10, run: Int($0) % 3) }
            _ = try store.commit(commit)
            var wrong = Commit()
            wrong.usage = [.sample(20), .sample(3)]
            wrong.buckets = [BucketRow(key: "k", fullAt: Timestamp(milliseconds: 1))]
            #expect(code { _ = try store.commit(wrong) } == .conflict)
            wrong.usage = [.sample(20), .sample(20)]
            #expect(code { _ = try store.commit(wrong) } == .conflict)
            #expect(try store.buckets().isEmpty, "nothing of such a commit is written")
            let cases: [(run: Int, from: Int64?, until: Int64?, before: UInt64?, limit: Int, ids: [UInt64])] = [
                (0, nil, nil, nil, 100, [8, 7, 6, 5, 4, 3, 2, 1, 0]), (0, nil, nil, 4, 2, [3, 2]),
                (0, 20, 50, nil, 9, [4, 3, 2]), (2, nil, nil, nil, 9, [8, 5, 2]), (2, 50, nil, 8, 9, [5]),
                (1, nil, 40, nil, 1, [1]),
            ]
            for (run, from, until, before, limit, ids) in cases {
                var filter = UsageFilter()
                filter.run = UsageRow.sample(0, run: run).subject.run
                filter.from = from.map(Timestamp.init(milliseconds:))
                filter.until = until.map(Timestamp.init(milliseconds:))
                filter.before = before.map { UsageID(high: 6, low: $0) }
                filter.limit = limit
                #expect(try store.usage(filter) == ids.map { commit.usage[Int($0)] }, "\(filter)")
            }
            for (tenant, user, run, ids) in [
                ("t", nil, 0, [8, 7, 6, 5, 4, 3, 2, 1, 0]), ("u", nil, 0, []), (nil, "ü", 0, [8, 7, 5, 4, 2, 1]),
                ("t", "ü", 2, [8, 5, 2]), ("t", "u", 2, []),
            ] as [(String?, String?, Int, [Int])] {
                var filter = UsageFilter()
                (filter.tenant, filter.user, filter.run) = (tenant, user, UsageRow.sample(0, run: run).subject.run)
                #expect(try store.usage(filter) == ids.map { commit.usage[$0] }, "\(filter)")
            }
            var filter = UsageFilter()
            filter.apiKey = APIKeyID(high: 4, low: 2)
            #expect(try store.usage(filter) == [8, 5, 2].map { commit.usage[$0] })
        }
    }

    @Test(arguments: Backend.allCases)
    func `usage is summed up by what it was for, the dearest first`(backend: Backend) throws {
        try backend.runs { store in
            #expect(try store.usageTotals(UsageFilter(), by: []).isEmpty)
            var commit = Commit()
            // One call a day: even ones of agent a, odd ones of b, every third of nobody.
            commit.usage = (0..<UInt64(12)).map { number in
                var row = UsageRow.sample(number, at: Int64(number) * 86_400_000 / 2)
                row.subject.agent = number % 3 == 0 ? nil : number % 2 == 0 ? "a" : "b"
                (row.subject.project, row.subject.model) = ("p", "m\(number % 2)")
                row.subject.apiKey = number < 9 ? nil : APIKeyID(high: 4, low: 2)
                row.charge = Charge(money: Money(picodollars: Int64(number)), languageModelTokens: 1)
                row.certainty = number == 5 ? .correction : number == 7 ? .unknown : .exact
                (row.pricedBy, row.isSimulated) = (number == 4 ? UsageRow.unpriced : "v1", number == 8)
                row.tokens = TokenCounts(input: Int64(number), output: 2)
                return row
            }
            _ = try store.commit(commit)
            let byAgent = try store.usageTotals(UsageFilter(), by: [.agent])
            #expect(byAgent.map { $0.key[.agent] } == ["a", "b", nil])
            #expect(byAgent.map(\.charge.money.picodollars) == [24, 24, 18])
            let keys = try store.usageTotals(UsageFilter(), by: [.apiKey])
            #expect(keys.map { $0.key[.apiKey] } == [nil, "\(APIKeyID(high: 4, low: 2))"])
            #expect(keys.map(\.charge.money.picodollars) == [36, 30])
            let all = try #require(try store.usageTotals(UsageFilter(), by: []).first)
            #expect((all.calls, all.unknown, all.unpriced, all.simulated) == (11, 1, 1, 1) && all.key.isEmpty)
            #expect(all.tokens == TokenCounts(input: 66, output: 24) && all.charge.languageModelTokens == 12)
            let days = try store.usageTotals(UsageFilter(), by: [.day, .project])
            #expect(days.count == 6 && days[0].key == [.day: "1970-01-06", .project: "p"], "\(days[0].key)")
            var filter = UsageFilter()
            (filter.agent, filter.from, filter.limit) = ("b", Timestamp(milliseconds: 86_400_000), 1)
            #expect(try store.usageTotals(filter, by: [.model]).map(\.key) == [[.model: "m1"]])
            (filter.agent, filter.model, filter.purpose) = (nil, "m0", .verification)
            #expect(try store.usageTotals(filter, by: [.run]).isEmpty)
            (filter.purpose, filter.provider, filter.project) = (.execution, "scripted", "p")
            #expect(try store.usageTotals(filter, by: [.run, .purpose]).map(\.calls) == [5])
        }
    }

    @Test(arguments: Backend.allCases)
    func `token buckets are replaced and removed`(backend: Backend) throws {
        try backend.runs { store in
            func row(_ key: String, _ time: Int64) -> BucketRow {
                BucketRow(key: key, fullAt: Timestamp(milliseconds: time))
            }
            var commit = Commit()
            commit.buckets = [row("b", 1), row("ä", 2), row("a", 3), row("", .max)]
            _ = try store.commit(commit)
            commit.buckets = [row("b", 9), row("c", 4)]
            commit.removedBuckets = ["a", "a", "c"]
            _ = try store.commit(commit)
            #expect(try store.buckets() == [row("", .max), row("b", 9), row("ä", 2)])
        }
    }
}
