// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Engine

@Suite struct RetryBudgetTests {
    private let run = RetryBudget.Key.run(1)
    private let queue = RetryBudget.Key.queue("http")

    /// How many of `count` retries fit, and when the next one does.
    private func retries(_ budget: inout RetryBudget, _ keys: [RetryBudget.Key], _ count: Int, at now: Int64) -> (
        fit: Int, next: Int64?
    ) {
        for fit in 0..<count {
            if let next = budget.retry(keys, at: now) { return (fit, next) }
        }
        return (count, nil)
    }

    @Test func `a fifth of the first attempts may be repeated, and a few always`() {
        let cases: [(firsts: Int, fit: Int)] = [(0, 10), (49, 10), (54, 10), (55, 11), (100, 20), (1000, 200)]
        for (firsts, fit) in cases {
            var budget = RetryBudget(window: .seconds(64))
            for _ in 0..<firsts { budget.first([run], at: 1000) }
            let result = retries(&budget, [run], 5000, at: 2000)
            #expect(result.fit == fit, "\(firsts) first attempts")
            #expect(result.next == 64_000, "\(firsts) first attempts")
        }
    }

    @Test func `room comes back when the window has moved on`() {
        var budget = RetryBudget(floor: 4, window: .seconds(16))
        var fits: [Int] = []
        for second in 0..<40 {
            let result = retries(&budget, [run], second < 2 ? 2 : 100, at: Int64(second) * 1000 + 500)
            fits.append(result.fit)
            if second == 5 { #expect(result.next == 16_000) }
        }
        // Two in each of the first two seconds; those of a second have room again 16 seconds later.
        #expect(fits[..<20] == [2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0])
        let late = retries(&budget, [run], 100, at: 1_000_000)
        #expect(late.fit == 4)
    }

    @Test func `a retry must fit its run and its queue, and takes from both or none`() {
        var budget = RetryBudget(floor: 3)
        for number in 0..<100 { budget.first([.run(Int64(number)), queue], at: 0) }
        let first = retries(&budget, [run, queue], 10, at: 0)
        let others = (2..<20).map { retries(&budget, [.run($0), queue], 10, at: 0).fit }
        #expect(first.fit == 3)
        #expect(others == [3, 3, 3, 3, 3, 2] + [Int](repeating: 0, count: 12))
        // The queue had room for 20; the run that could not go on took nothing from it.
        budget.forget(run)
        for _ in 0..<50 { budget.first([queue], at: 0) }
        let again = retries(&budget, [run, queue], 100, at: 0)
        #expect(again.fit == 3)
    }

    @Test func `keys without attempts are forgotten`() {
        var budget = RetryBudget()
        for number in 0..<10_000 { budget.first([.run(Int64(number)), queue], at: Int64(number) * 100) }
        #expect(budget.count < 2000)
        let queued = retries(&budget, [queue], 1000, at: 1_000_000)
        #expect((100...120).contains(queued.fit), "those of the last minute: \(queued.fit)")
    }

    @Test func `an outage does not become a storm`() {
        var random = SeededRandom(5)
        var budget = RetryBudget()
        var attempts: [(at: Int64, isRetry: Bool)] = []
        // Everything fails for ten minutes, and every failed attempt wants to be repeated at once.
        var waiting: [Int64] = []
        for step in 0..<1500 {
            let now = Int64(step) * 400
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                budget.first([queue], at: now)
                attempts.append((now, false))
                waiting.append(now)
            }
            waiting = waiting.map { due in
                guard due <= now else { return due }
                guard let later = budget.retry([queue], at: now) else {
                    attempts.append((now, true))
                    return now
                }
                return later
            }
        }
        for start in stride(from: 0, to: 540_000, by: 7000) as StrideTo<Int64> {
            let window = attempts.filter { $0.at >= start && $0.at < start + 60_000 }
            let (firsts, retries) = (window.count { !$0.isRetry }, window.count { $0.isRetry })
            #expect(retries <= max(10, firsts / 4), "\(retries) retries on \(firsts) first attempts from \(start)")
        }
    }
}
