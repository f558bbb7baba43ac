// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import Model

/// The clocks of the operating system.
public struct SystemClock: EngineClock {
    /// The system's clocks.
    public init() {}

    /// `CLOCK_REALTIME`.
    public func wall() -> Timestamp {
        Timestamp(milliseconds: milliseconds(CLOCK_REALTIME))
    }

    /// `CLOCK_MONOTONIC`.
    public func monotonic() -> Int64 {
        milliseconds(CLOCK_MONOTONIC)
    }

    private func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
