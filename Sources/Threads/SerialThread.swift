// Baton
// SPDX-License-Identifier: Apache-2.0

/// A thread that runs closures one after the other.
public final class SerialThread: Sendable {
    private let mailbox = Mailbox<(@Sendable () -> Void)?>()

    /// Starts the thread.
    ///
    /// - Parameter name: Shown by `ps -L`; the first 15 bytes count.
    public init(named name: String) {
        OwnThread(named: name) { [mailbox] in
            while true {
                for body in mailbox.receive(limit: .max, timeout: 3_600_000) {
                    guard let body else { return }
                    body()
                }
            }
        }.detach()
    }

    deinit {
        mailbox.send(nil)
    }

    /// Runs blocking code on the thread and suspends until it returned.
    public func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            mailbox.send { continuation.resume(returning: body()) }
        }
    }
}
