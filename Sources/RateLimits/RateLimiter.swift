// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Rates

/// The rate limits of a server (spec 11.3): token buckets, exact, checked from the whole server down to the tier of a
/// workflow. Pure: times are milliseconds of one clock that never goes back. Hold it under a lock.
///
/// What is refused takes nothing, so that trying again too early costs nothing.
public struct RateLimiter: Sendable {
    private let settings: RateLimitSettings
    private var buckets = RateBuckets()

    /// One bucket and what it is called.
    private struct Check {
        let tier: String
        let key: String
        let rate: Rate
    }

    /// All buckets are full.
    public init(_ settings: RateLimitSettings = RateLimitSettings()) {
        self.settings = settings
    }

    /// Buckets that are not full, and some that became so.
    public var count: Int { buckets.count }

    /// A request that starts no run.
    ///
    /// - Parameters:
    ///   - caller: The principal; for logins and registrations the address.
    ///   - isExempt: Administrators and workers are.
    public mutating func request(
        _ kind: RequestKind = .other,
        by caller: String,
        isExempt: Bool = false,
        at now: Int64
    ) -> RateLimitAnswer {
        // Whoever logs in is nobody yet, so nobody is exempt.
        guard !isExempt || kind == .login || kind == .register else { return .unlimited }
        return take(user(caller) + kindChecks(kind, caller), at: now)
    }

    /// A request that starts a run: server, then user, then tier. It is the request too, so do not count it twice.
    ///
    /// Children, maps and reruns count once, as the tier of their own graph.
    public mutating func start(
        _ tier: ComplexityTier,
        by caller: String,
        isExempt: Bool = false,
        at now: Int64
    ) -> RateLimitAnswer {
        guard !isExempt else { return .unlimited }
        let global = settings.starts.map { [Check(tier: "global", key: "starts", rate: $0)] } ?? []
        let own = settings.tiers[tier].map {
            [Check(tier: tier.rawValue, key: "start/\(tier.rawValue)/\(caller)", rate: $0)]
        }
        return take(global + user(caller) + (own ?? []), at: now)
    }

    /// A tool execution of a session; nobody is exempt.
    public mutating func tool(session: String, isRestricted: Bool, at now: Int64) -> RateLimitAnswer {
        let rate = isRestricted ? settings.restrictedTools : settings.tools
        return take(rate.map { [Check(tier: "session", key: "tool/\(session)", rate: $0)] } ?? [], at: now)
    }

    private func user(_ caller: String) -> [Check] {
        settings.requests.map { [Check(tier: "user", key: "request/\(caller)", rate: $0)] } ?? []
    }

    private func kindChecks(_ kind: RequestKind, _ caller: String) -> [Check] {
        settings.kinds[kind].map { [Check(tier: kind.rawValue, key: "\(kind.rawValue)/\(caller)", rate: $0)] } ?? []
    }

    /// Takes a token of every bucket, or of none; answers for the first that has none, or for the emptiest.
    private mutating func take(_ checks: [Check], at now: Int64) -> RateLimitAnswer {
        let starts = checks.map { buckets.earliest($0.key, $0.rate, at: now) }
        if let index = starts.firstIndex(where: { $0 > now }) {
            // Not before every bucket has a token: or whoever waits is refused again at once.
            return answer(checks[index], isAllowed: false, retryAt: starts.max() ?? now, at: now)
        }
        var tightest = RateLimitAnswer.unlimited
        for check in checks {
            _ = buckets.take(check.key, check.rate, at: now)
            let answer = answer(check, isAllowed: true, retryAt: now, at: now)
            if tightest.tier == nil || answer.remaining < tightest.remaining { tightest = answer }
        }
        return tightest
    }

    private func answer(_ check: Check, isAllowed: Bool, retryAt: Int64, at now: Int64) -> RateLimitAnswer {
        let remaining = buckets.available(check.key, check.rate, at: now)
        return RateLimitAnswer(
            isAllowed: isAllowed,
            tier: check.tier,
            limit: check.rate.units,
            current: max(0, min(check.rate.burst, check.rate.units) - remaining),
            remaining: remaining,
            resetSeconds: Self.seconds(buckets.fullAt(check.key, at: now) - now),
            retryAfterSeconds: isAllowed ? 0 : max(1, Self.seconds(retryAt - now))
        )
    }

    private static func seconds(_ milliseconds: Int64) -> Int { Int((milliseconds + 999) / 1000) }
}
