// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Rates
internal import Store

/// Tasks that wait for a token of a bucket, in fair order.
///
/// A token is taken when an attempt starts, never before, so that a bucket is as exact as it can be. Nobody overtakes:
/// while others wait, or have been called, a task that comes gets in line. Whoever is called must be looked at once more
/// with ``admits(_:_:_:isCalled:at:)``.
struct RateGate {
    var buckets = RateBuckets()
    private var waiters = WaitList<String>()
    /// The rates of buckets that somebody waits for.
    private var rates: [String: Rate] = [:]
    /// Tasks that were called and not looked at since, with their bucket.
    private var called: [TaskKey: String] = [:]
    private var calledCount: [String: Int] = [:]

    /// Nobody waits.
    var isEmpty: Bool { rates.isEmpty }
    var waiting: Int { waiters.count + called.count }

    /// Forgets that a task waited or was called; whether it was called.
    mutating func leave(_ task: TaskKey) -> Bool {
        guard !rates.isEmpty || !called.isEmpty else { return false }
        if let bucket = waiters.remove(task) { forget(bucket) }
        guard let bucket = called.removeValue(forKey: task) else { return false }
        calledCount[bucket, default: 1] -= 1
        if calledCount[bucket] == 0 { calledCount[bucket] = nil }
        return true
    }

    /// Whether an attempt may start as far as the bucket is concerned; takes nothing. Otherwise the task waits, and
    /// `nil` is not what comes back: the earliest time at which it is its turn.
    mutating func admits(_ bucket: String, _ rate: Rate, _ waiter: Waiter, isCalled: Bool, at now: Int64) -> Int64? {
        let free = buckets.available(bucket, rate, at: now)
        let before = calledCount[bucket] ?? 0
        if isCalled ? free > 0 : (free > before && waiters.count(for: bucket) == 0) { return nil }
        let ahead = waiters.count(for: bucket) + before
        waiters.add(waiter, for: bucket, at: now)
        rates[bucket] = rate
        return max(buckets.turn(bucket, rate, after: ahead, at: now), now + 1)
    }

    /// Those whose turn has come; they are to be looked at.
    mutating func call(at now: Int64) -> [TaskKey] {
        guard !rates.isEmpty else { return [] }
        var tasks: [TaskKey] = []
        for (bucket, rate) in rates.sorted(by: { $0.key < $1.key }) {
            var free = buckets.available(bucket, rate, at: now) - (calledCount[bucket] ?? 0)
            while free > 0, let task = waiters.take(for: bucket, at: now) {
                free -= 1
                called[task] = bucket
                calledCount[bucket, default: 0] += 1
                tasks.append(task)
            }
            forget(bucket)
        }
        return tasks
    }

    /// When the next one can be called; `nil` when nobody waits.
    func nextAt(_ now: Int64) -> Int64? {
        rates.compactMap { bucket, rate in
            // Whoever was called and has no executor yet keeps its token.
            waiters.count(for: bucket) == 0
                ? nil : buckets.turn(bucket, rate, after: calledCount[bucket] ?? 0, at: now)
        }.min()
    }

    private mutating func forget(_ bucket: String) {
        if waiters.count(for: bucket) == 0 { rates[bucket] = nil }
    }
}
