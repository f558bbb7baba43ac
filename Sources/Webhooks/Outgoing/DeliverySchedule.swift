// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// When a message that was not taken is sent again.
public struct DeliverySchedule: Sendable, Equatable {
    /// 1 s at first, doubled up to an hour, each a fifth shorter or longer by chance; given up after 24 h (spec 10.5).
    public static let standard = DeliverySchedule()

    /// Before the second attempt.
    public var first = Duration.seconds(1)
    /// Between two attempts at most.
    public var longest = Duration.seconds(3600)
    /// How much of a delay is left to chance, to either side.
    public var jitter = 0.2
    /// From the first attempt to when a message is given up.
    public var span = Duration.seconds(24 * 3600)

    /// The standard one.
    public init() {}

    /// The time from the failure of an attempt to the next one.
    ///
    /// - Parameters:
    ///   - attempts: Failures so far, at least 1.
    ///   - chance: From 0 up to 1.
    public func delay(after attempts: Int, chance: Double) -> Duration {
        let doublings = min(max(0, attempts - 1), 30)
        let delay = min(longest, first * (1 << doublings))
        return delay * (1 + jitter * (2 * chance - 1))
    }

    /// Whether a message that was tried first then is given up.
    public func isOver(since time: Timestamp, at now: Timestamp) -> Bool { now - time >= span }
}
