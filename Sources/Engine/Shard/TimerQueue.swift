// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// The timers of the runs this process drives, by time. Each one is also a row.
struct TimerQueue {
    private struct Subject: Hashable {
        let key: TaskKey
        let kind: TimerKind
    }
    private var heap = Heap<TimerRow> { ($0.fireAt, $0.number) < ($1.fireAt, $1.number) }
    private var armed: [Subject: TimerRow] = [:]

    /// When the next one is due.
    var nextFireAt: Timestamp? {
        mutating get {
            dropStale()
            return heap.first?.fireAt
        }
    }

    /// Adds a timer; it takes the place of one for the same task and purpose, which is returned.
    mutating func arm(_ timer: TimerRow) -> TimerRow? {
        heap.push(timer)
        return armed.updateValue(timer, forKey: Subject(key: timer.key, kind: timer.kind))
    }

    /// Takes a timer out, if there is one.
    mutating func disarm(_ key: TaskKey, _ kind: TimerKind) -> TimerRow? {
        armed.removeValue(forKey: Subject(key: key, kind: kind))
    }

    /// When the timer of a task for that purpose is due, if there is one.
    func time(of key: TaskKey, _ kind: TimerKind) -> Timestamp? {
        armed[Subject(key: key, kind: kind)]?.fireAt
    }

    /// Takes out the next timer that is due.
    mutating func popDue(at now: Timestamp) -> TimerRow? {
        dropStale()
        guard let first = heap.first, first.fireAt <= now else { return nil }
        armed[Subject(key: first.key, kind: first.kind)] = nil
        return heap.pop()
    }

    private mutating func dropStale() {
        while let first = heap.first, armed[Subject(key: first.key, kind: first.kind)] != first { _ = heap.pop() }
    }
}
