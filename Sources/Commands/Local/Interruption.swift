// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Threads

/// Ctrl-C and `kill`: the first one asks, the second one ends the process at once.
enum Interruption {
    /// Calls `handler` with the first of SIGINT, SIGTERM and SIGHUP, on a thread of its own. Call once, before other
    /// threads start: they inherit that the signals are held back from them.
    ///
    /// - Parameter onHangup: Called with each SIGHUP, which then is no reason to end.
    static func watch(
        onHangup: (@Sendable () -> Void)? = nil,
        _ handler: @escaping @Sendable (Int32) -> Void
    ) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let held = signals
        OwnThread(named: "baton-signals") {
            var signals = held
            var (number, isAsked): (Int32, Bool) = (0, false)
            while true {
                guard sigwait(&signals, &number) == 0 else { continue }
                if number == SIGHUP, let onHangup {
                    onHangup()
                } else if isAsked {
                    _exit(128 + SIGINT)
                } else {
                    isAsked = true
                    handler(number)
                }
            }
        }.detach()
    }
}
