// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread of ours for work that blocks; takes no signals.
public struct OwnThread: Sendable {
    private let handle: pthread_t

    /// Starts a thread that ends with `body`.
    ///
    /// - Parameter name: Shown by `ps -L`; the first 15 bytes count.
    public init(named name: String, _ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(ThreadBody(name: name, body: body))
        var handle = pthread_t()
        let error = pthread_create(&handle, nil, runThread, box.toOpaque())
        // Without threads nothing here can work; there is no caller who could do better.
        precondition(error == 0, "the system has no room for another thread")
        self.handle = handle
    }

    /// Waits for the thread to end. Call this or ``detach()``, once.
    public func join() {
        pthread_join(handle, nil)
    }

    /// Lets the thread end unobserved.
    public func detach() {
        pthread_detach(handle)
    }
}

private final class ThreadBody: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let thread = Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    rename(to: thread.name)
    thread.body()
    return nil
}

/// `pthread_setname_np` is not in Swift's Glibc; the kernel has the same as a file.
private func rename(to name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, name, min(15, name.utf8.count))
    close(file)
}
