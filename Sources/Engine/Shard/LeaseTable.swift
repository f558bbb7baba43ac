// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// Who has which task, until when. Judged on the monotonic clock in milliseconds, so a jump of the wall clock can
/// neither end a lease early nor keep a dead one.
struct LeaseTable {
    /// Why a lease is reported as due.
    enum Due: Equatable {
        /// No heartbeat came in time.
        case expired
        /// The attempt took longer than its node allows.
        case timedOut
    }

    private struct Lease {
        let fence: Int64
        /// How long it lasts without a heartbeat.
        let duration: Int64
        var expiresAt: Int64
        let timesOutAt: Int64
    }
    private struct Entry {
        let at: Int64
        let key: TaskKey
        let fence: Int64
    }
    private var leases: [TaskKey: Lease] = [:]
    private var heap = Heap<Entry> { $0.at < $1.at }

    /// How long a lease lasts without a heartbeat.
    let duration: Int64

    init(duration: Duration) {
        self.duration = duration.milliseconds
    }

    var count: Int { leases.count }

    /// Every lease there is.
    var all: [HeldLease] { leases.map { HeldLease(key: $0.key, fence: $0.value.fence) } }

    func contains(_ key: TaskKey) -> Bool { leases[key] != nil }

    func holds(_ key: TaskKey, fence: Int64) -> Bool {
        leases[key]?.fence == fence
    }

    /// - Parameter span: How long it lasts without a heartbeat, if it is not the usual time.
    mutating func grant(_ key: TaskKey, fence: Int64, timeout: Duration?, now: Int64, for span: Duration? = nil) {
        let duration = span?.milliseconds ?? duration
        let lease = Lease(
            fence: fence,
            duration: duration,
            expiresAt: now + duration,
            timesOutAt: timeout.map { now + $0.milliseconds } ?? .max
        )
        leases[key] = lease
        watch(key, lease)
    }

    mutating func renew(_ key: TaskKey, fence: Int64, now: Int64) {
        guard let lease = leases[key], lease.fence == fence else { return }
        leases[key]?.expiresAt = now + lease.duration
    }

    mutating func end(_ key: TaskKey, fence: Int64) {
        if leases[key]?.fence == fence { leases[key] = nil }
    }

    /// When something may be due. What ended before is dropped first, so that it wakes nobody.
    var nextAt: Int64? {
        mutating get {
            while let first = heap.first, leases[first.key]?.fence != first.fence { _ = heap.pop() }
            return heap.first?.at
        }
    }

    /// The next lease that ended by itself; it stays in the table until ``end(_:fence:)``.
    mutating func popDue(at now: Int64) -> (key: TaskKey, fence: Int64, due: Due)? {
        while let first = heap.first, first.at <= now {
            _ = heap.pop()
            guard let lease = leases[first.key], lease.fence == first.fence else { continue }
            if lease.timesOutAt <= now { return (first.key, lease.fence, .timedOut) }
            if lease.expiresAt <= now { return (first.key, lease.fence, .expired) }
            watch(first.key, lease)  // Renewed since.
        }
        return nil
    }

    private mutating func watch(_ key: TaskKey, _ lease: Lease) {
        heap.push(Entry(at: min(lease.expiresAt, lease.timesOutAt), key: key, fence: lease.fence))
    }
}
