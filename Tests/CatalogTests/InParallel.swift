// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs `body` on that many threads at once, with their numbers, and waits for all.
func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    final class Work {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var threads: [pthread_t] = []
    for number in 0..<count {
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work { body(number) }).toOpaque()
        let code = pthread_create(
            &thread,
            nil,
            { work in
                guard let work else { return nil }
                Unmanaged<Work>.fromOpaque(work).takeRetainedValue().run()
                return nil
            },
            work
        )
        precondition(code == 0)
        threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
}
