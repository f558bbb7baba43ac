// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A queue of work between any thread and one consumer that sleeps while it is empty.
public final class Mailbox<Element: Sendable>: @unchecked Sendable {
    // `items`, `isWoken` and `isClosed` are only touched while `mutex` is held; the two pointers never change.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var items: [Element] = []
    private var isWoken = false
    private var isClosed = false

    /// An empty queue.
    public init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Adds an element, unless there are `limit` already or the queue is closed. Never blocks for long.
    @discardableResult
    public func send(_ element: Element, limit: Int = .max) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isClosed, items.count < limit else { return false }
        items.append(element)
        if items.count == 1 { pthread_cond_signal(condition) }
        return true
    }

    /// Lets a sleeping consumer look at the time again.
    public func wake() {
        pthread_mutex_lock(mutex)
        isWoken = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Takes what is left; nothing is added any more.
    public func close() -> [Element] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        isClosed = true
        defer { items = [] }
        return items
    }

    /// Takes up to `limit` elements; sleeps while there are none, until woken or for that many milliseconds at most.
    ///
    /// - Parameter patience: With more than 0, it goes on taking while elements keep coming: until `limit`, or until
    ///   none came while it looked away that many times (about 40 ns each).
    public func receive(limit: Int, timeout milliseconds: Int64, patience: Int = 0) -> [Element] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while items.isEmpty && !isWoken {
            guard baton_condition_wait(condition, mutex, milliseconds) == 0 else { break }
        }
        var seen = 0
        while patience > 0, items.count > seen, items.count < limit {
            seen = items.count
            pthread_mutex_unlock(mutex)
            for _ in 0..<patience { baton_pause() }
            pthread_mutex_lock(mutex)
        }
        isWoken = false
        guard items.count > limit else {
            let taken = items
            items = []
            return taken
        }
        let taken = Array(items.prefix(limit))
        items.removeFirst(limit)
        return taken
    }
}
