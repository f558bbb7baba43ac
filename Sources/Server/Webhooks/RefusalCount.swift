// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Synchronization

/// Counts refused calls, so that whoever makes thousands of them fills no trail: one entry in ten seconds for each hook.
final class RefusalCount: Sendable {
    private static let span = Duration.seconds(10)
    private static let kept = 10_000
    private let state = Mutex<[HookID: (since: Timestamp, silent: Int)]>([:])

    /// How many refusals an entry of now stands for; `nil` when there is to be none.
    func count(_ hook: HookID, at now: Timestamp) -> Int? {
        state.withLock { state in
            if state.count >= Self.kept { state = [:] }
            guard let (since, silent) = state[hook], now >= since, now - since < Self.span else {
                defer { state[hook] = (now, 0) }
                return (state[hook]?.silent ?? 0) + 1
            }
            state[hook] = (since, silent + 1)
            return nil
        }
    }
}
