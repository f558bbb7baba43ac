// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Store

/// Permits by key: at most so many tasks, or runs, at a time.
///
/// A permit belongs to an attempt (task and fence) and goes with it; nothing here outlives the process. After a restart
/// the permits of open attempts are put back with ``restore(_:at:)`` before anybody else asks.
///
/// A task asks for all its permits at once and gets them one by one in the order of ``LimitKey``; what it has it keeps
/// while it waits for the next. A permit that becomes free goes to the waiter whose turn it is, so nobody overtakes.
/// Whoever declared the smallest maximum is kept to it: a key has at most as many holders as each of them allows.
///
/// A run that waits for, or holds, the key of its workflow is the task -1 of that run. Times are milliseconds of one
/// clock that never goes back.
struct KeyedLimits {
    /// A permit that is needed.
    struct Demand: Hashable {
        var key: LimitKey
        /// Holders at a time.
        var maximum: Int
    }

    /// What an attempt asks for.
    struct Request {
        var waiter: Waiter
        /// The attempt's fence.
        var fence: Int64
        var demands: [Demand]
    }

    /// What asking gives.
    enum Answer: Equatable {
        /// It holds all its permits.
        case granted
        /// It waits for that key; see ``takeGranted()``.
        case waiting(LimitKey)
    }

    /// Who holds a permit.
    struct Holder: Equatable {
        var task: TaskKey
        var fence: Int64
        var since: Int64
    }

    struct Claim {
        var request: Request
        /// How many of its demands, in order, it holds.
        var held = 0
        /// It was told to end.
        var isLeaving = false

        var isComplete: Bool { held == request.demands.count }
    }

    struct Permits {
        /// Since when.
        var holders: [TaskKey: Int64] = [:]
        /// How many holders declared which maximum.
        var maxima: [Int: Int] = [:]

        var strictest: Int { maxima.keys.min() ?? .max }

        mutating func add(_ task: TaskKey, maximum: Int, at now: Int64) {
            holders[task] = now
            maxima[maximum, default: 0] += 1
        }

        mutating func remove(_ task: TaskKey, maximum: Int) {
            holders[task] = nil
            maxima[maximum, default: 0] -= 1
            if maxima[maximum] == 0 { maxima[maximum] = nil }
        }
    }

    var claims: [TaskKey: Claim] = [:]
    var permits: [LimitKey: Permits] = [:]
    var waiters: WaitList<LimitKey>
    private var granted: [TaskKey] = []

    init(weights: FairWeights = FairWeights()) {
        waiters = WaitList(weights: weights)
    }

    // MARK: Asking

    /// Asks for permits. The same attempt may ask again and hears how it stands; another attempt of the same task takes
    /// the place of the one before, whose permits go.
    mutating func acquire(_ request: Request, at now: Int64) -> Answer {
        let task = request.waiter.task
        if let claim = claims[task] {
            guard claim.request.fence != request.fence else { return answer(task) }
            release(task, at: now)
        }
        claims[task] = Claim(request: request.sorted)
        advance(task, at: now)
        // Whoever asked hears it from the answer.
        if let index = granted.lastIndex(of: task) { granted.remove(at: index) }
        return answer(task)
    }

    /// An attempt ended, or stopped waiting: its permits go to those whose turn it is. An older or newer fence than the
    /// attempt's does nothing; without one any attempt of the task ends.
    mutating func release(_ task: TaskKey, fence: Int64? = nil, at now: Int64) {
        guard let claim = claims[task], fence == nil || fence == claim.request.fence else { return }
        claims[task] = nil
        waiters.remove(task)
        let demands = claim.request.demands
        for demand in demands.prefix(claim.held) { drop(demand, task) }
        // The key it waited for too: the next one may fit where it did not.
        for demand in demands.prefix(claim.held + 1) { serve(demand.key, at: now) }
    }

    /// Puts back what an attempt held, without asking whether there is room: what runs, runs.
    mutating func restore(_ request: Request, at since: Int64) {
        let task = request.waiter.task
        release(task, at: since)
        var claim = Claim(request: request.sorted)
        claim.held = claim.request.demands.count
        claims[task] = claim
        for demand in claim.request.demands {
            permits[demand.key, default: Permits()].add(task, maximum: demand.maximum, at: since)
        }
    }

    /// Changes the maximum of a key for all who hold it or wait for it. Below what is held nobody loses a permit; it
    /// takes as long as they need until the key is within the limit again.
    mutating func setMaximum(_ maximum: Int, of key: LimitKey, at now: Int64) {
        for task in claims.keys {
            guard let demands = claims[task]?.request.demands else { continue }
            for index in demands.indices where demands[index].key == key {
                claims[task]?.request.demands[index].maximum = maximum
            }
        }
        if let holders = permits[key]?.holders.count, holders > 0 { permits[key]?.maxima = [maximum: holders] }
        serve(key, at: now)
    }

    mutating func setWeights(_ weights: FairWeights) {
        waiters.setWeights(weights)
    }

    /// Tasks that waited and now hold all their permits, in the order in which they got the last one.
    mutating func takeGranted() -> [TaskKey] {
        defer { granted = [] }
        return granted
    }

    // MARK: Explaining

    /// Whether an attempt holds all it asked for.
    func holds(_ task: TaskKey, fence: Int64) -> Bool {
        claims[task].map { $0.isComplete && $0.request.fence == fence } ?? false
    }

    /// The key a task waits for.
    func waits(_ task: TaskKey) -> LimitKey? { waiters.thing(of: task) }

    /// How many come before a task that waits; at most `limit`.
    func position(of task: TaskKey, limit: Int = 10_000) -> Int? { waiters.position(of: task, limit: limit) }

    /// Who holds a key, the longest first.
    func holders(of key: LimitKey) -> [Holder] {
        let all = (permits[key]?.holders ?? [:]).map { task, since in
            Holder(task: task, fence: claims[task]?.request.fence ?? 0, since: since)
        }
        return all.sorted { ($0.since, $0.task.runKey, $0.task.task) < ($1.since, $1.task.runKey, $1.task.task) }
    }

    /// The smallest maximum that a holder of a key declared; `nil` when nobody holds it.
    func maximum(of key: LimitKey) -> Int? { permits[key]?.maxima.keys.min() }

    /// How many wait for a key.
    func waiting(for key: LimitKey) -> Int { waiters.count(for: key) }

    // MARK: Permits

    private func answer(_ task: TaskKey) -> Answer {
        waiters.thing(of: task).map { .waiting($0) } ?? .granted
    }

    func fits(_ demand: Demand) -> Bool {
        guard let permits = permits[demand.key] else { return demand.maximum > 0 }
        return permits.holders.count < min(demand.maximum, permits.strictest)
    }

    /// Takes what is free, up to the first key that is not; there it waits.
    private mutating func advance(_ task: TaskKey, at now: Int64) {
        while let claim = claims[task], !claim.isComplete {
            let demand = claim.request.demands[claim.held]
            guard fits(demand), waiters.count(for: demand.key) == 0 else {
                waiters.add(claim.request.waiter, for: demand.key, at: now)
                // Its turn may come before those who wait there: it has a better class, and perhaps a larger maximum.
                return serve(demand.key, at: now)
            }
            take(demand, task, at: now)
        }
        granted.append(task)
    }

    private mutating func take(_ demand: Demand, _ task: TaskKey, at now: Int64) {
        permits[demand.key, default: Permits()].add(task, maximum: demand.maximum, at: now)
        claims[task]?.held += 1
    }

    private mutating func drop(_ demand: Demand, _ task: TaskKey) {
        permits[demand.key]?.remove(task, maximum: demand.maximum)
        if permits[demand.key]?.holders.isEmpty == true { permits[demand.key] = nil }
    }

    /// Hands free permits of a key to those whose turn it is. They go on to later keys only, so this ends.
    private mutating func serve(_ key: LimitKey, at now: Int64) {
        while let task = waiters.first(for: key, at: now), let claim = claims[task],
            fits(claim.request.demands[claim.held])
        {
            _ = waiters.take(for: key, at: now)
            take(claim.request.demands[claim.held], task, at: now)
            advance(task, at: now)
        }
    }
}

extension KeyedLimits.Request {
    /// With its demands in the order in which they are taken, each key once.
    fileprivate var sorted: Self {
        var copy = self
        guard demands.count > 1 else { return copy }
        copy.demands = []
        for demand in demands.sorted(by: { ($0.key, $0.maximum) < ($1.key, $1.maximum) })
        where copy.demands.last?.key != demand.key { copy.demands.append(demand) }
        return copy
    }
}
