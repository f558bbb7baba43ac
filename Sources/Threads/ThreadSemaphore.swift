// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Counts permits; for threads of ours only, never for tasks.
public final class ThreadSemaphore: @unchecked Sendable {
    // The semaphore is thread-safe; the pointer never changes.
    private let pointer: UnsafeMutablePointer<sem_t>

    /// A semaphore with that many permits.
    public init(_ permits: UInt32 = 0) {
        pointer = .allocate(capacity: 1)
        sem_init(pointer, 0, permits)
    }

    deinit {
        sem_destroy(pointer)
        pointer.deallocate()
    }

    /// Waits for a permit and takes it.
    public func wait() {
        while sem_wait(pointer) != 0 {}
    }

    /// Adds a permit.
    public func signal() {
        sem_post(pointer)
    }
}
