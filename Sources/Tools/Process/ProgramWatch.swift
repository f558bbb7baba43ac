// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Looks at a program while it runs: sees what it writes, and ends it when it is silent for too long, writes too much, or
/// does not end after it has said all.
public final class ProgramWatch: Sendable {
    private struct State {
        var lastSign: ContinuousClock.Instant?
        var endBy: ContinuousClock.Instant?
        var bytes = 0
    }

    private let silence: Duration?
    private let byteLimit: Int
    private let isBusy: @Sendable () -> Bool
    private let see: @Sendable (UnsafeRawBufferPointer) -> Void
    private let state = Mutex(State())

    /// A watch for one run of a program.
    ///
    /// - Parameters:
    ///   - silence: So long nothing may be heard of it: no output, no use of the processor, no ``touch()``.
    ///   - byteLimit: After so many bytes of output it is ended.
    ///   - isBusy: It waits for somebody who is at work for it, which is no silence.
    ///   - see: Gets what it writes to its standard output, as it comes, secrets not masked; called on the thread that
    ///     reads, which it must not block.
    public init(
        silence: Duration? = nil,
        byteLimit: Int = .max,
        isBusy: @escaping @Sendable () -> Bool = { false },
        see: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
    ) {
        (self.silence, self.byteLimit, self.isBusy, self.see) = (silence, byteLimit, isBusy, see)
    }

    /// Something was heard of it by another way.
    public func touch() { state.withLock { $0.lastSign = .now } }

    /// It has said all, and is ended unless it ends by itself within that time.
    public func expectEnd(within time: Duration) {
        state.withLock { if $0.endBy == nil { $0.endBy = .now + time } }
        // Its loop may sleep for longer.
        ProgramLoop.shared.ring()
    }

    func take(_ bytes: UnsafeRawBufferPointer) {
        see(bytes)
        state.withLock { state in
            state.bytes += bytes.count
            state.lastSign = .now
        }
    }

    /// Bytes on standard error are a sign too.
    func takeErrors(_ count: Int) {
        state.withLock { state in
            state.bytes += count
            state.lastSign = .now
        }
    }

    /// When ``verdict(now:isBusy:)`` has something to say.
    func deadline(start: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        state.withLock { state in
            let silent = silence.map { (state.lastSign ?? start) + $0 }
            return [silent, state.endBy].compactMap(\.self).min()
        }
    }

    /// Why it is to be ended now.
    ///
    /// - Parameter isBusy: Asked when nothing was heard for a span: whether it used the processor instead.
    func verdict(
        start: ContinuousClock.Instant,
        now: ContinuousClock.Instant,
        isBusy: (Duration) -> Bool
    ) -> ProgramResult.StopReason? {
        let (isSilent, hasEnded, hasWritten) = state.withLock { state in
            (
                silence.map { (state.lastSign ?? start) + $0 <= now } ?? false, state.endBy.map { $0 <= now } ?? false,
                state.bytes > byteLimit
            )
        }
        if hasWritten { return .output }
        if hasEnded { return .ended }
        guard isSilent, let silence else { return nil }
        guard !self.isBusy(), !isBusy(silence) else {
            touch()
            return nil
        }
        return .silence
    }
}
