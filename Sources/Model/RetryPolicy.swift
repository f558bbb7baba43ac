// Baton
// SPDX-License-Identifier: Apache-2.0

/// How often and when a failed attempt is made again (spec 3.8). A value that is `nil` comes from the table of the
/// error's class.
public struct RetryPolicy: Sendable, Equatable {
    /// All attempts, the first included [1–100].
    public var maxAttempts: Int?
    /// The wait after the first failed attempt [0–1h].
    public var delay: Duration?
    /// The factor from wait to wait [1–10].
    public var multiplier: Double?
    /// The longest wait [≤ 24h].
    public var maxDelay: Duration?
    /// The largest random part added to a wait, as a fraction of it [0–1].
    public var jitter: Double?
    /// The classes that are retried at all; `nil` means those whose table allows more than one attempt.
    public var classes: [ErrorClass]?
    /// No attempt starts later than this after the first one started.
    public var maxElapsed: Duration?

    /// A policy; leave out what the class table should give.
    public init(
        maxAttempts: Int? = nil,
        delay: Duration? = nil,
        multiplier: Double? = nil,
        maxDelay: Duration? = nil,
        jitter: Double? = nil,
        classes: [ErrorClass]? = nil,
        maxElapsed: Duration? = nil
    ) {
        self.maxAttempts = maxAttempts
        self.delay = delay
        self.multiplier = multiplier
        self.maxDelay = maxDelay
        self.jitter = jitter
        self.classes = classes
        self.maxElapsed = maxElapsed
    }

    /// The wait before attempt `attempt + 1`, or `nil` when there is none.
    ///
    /// - Parameters:
    ///   - attempt: The number of the attempt that failed, from 1; lost attempts do not count.
    ///   - error: What it failed with; its `retryAfter` wins over the computed wait.
    ///   - unit: The random draw for the jitter in [0, 1); the caller stores it with the event.
    public func wait(afterAttempt attempt: Int, error: TaskError, unit: Double) -> Duration? {
        let table = Self.table(for: error.errorClass)
        let isRetried = classes.map { $0.contains(error.errorClass) } ?? (error.errorClass.isRetriedByDefault)
        guard isRetried, error.errorClass != .fatal, attempt < maxAttempts ?? table.maxAttempts else { return nil }
        if let retryAfter = error.retryAfter { return retryAfter }
        let delay = Double((self.delay ?? table.delay).milliseconds)
        let cap = Double((maxDelay ?? table.maxDelay).milliseconds)
        var wait = delay
        for _ in 1..<max(attempt, 1) where wait < cap { wait *= multiplier ?? 2 }
        return .milliseconds(Int64(min(wait, cap) * (1 + (jitter ?? 0.1) * unit)))
    }

    private static func table(for errorClass: ErrorClass) -> (maxAttempts: Int, delay: Duration, maxDelay: Duration) {
        switch errorClass {
        case .transient: (4, .seconds(1), .seconds(30))
        case .upstream: (6, .seconds(5), .seconds(120))
        case .permanent, .fatal: (1, .seconds(1), .seconds(30))
        }
    }
}

extension ErrorClass {
    /// A node without `retry` tries errors of this class again.
    public var isRetriedByDefault: Bool { self == .transient || self == .upstream }
}
