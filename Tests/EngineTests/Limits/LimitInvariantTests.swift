// Baton
// SPDX-License-Identifier: Apache-2.0

import Store
import Testing

@testable import Engine

@Suite struct LimitInvariantTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `fault 31: permits are never exceeded or leaked, and no waiter is lost`(seed: UInt64) throws {
        var world = LimitWorld(seed: seed)
        // A quarter of a million operations for each of four seeds.
        for step in 1...250_000 {
            world.step()
            if step % 500 == 0 { try world.audit("seed \(seed), step \(step)") }
        }
        let counts = (world.kills, world.grants, world.waits)
        #expect(counts.0 > 200 && counts.1 > 15_000 && counts.2 > 50_000, "\(counts)")
        try world.finish("seed \(seed)")
    }
}

/// Attempts that come, wait, run and end, processes that die, and what must be true of them.
private struct LimitWorld {
    private struct Attempt {
        let request: KeyedLimits.Request
        var isRunning: Bool
    }

    private var limits = KeyedLimits()
    private var random: SeededRandom
    private var attempts: [TaskKey: Attempt] = [:]
    /// The attempts' tasks, to draw from.
    private var tasks: [TaskKey] = []
    private var fences: [TaskKey: Int64] = [:]
    private var now: Int64 = 0
    /// Keys whose maximum fell below what was held, and how much that was.
    private var exceeded: [LimitKey: Int] = [:]
    private(set) var isWithin = true
    private(set) var kills = 0
    private(set) var grants = 0
    private(set) var waits = 0

    private static let demands: [KeyedLimits.Demand] = [
        .init(key: LimitKey(.node, "a"), maximum: 1), .init(key: LimitKey(.node, "b"), maximum: 2),
        .init(key: LimitKey(.node, "b"), maximum: 3), .init(key: LimitKey(.tool, "c"), maximum: 4),
        .init(key: LimitKey(.agent, "d"), maximum: 3), .init(key: LimitKey(.project, "e"), maximum: 8),
        .init(key: LimitKey(.queue, "f"), maximum: 12),
    ]

    init(seed: UInt64) {
        random = SeededRandom(seed)
    }

    mutating func step() {
        now += Int64(draw(300))
        switch draw(1000) {
        case 0: kill()
        case 1..<3:
            limits.setMaximum(draw(6) + 1, of: Self.demands[draw(Self.demands.count)].key, at: now)
            noteExceeded()
        case 3..<500 where tasks.count < 60: begin()
        case 500..<520: restart()
        default: end()
        }
        takeGranted()
        isWithin = isWithin && isWithinLimits()
    }

    private mutating func noteExceeded() {
        for (key, permits) in limits.permits where permits.holders.count > permits.strictest {
            exceeded[key] = permits.holders.count
        }
    }

    /// A key has no more holders than the strictest allows, or fewer and fewer since its maximum fell.
    private mutating func isWithinLimits() -> Bool {
        for demand in Self.demands {
            guard let permits = limits.permits[demand.key], permits.holders.count > permits.strictest else {
                if !exceeded.isEmpty { exceeded[demand.key] = nil }
                continue
            }
            guard let before = exceeded[demand.key], permits.holders.count <= before else { return false }
            exceeded[demand.key] = permits.holders.count
        }
        return true
    }

    private mutating func draw(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: random.next() % UInt64(bound))
    }

    private mutating func begin() {
        let task = TaskKey(runKey: Int64(draw(500)), task: draw(3))
        guard attempts[task] == nil else { return }
        ask(task)
    }

    /// The next attempt of a task whose last one was never seen to end.
    private mutating func restart() {
        guard !tasks.isEmpty else { return }
        ask(tasks[draw(tasks.count)])
    }

    private mutating func ask(_ task: TaskKey) {
        let fence = (fences[task] ?? 0) + 1
        fences[task] = fence
        let first = draw(Self.demands.count)
        let demands = (0..<draw(3) + 1).map { Self.demands[(first + $0 * 2) % Self.demands.count] }
        let flow = FairKey(tenant: "\(task.runKey % 4)", project: "\(task.runKey % 9)")
        let waiter = Waiter(task: task, priority: draw(1001), flow: flow, since: now)
        let request = KeyedLimits.Request(waiter: waiter, fence: fence, demands: demands)
        note(task, Attempt(request: request, isRunning: limits.acquire(request, at: now) == .granted))
    }

    private mutating func note(_ task: TaskKey, _ attempt: Attempt) {
        if attempts.updateValue(attempt, forKey: task) == nil { tasks.append(task) }
        if !attempt.isRunning { waits += 1 }
    }

    private mutating func end() {
        guard !tasks.isEmpty else { return }
        let index = draw(tasks.count)
        let task = tasks[index]
        if draw(10) == 0 { limits.release(task, fence: (fences[task] ?? 0) - 1, at: now) }
        limits.release(task, fence: fences[task], at: now)
        attempts[task] = nil
        tasks.swapAt(index, tasks.count - 1)
        tasks.removeLast()
    }

    private mutating func takeGranted() {
        for task in limits.takeGranted() {
            grants += 1
            attempts[task]?.isRunning = true
        }
    }

    /// The process dies: what ran is found in the store, what waited asks again.
    private mutating func kill() {
        kills += 1
        limits = KeyedLimits()
        tasks.sort { ($0.runKey, $0.task) < ($1.runKey, $1.task) }
        for task in tasks {
            if let attempt = attempts[task], attempt.isRunning { limits.restore(attempt.request, at: now) }
        }
        for task in tasks {
            guard let attempt = attempts[task], !attempt.isRunning else { continue }
            attempts[task]?.isRunning = limits.acquire(attempt.request, at: now) == .granted
        }
        noteExceeded()
    }

    /// Compares everything with what is known from outside.
    func audit(_ place: String) throws {
        try #require(isWithin, "\(place): a limit was exceeded before")
        try #require(Set(limits.claims.keys) == Set(tasks), "\(place): claims are not the open attempts")
        var held: [LimitKey: Set<TaskKey>] = [:]
        for (task, attempt) in attempts {
            let claim = try #require(limits.claims[task])
            try #require(claim.request.fence == attempt.request.fence)
            try #require(claim.isComplete == attempt.isRunning, "\(place): \(task)")
            try #require(limits.waits(task) == (claim.isComplete ? nil : claim.request.demands[claim.held].key))
            for demand in claim.request.demands.prefix(claim.held) { held[demand.key, default: []].insert(task) }
        }
        try #require(held == limits.permits.mapValues { Set($0.holders.keys) }, "\(place): permits leaked")
        var copy = limits
        for (key, permits) in limits.permits {
            let maxima = permits.holders.keys.compactMap { task in
                limits.claims[task]?.request.demands.first { $0.key == key }?.maximum
            }
            try #require(permits.strictest == maxima.min(), "\(place): \(key)")
        }
        for key in limits.waiters.things {
            // As it was when the key was looked at last: nobody is older than then.
            let waiter = copy.waiters.first(for: key, at: .min)
            let first = try #require(waiter)
            let claim = try #require(limits.claims[first])
            let isReady = limits.fits(claim.request.demands[claim.held])
            try #require(!isReady, "\(place): \(first) could go on with \(key)")
        }
    }

    /// Everything that runs ends; then everything that waited must have run.
    mutating func finish(_ place: String) throws {
        while let task = tasks.first(where: { attempts[$0]?.isRunning == true }) {
            limits.release(task, fence: fences[task], at: now)
            attempts[task] = nil
            tasks.removeAll { $0 == task }
            takeGranted()
            try audit(place)
        }
        try #require(tasks.isEmpty, "\(place): \(tasks.count) wait for nothing")
        try #require(limits.permits.isEmpty && limits.claims.isEmpty && limits.waiters.count == 0)
    }
}
