// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Token buckets by the generic cell rate algorithm: per key one number, the time at which the bucket is full again.
///
/// A key that is not there has a full bucket. Over any span no more units start than the burst and what the rate gives
/// in that span; a call that is larger than the burst starts with a full bucket and leaves it in debt. Times are
/// milliseconds of one clock that never goes back.
public struct RateBuckets: Sendable {
    /// All buckets are full.
    public init() {}

    /// When the bucket is full again (the theoretical arrival time), in nanoseconds.
    private var arrivals: [String: Int64] = [:]
    /// Keys whose row is not what is here.
    private var changed: Set<String> = []
    private var sweepAt = 1024

    /// Keys whose bucket is not full, and some that became so.
    public var count: Int { arrivals.count }

    /// When a call could start if it were reserved now; not before `now`.
    public func earliest(_ key: String, _ rate: Rate, weight: Int = 1, at now: Int64) -> Int64 {
        plan(key, rate, weight, now).start
    }

    /// When a call of one unit could start after so many others of one unit each; not before `now`.
    public func turn(_ key: String, _ rate: Rate, after others: Int, at now: Int64) -> Int64 {
        let full = max(arrivals[key] ?? .min, now.nanoseconds)
        let arrival = full.adding(rate.nanoseconds(others + 1))
        return max((arrival - rate.nanoseconds(max(rate.burst, 1))).milliseconds, now)
    }

    /// How many calls of one unit could start now.
    public func available(_ key: String, _ rate: Rate, at now: Int64) -> Int {
        guard earliest(key, rate, at: now) <= now else { return 0 }
        let debt = max(arrivals[key] ?? .min, now.nanoseconds) - now.nanoseconds
        return max(1, Int((rate.nanoseconds(rate.burst) - debt) / max(rate.nanoseconds(1), 1)))
    }

    /// When the bucket is full again; not before `now`.
    public func fullAt(_ key: String, at now: Int64) -> Int64 {
        max((arrivals[key] ?? .min).milliseconds, now)
    }

    /// Takes the units of a call and hands out when it may start, now or later.
    public mutating func reserve(_ key: String, _ rate: Rate, weight: Int = 1, at now: Int64) -> Int64 {
        let (start, arrival) = plan(key, rate, weight, now)
        set(key, arrival, now)
        return start
    }

    /// Takes the units of a call that may start now; `false` takes nothing, see ``earliest(_:_:weight:at:)``.
    public mutating func take(_ key: String, _ rate: Rate, weight: Int = 1, at now: Int64) -> Bool {
        let (start, arrival) = plan(key, rate, weight, now)
        guard start <= now else { return false }
        set(key, arrival, now)
        return true
    }

    // MARK: Corrections

    /// A call used more units than were taken, or fewer when negative; one that never started gives all of them back.
    public mutating func correct(_ key: String, _ rate: Rate, weight: Int, at now: Int64) {
        let span = rate.nanoseconds(abs(weight))
        let arrival = max(arrivals[key] ?? 0, now.nanoseconds)
        set(key, weight < 0 ? arrival - span : arrival.adding(span), now)
    }

    /// The other side said that nothing may start before `time`. Then one call may, and the bucket fills from there.
    public mutating func hold(_ key: String, _ rate: Rate, until time: Int64, at now: Int64) {
        raise(key, to: time.nanoseconds.adding(rate.nanoseconds(rate.burst) - rate.nanoseconds(1)), now)
    }

    /// The other side said that only so many units are left. More than are left here is no news.
    public mutating func limit(_ key: String, _ rate: Rate, remaining: Int, at now: Int64) {
        let missing = max(0, rate.burst - max(0, remaining))
        raise(key, to: now.nanoseconds.adding(rate.nanoseconds(missing)), now)
    }

    private mutating func raise(_ key: String, to arrival: Int64, _ now: Int64) {
        if arrival > (arrivals[key] ?? .min) { set(key, arrival, now) }
    }

    // MARK: Rows

    /// Rows to write and to remove since the last call, by key. `wall` is the time of day of `now`.
    public mutating func takeChanges(wall: Timestamp, at now: Int64) -> (rows: [BucketRow], removed: [String]) {
        defer { changed = [] }
        var (rows, removed): ([BucketRow], [String]) = ([], [])
        for key in changed.sorted() {
            if let arrival = arrivals[key] {
                rows.append(BucketRow(key: key, fullAt: wall + .milliseconds(arrival.milliseconds - now)))
            } else {
                removed.append(key)
            }
        }
        return (rows, removed)
    }

    /// Takes over what an earlier process left. A time of day that was set back since then costs at most `limit`.
    public mutating func restore(_ rows: [BucketRow], wall: Timestamp, at now: Int64, limit: Duration = .seconds(3600))
    {
        for row in rows {
            let ahead = min((row.fullAt - wall).milliseconds, limit.milliseconds)
            if ahead > 0 { arrivals[row.key] = (now + ahead).nanoseconds } else { changed.insert(row.key) }
        }
    }

    // MARK: The algorithm

    private func plan(_ key: String, _ rate: Rate, _ weight: Int, _ now: Int64) -> (start: Int64, arrival: Int64) {
        let weight = max(weight, 0)
        let before = max(arrivals[key] ?? .min, now.nanoseconds)
        let arrival = before.adding(rate.nanoseconds(weight))
        let start = arrival - rate.nanoseconds(max(rate.burst, weight))
        return (max(start.milliseconds, now), arrival)
    }

    private mutating func set(_ key: String, _ arrival: Int64, _ now: Int64) {
        if arrivals.count >= sweepAt { sweep(now) }
        arrivals[key] = arrival
        changed.insert(key)
    }

    /// Full buckets are as good as none.
    private mutating func sweep(_ now: Int64) {
        for (key, arrival) in arrivals where arrival <= now.nanoseconds {
            arrivals[key] = nil
            changed.insert(key)
        }
        sweepAt = max(1024, 2 * arrivals.count)
    }
}

extension Rate {
    /// How long the rate takes for so many units, rounded up, so that it is never exceeded.
    fileprivate func nanoseconds(_ count: Int) -> Int64 {
        let span = Int128(max(period.milliseconds, 1).nanoseconds) * Int128(count)
        let units = Int128(max(units, 1))
        return Int64(min((span + units - 1) / units, Int128(Int64.max / 4)))
    }
}

extension Int64 {
    /// Milliseconds in nanoseconds.
    fileprivate var nanoseconds: Int64 {
        let (product, isOver) = multipliedReportingOverflow(by: 1_000_000)
        return isOver || product.magnitude > UInt64(Int64.max / 4) ? signum() * (.max / 4) : product
    }

    /// Nanoseconds in milliseconds, rounded up.
    fileprivate var milliseconds: Int64 {
        let (quotient, rest) = quotientAndRemainder(dividingBy: 1_000_000)
        return quotient + (rest > 0 ? 1 : 0)
    }

    /// The sum, but not beyond half of the range.
    fileprivate func adding(_ span: Int64) -> Int64 {
        Swift.min(self + span, .max / 2)
    }
}
