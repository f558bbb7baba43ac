// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

/// Rows that are found by a key of their own.
@Suite struct KeyedContractTests {
    @Test(arguments: Backend.allCases)
    func `an answer is kept by principal and key until its time is over`(backend: Backend) throws {
        try backend.runs { store in
            var full = IdempotencyRow.sample("user:é", "k\0ey", expires: 50)
            full.runKey = 7
            var commit = Commit()
            commit.idempotency = [
                full, .sample("a", "x", expires: 10), .sample("a", "y", expires: 30), .sample("b", "x", expires: 20),
            ]
            _ = try store.commit(commit)
            #expect(try store.idempotency(principal: "user:é", key: "k\0ey") == full)
            #expect(try store.idempotency(principal: "a", key: "x") == .sample("a", "x", expires: 10))
            #expect(try store.idempotency(principal: "b", key: "y") == nil)
            var replaced = IdempotencyRow.sample("a", "x", expires: 60)
            replaced.bodyHash = "other"
            commit.idempotency = [replaced]
            _ = try store.commit(commit)
            #expect(try store.idempotency(principal: "a", key: "x") == replaced)

            commit.idempotency = []
            commit.expiries = [Expiry(.idempotency, before: Timestamp(milliseconds: 51), limit: 2)]
            #expect(try store.count(commit.expiries[0]) == 2)
            _ = try store.commit(commit)
            #expect(try store.count(commit.expiries[0]) == 1)
            #expect(try store.idempotency(principal: "b", key: "x") == nil, "the oldest go first")
            #expect(try store.idempotency(principal: "a", key: "y") == nil)
            #expect(try store.idempotency(principal: "user:é", key: "k\0ey") == full)
            _ = try store.commit(commit)
            #expect(try store.idempotency(principal: "user:é", key: "k\0ey") == nil)
            #expect(try store.idempotency(principal: "a", key: "x") == replaced)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a run takes a message in once`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.inbox = [
                InboxRow(runKey: 1, message: "m", appliedSequence: 4),
                InboxRow(runKey: 2, message: "m", appliedSequence: 5),
            ]
            _ = try store.commit(commit)
            #expect(try store.inbox(ofRun: 1, message: "m") == 4)
            #expect(try store.inbox(ofRun: 2, message: "m") == 5)
            #expect(try store.inbox(ofRun: 3, message: "m") == nil)
            for wrong in [
                [InboxRow(runKey: 1, message: "m", appliedSequence: 9)],
                [
                    InboxRow(runKey: 3, message: "m", appliedSequence: 1),
                    InboxRow(runKey: 3, message: "m", appliedSequence: 1),
                ],
            ] {
                var second = Commit()
                second.inbox = wrong
                second.signals = [.sample("x", "1", at: 1)]
                #expect(code { _ = try store.commit(second) } == .conflict)
            }
            #expect(try store.inbox(ofRun: 1, message: "m") == 4)
            #expect(try store.inbox(ofRun: 3, message: "m") == nil)
            #expect(try store.signals(SignalFilter()).isEmpty, "nothing of a refused commit is there")
        }
    }

    @Test(arguments: Backend.allCases)
    func `signals wait for whom they are for, each once`(backend: Backend) throws {
        try backend.runs { store in
            var full = SignalRow.sample("run_1", "d", at: 30, type: "paid")
            (full.runKey, full.correlation) = (1, "order:7")
            let (a, b) = (SignalRow.sample("run_1", "b", at: 20), SignalRow.sample("run_1", "a", at: 20))
            let other = SignalRow.sample("workflow:w", "d", at: 10, type: "paid")
            var commit = Commit()
            commit.signals = [full, a, b, other]
            _ = try store.commit(commit)
            commit.signals = [.sample("run_1", "d", at: 99)]
            _ = try store.commit(commit)

            let cases: [(target: String?, type: String?, correlation: String?, limit: Int, found: [SignalRow])] = [
                (nil, nil, nil, 9, [other, b, a, full]), ("run_1", nil, nil, 9, [b, a, full]),
                ("run_1", "paid", nil, 9, [full]), (nil, "paid", nil, 9, [other, full]),
                ("run_1", nil, "order:7", 9, [full]), ("run_1", nil, nil, 2, [b, a]), ("run_2", nil, nil, 9, []),
                (nil, nil, nil, 1, [other]),
            ]
            for (target, type, correlation, limit, found) in cases {
                var filter = SignalFilter()
                (filter.target, filter.type, filter.correlation, filter.limit) = (target, type, correlation, limit)
                #expect(try store.signals(filter) == found, "\(filter)")
            }
            commit.signals = [a]
            commit.removedSignals = [a.key, SignalRow.Key(target: "run_1", dedupeKey: "nobody")]
            _ = try store.commit(commit)
            #expect(try store.signals(SignalFilter()) == [other, b, full], "removing wins")
            commit = Commit()
            commit.expiries = [Expiry(.signals, before: Timestamp(milliseconds: 30))]
            #expect(try store.count(commit.expiries[0]) == 2)
            _ = try store.commit(commit)
            #expect(try store.signals(SignalFilter()) == [full])
        }
    }

    @Test(arguments: Backend.allCases)
    func `the cache counts uses and gives up what is old or unused`(backend: Backend) throws {
        try backend.runs { store in
            #expect(try store.cacheTotals() == CacheTotals())
            let (a, b) = (CacheRow.sample("p", "a", expires: 30), CacheRow.sample("p", "b", expires: 20))
            var c = CacheRow.sample("q", "a", expires: 10)
            (c.workflow, c.node) = ("other", "m")
            var commit = Commit()
            commit.cache = [b, c, a]
            _ = try store.commit(commit)
            func use(_ rows: [CacheRow], at: Int64) -> [CacheUse] {
                rows.map { CacheUse(key: $0.key, at: Timestamp(milliseconds: at)) }
            }
            commit.cache = []
            commit.cacheUses = use([a, a, c], at: 5) + use([a], at: 3)
            _ = try store.commit(commit)
            let used = try store.cached(a.key)
            #expect(used?.hits == 3)
            #expect(used?.usedAt.milliseconds == 5, "time never goes back")
            #expect(try store.cached(CacheRow.Key(scope: "q", hash: "b")) == nil)
            let totals = try store.cacheTotals()
            #expect(
                totals
                    == CacheTotals(
                        entries: 3,
                        bytes: 30,
                        hits: 4,
                        saved: .milliseconds(28),
                        savedCost: Money(picodollars: 36)
                    )
            )
            let filters: [(CacheFilter.Order, scope: String?, workflow: String?, node: String?, found: [String])] = [
                (.key, nil, nil, nil, ["p.a", "p.b", "q.a"]),
                (.leastRecentlyUsed, nil, nil, nil, ["p.b", "p.a", "q.a"]),
                (.mostHits, nil, nil, nil, ["p.a", "q.a", "p.b"]), (.key, "q", nil, nil, ["q.a"]),
                (.key, nil, "w", nil, ["p.a", "p.b"]), (.key, nil, nil, "m", ["q.a"]), (.key, "p", "w", "m", []),
            ]
            for (order, scope, workflow, node, found) in filters {
                var filter = CacheFilter()
                (filter.order, filter.scope, filter.workflow, filter.node) = (order, scope, workflow, node)
                #expect(try store.cache(filter).map { "\($0.key.scope).\($0.key.hash)" } == found, "\(filter)")
            }
            commit = Commit()
            commit.removedCache = [c.key, CacheRow.Key(scope: "z", hash: "z")]
            _ = try store.commit(commit)
            #expect(try store.cached(c.key) == nil)
            commit.removedCache = []
            commit.cacheUses = use([b, c], at: 9)
            #expect(code { _ = try store.commit(commit) } == .conflict, "an entry that is gone answers for nothing")
            #expect(try store.cached(b.key) == b)
            commit.cacheUses = []
            commit.expiries = [Expiry(.cache, before: Timestamp(milliseconds: 30))]
            _ = try store.commit(commit)
            #expect(try store.cache(CacheFilter()) == [used])
        }
    }
}

extension IdempotencyRow {
    static func sample(_ principal: String, _ key: String, expires: Int64) -> IdempotencyRow {
        IdempotencyRow(
            principal: principal,
            key: key,
            bodyHash: "sha256:\(key)",
            answer: Array("answer \(principal)".utf8),
            expiresAt: Timestamp(milliseconds: expires)
        )
    }
}

extension SignalRow {
    static func sample(_ target: String, _ dedupeKey: String, at: Int64, type: String = "t") -> SignalRow {
        SignalRow(
            key: Key(target: target, dedupeKey: dedupeKey),
            type: type,
            payload: Array(#"{"value":"\#(dedupeKey)"}"#.utf8),
            arrivedAt: Timestamp(milliseconds: at)
        )
    }
}

extension CacheRow {
    static func sample(_ scope: String, _ hash: String, expires: Int64 = 1) -> CacheRow {
        CacheRow(
            key: Key(scope: scope, hash: hash),
            workflow: "w",
            node: "n",
            run: RunID(high: 1, low: 2),
            task: 3,
            output: Array(#"{"value":"\#(hash)"}"#.utf8),
            size: 10,
            duration: .milliseconds(7),
            cost: Money(picodollars: 9),
            createdAt: Timestamp(milliseconds: 1),
            expiresAt: Timestamp(milliseconds: expires)
        )
    }
}
