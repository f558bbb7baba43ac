// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Store

/// Tasks that are to be looked at again at a time, in milliseconds of a clock that never goes back.
struct Delays {
    private struct Entry {
        let at: Int64
        let task: TaskKey
    }
    private var heap = Heap<Entry> { ($0.at, $0.task.runKey, $0.task.task) < ($1.at, $1.task.runKey, $1.task.task) }
    private var times: [TaskKey: Int64] = [:]

    var count: Int { times.count }

    /// The task is due at that time, and not at one that was given before.
    mutating func set(_ task: TaskKey, at time: Int64) {
        times[task] = time
        heap.push(Entry(at: time, task: task))
    }

    mutating func remove(_ task: TaskKey) {
        if !times.isEmpty { times[task] = nil }
    }

    /// When the next one is due.
    var nextAt: Int64? {
        mutating get {
            dropStale()
            return heap.first?.at
        }
    }

    mutating func popDue(at now: Int64) -> TaskKey? {
        dropStale()
        guard let first = heap.first, first.at <= now else { return nil }
        _ = heap.pop()
        times[first.task] = nil
        return first.task
    }

    private mutating func dropStale() {
        while let first = heap.first, times[first.task] != first.at { _ = heap.pop() }
    }
}
