// Baton
// SPDX-License-Identifier: Apache-2.0

import Store
import Testing

@testable import Engine

@Suite struct FairQueueTests {
    private func key(_ number: Int) -> TaskKey { TaskKey(runKey: Int64(number), task: 0) }

    /// Takes and charges up to `count` entries and gives their numbers.
    private func drain(_ queue: inout FairQueue, _ count: Int = .max, at now: Int64 = 0) -> [Int] {
        var taken: [Int] = []
        while taken.count < count, let next = queue.take(at: now) {
            queue.charge()
            taken.append(Int(next.runKey))
        }
        return taken
    }

    /// Entries taken per tenant, where entry n belongs to the tenant `owner[n]`.
    private func shares(_ taken: [Int], _ owner: [Int]) -> [Int] {
        taken.reduce(into: [Int](repeating: 0, count: (owner.max() ?? 0) + 1)) { $0[owner[$1]] += 1 }
    }

    @Test func `classes are strict, and within one the first that came is first`() {
        var queue = FairQueue()
        let priorities = [500, 1000, 150, 499, 50, 149, 10, 49, 0, 9, -5, 2000]
        for (number, priority) in priorities.enumerated() { queue.push(key(number), priority: priority, at: 0) }
        let best = queue.first(at: 0)
        #expect(best == key(8))
        #expect(queue.count == priorities.count)
        #expect(drain(&queue) == [8, 9, 10, 6, 7, 4, 5, 2, 3, 0, 1, 11])
        #expect(queue.isEmpty && queue.count == 0)
    }

    @Test func `ten seconds of waiting are a step of priority, and crossing a border is a class`() {
        let cases: [(priority: Int, waited: Int64, level: Int)] = [
            (500, 9_999, 4), (500, 10_000, 3), (507, 79_999, 4), (507, 80_000, 3), (150, 9_999, 3), (150, 10_000, 2),
            (500, 3_509_999, 3), (500, 3_510_000, 2), (50, 10_000, 1), (10, 10_000, 0), (1000, 5_010_000, 3),
            (1000, 9_910_000, 0), (9, 1_000_000, 0),
        ]
        for (priority, waited, level) in cases {
            for isGiven in [true, false] {
                var queue = FairQueue()
                let start: Int64 = isGiven ? waited : 0
                let ticket = queue.push(key(1), priority: priority, since: 0, at: start)
                _ = queue.first(at: waited)
                #expect(queue.level(of: ticket) == level, "priority \(priority) after \(waited) ms, given \(isGiven)")
            }
        }
    }

    @Test func `an old entry comes before a better one that is young`() {
        var queue = FairQueue()
        queue.push(key(1), priority: 505, at: 0)
        queue.push(key(2), priority: 500, at: 0)
        queue.push(key(3), priority: 400, at: 50_000)
        // 2 was old enough for the class of 3 before 3 came, but nobody looked; 1 becomes so at 60 s.
        #expect(drain(&queue, at: 59_999) == [3, 2, 1])
        queue.push(key(1), priority: 505, at: 0)
        queue.push(key(2), priority: 500, at: 0)
        let best = queue.first(at: 10_000)
        #expect(best == key(2))
        queue.push(key(3), priority: 400, at: 50_000)
        #expect(drain(&queue, at: 60_000) == [2, 3, 1])
    }

    @Test func `a loud tenant gets no more than the others`() {
        // Tenant 0 has a hundred times as much to do as each of the other 99.
        var queue = FairQueue()
        var owner: [Int] = []
        for _ in 0..<2000 {
            queue.push(key(owner.count), priority: 500, flow: FairKey(tenant: "0", project: ""), at: 0)
            owner.append(0)
        }
        for round in 0..<20 {
            for tenant in 1..<100 {
                let flow = FairKey(tenant: "\(tenant)", project: "\(round % 3)")
                queue.push(key(owner.count), priority: 500, flow: flow, at: 0)
                owner.append(tenant)
            }
        }
        let counts = shares(drain(&queue, 1500), owner)
        #expect(jain(counts) >= 0.95, "\(counts)")
        #expect(counts == [Int](repeating: 15, count: 100))
    }

    @Test func `shares stay fair while entries keep coming`() {
        var random = SeededRandom(7)
        var queue = FairQueue()
        var owner: [Int] = []
        var taken: [Int] = []
        for turn in 0..<20_000 {
            // A hundred of the loud one on each of the others; one in 1.2 is served.
            let tenant = Int.random(in: 0..<199, using: &random)
            for _ in 0..<(tenant < 100 ? 1 : 2) {
                let name = max(0, tenant - 99)
                let flow = FairKey(tenant: "\(name)", project: "\(Int.random(in: 0..<4, using: &random))")
                queue.push(key(owner.count), priority: Int.random(in: 150..<400, using: &random), flow: flow, at: 0)
                owner.append(name)
            }
            if turn % 6 != 0 { taken += drain(&queue, 1) }
        }
        let counts = shares(taken, owner)
        #expect(jain(Array(counts.dropFirst())) >= 0.95, "\(counts)")
    }

    private func jain(_ counts: [Int]) -> Double {
        let sum = Double(counts.reduce(0, +))
        let squares = counts.reduce(0.0) { $0 + Double($1) * Double($1) }
        return sum * sum / (Double(counts.count) * squares)
    }

    @Test func `shares follow weights and costs, and projects divide the share of their tenant`() {
        let a = FairKey(tenant: "a", project: "")
        let (b1, b2) = (FairKey(tenant: "b", project: "1"), FairKey(tenant: "b", project: "2"))
        let cases: [(weights: FairWeights, cost: Int, shares: [Int])] = [
            (FairWeights(), 1, [200, 100, 100]),
            (FairWeights(tenants: ["a": 3]), 1, [300, 50, 50]),
            (FairWeights(projects: [b1: 3]), 1, [200, 150, 50]),
            (FairWeights(), 3, [100, 150, 150]),
            (FairWeights(tenants: ["a": 0, "b": -7]), 1, [200, 100, 100]),
        ]
        for (weights, cost, expected) in cases {
            for isLate in [false, true] {
                var queue = FairQueue(weights: isLate ? FairWeights() : weights)
                var owner: [Int] = []
                for _ in 0..<400 {
                    for (number, flow) in [a, b1, b2].enumerated() {
                        queue.push(key(owner.count), priority: 0, flow: flow, cost: number == 0 ? cost : 1, at: 0)
                        owner.append(number)
                    }
                }
                if isLate { queue.setWeights(weights) }
                let counts = shares(drain(&queue, 400), owner)
                for (count, share) in zip(counts, expected) {
                    #expect(abs(count - share) <= 2, "\(weights), cost \(cost), late \(isLate): \(counts)")
                }
            }
        }
    }

    @Test func `an entry that is not wanted any more costs its tenant nothing`() {
        var queue = FairQueue()
        for number in 0..<40 {
            queue.push(key(number), priority: 0, flow: FairKey(tenant: number < 20 ? "a" : "b", project: ""), at: 0)
        }
        // The first ten of a are stale.
        for number in 0..<10 {
            let taken = queue.take(at: 0)
            #expect(taken == key(number))
        }
        #expect(drain(&queue, 4) == [10, 20, 11, 21])
    }

    @Test func `who was away has saved nothing up, and leaving gains nothing`() {
        let (a, b) = (FairKey(tenant: "a", project: ""), FairKey(tenant: "b", project: ""))
        for other in [b, FairKey(tenant: "a", project: "other")] {
            var queue = FairQueue()
            for number in 0..<100 { queue.push(key(number), priority: 0, flow: a, at: 0) }
            #expect(drain(&queue, 50).count == 50)
            for number in 100..<110 { queue.push(key(number), priority: 0, flow: other, at: 0) }
            #expect(drain(&queue, 6) == [100, 50, 101, 51, 102, 52], "\(other)")
        }
        // b has one entry at a time: it never has two turns in a row.
        var queue = FairQueue()
        for number in 0..<20 { queue.push(key(number), priority: 0, flow: a, at: 0) }
        var order: [Int] = []
        for number in 100..<105 {
            queue.push(key(number), priority: 0, flow: b, at: 0)
            order += drain(&queue, 2)
        }
        #expect(order == [0, 100, 1, 101, 2, 102, 3, 103, 4, 104])
    }

    @Test func `tenants that have nothing to do are forgotten`() {
        var queue = FairQueue()
        for number in 0..<10_000 { queue.push(key(-1 - number), priority: 500, at: 0) }
        for number in 0..<20_000 {
            let flow = FairKey(tenant: "t\(number / 2)", project: "p\(number)")
            queue.push(key(number), priority: 500, flow: flow, at: 0)
            _ = drain(&queue, 1)
        }
        // Those of one tenant too.
        for number in 0..<2000 {
            queue.push(key(number), priority: 500, flow: FairKey(tenant: "", project: "p\(number)"), at: 0)
            _ = drain(&queue, 1)
        }
        #expect(queue.flowCount < 500)
    }

    @Test func `an entry leaves by its ticket, once`() {
        var queue = FairQueue()
        let tickets = (0..<5).map { queue.push(key($0), priority: 500, at: 0) }
        for number in [0, 2, 4] {
            let removals = (queue.remove(tickets[number]), queue.remove(tickets[number]))
            #expect(removals == (true, false))
        }
        let late = queue.push(key(9), priority: 500, at: 0)
        let stale = queue.remove(tickets[4])
        #expect(!stale, "the slot has another entry now")
        #expect(queue.level(of: tickets[4]) == nil)
        #expect(queue.keys.count == 3)
        #expect(drain(&queue) == [1, 3, 9])
        #expect(queue.level(of: late) == nil)
    }

    @Test func `a position tells how many are taken before`() {
        var random = SeededRandom(3)
        var queue = FairQueue(weights: FairWeights(tenants: ["1": 3]))
        var tickets: [FairQueue.Ticket] = []
        for number in 0..<300 {
            let flow = FairKey(
                tenant: "\(Int.random(in: 0..<4, using: &random))",
                project: "\(Int.random(in: 0..<3, using: &random))"
            )
            let (priority, cost) = (Int.random(in: 0...1000, using: &random), Int.random(in: 1...5, using: &random))
            tickets.append(queue.push(key(number), priority: priority, flow: flow, cost: cost, at: 0))
        }
        let positions = tickets.map { queue.position(of: $0, limit: 1000) }
        #expect(queue.position(of: tickets[0], limit: 0) == 0)
        let order = drain(&queue)
        for (position, number) in order.enumerated() { #expect(positions[number] == position) }
        #expect(queue.position(of: tickets[0], limit: 9) == nil)
    }

    @Test func `random work comes out in the order of class and arrival, and all of it`() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            var queue = FairQueue()
            // What the queue holds: flow, priority, since, ticket.
            var held: [Int: (flow: Int, priority: Int, since: Int64, ticket: FairQueue.Ticket)] = [:]
            var (now, number) = (0 as Int64, 0)
            for step in 0..<1500 {
                now += Int64.random(in: 0..<3000, using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5:
                    let flow = Int.random(in: 0..<6, using: &random)
                    // One priority a class, so that arrival in the class is arrival.
                    let priority = [0, 30, 100, 300, 560].randomElement(using: &random) ?? 0
                    let ticket = queue.push(
                        key(number),
                        priority: priority,
                        flow: FairKey(tenant: "\(flow / 2)", project: "\(flow)"),
                        at: now
                    )
                    held[number] = (flow, priority, now, ticket)
                    number += 1
                case 5:
                    guard let gone = held.keys.sorted().randomElement(using: &random),
                        let entry = held.removeValue(forKey: gone)
                    else { continue }
                    let isRemoved = queue.remove(entry.ticket)
                    try #require(isRemoved)
                default:
                    guard let taken = queue.take(at: now) else {
                        try #require(held.isEmpty)
                        continue
                    }
                    if Bool.random(using: &random) { queue.charge() }
                    func level(_ number: Int) -> Int {
                        guard let entry = held[number] else { return 9 }
                        return FairQueue.priorityClass(max(0, entry.priority - Int((now - entry.since) / 10_000)))
                    }
                    let chosen = Int(taken.runKey)
                    let entry = try #require(held[chosen], "seed \(seed), step \(step)")
                    let best = held.keys.map(level).min()
                    try #require(level(chosen) == best, "seed \(seed), step \(step)")
                    let isFirst = !held.contains {
                        $0.key < chosen && $0.value.flow == entry.flow && $0.value.priority == entry.priority
                    }
                    try #require(isFirst, "seed \(seed), step \(step)")
                    held[chosen] = nil
                }
                try #require(queue.count == held.count)
            }
        }
    }

    @Test func `fault 30: taking one of a million entries costs what taking one of a thousand does`() {
        var queue = FairQueue()
        let flows = (0..<10).map { FairKey(tenant: "\($0)", project: "") }
        func push(upTo count: Int) {
            for number in queue.count..<count {
                queue.push(key(number), priority: 500, flow: flows[number % 10], at: 0)
            }
        }
        /// The fastest of some rounds, which the neighbours on the machine disturb least.
        func cost() -> Duration {
            (0..<20).map { _ in
                ContinuousClock().measure {
                    for _ in 0..<50 {
                        let taken = queue.take(at: 0)
                        queue.charge()
                        if let taken { queue.push(taken, priority: 500, flow: flows[Int(taken.runKey) % 10], at: 0) }
                    }
                }
            }.min() ?? .zero
        }
        push(upTo: 1000)
        let small = cost()
        push(upTo: 1_000_000)
        let large = cost()
        #expect(large < small * 3, "\(small) of a thousand, \(large) of a million")
    }
}
