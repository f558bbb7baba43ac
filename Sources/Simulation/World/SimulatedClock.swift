// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
public import Model
internal import Synchronization

/// A clock that its owner moves. Its time of day can be set, as people and time servers do; what leases are judged by
/// only goes forward.
public final class SimulatedClock: EngineClock {
    private struct Hands {
        var elapsed: Int64 = 0
        var offset: Int64
        /// The time of day stands still there until `elapsed` is that.
        var freeze: (wall: Int64, until: Int64)?
    }
    private let hands: Mutex<Hands>

    /// Stands at `start` until it is moved.
    public init(start: Timestamp = Timestamp(milliseconds: 1_800_000_000_000)) {
        hands = Mutex(Hands(offset: start.milliseconds))
    }

    /// The time of day.
    public func wall() -> Timestamp {
        hands.withLock { hands in
            if let freeze = hands.freeze, hands.elapsed < freeze.until {
                return Timestamp(milliseconds: freeze.wall)
            }
            return Timestamp(milliseconds: hands.offset + hands.elapsed)
        }
    }

    /// Milliseconds since it was made; never falls.
    public func monotonic() -> Int64 {
        hands.withLock { $0.elapsed }
    }

    /// Lets time pass.
    public func advance(by span: Duration) {
        advance(milliseconds: span.milliseconds)
    }

    func advance(milliseconds: Int64) {
        precondition(milliseconds >= 0, "time does not go back")
        hands.withLock { $0.elapsed += milliseconds }
    }

    /// Sets the time of day forward, or back by a negative span.
    public func jump(by span: Duration) {
        hands.withLock { $0.offset += span.milliseconds }
    }

    /// The time of day stands still for that long, and then is right again.
    public func freeze(for span: Duration) {
        hands.withLock { hands in
            hands.freeze = (hands.offset + hands.elapsed, hands.elapsed + span.milliseconds)
        }
    }
}
