// Baton
// SPDX-License-Identifier: Apache-2.0

import RateLimits
import Rates
import Testing

@Suite struct RateLimiterTests {
    @Test func `tiers follow the number of agents`() {
        let cases: [(Int, ComplexityTier)] = [(0, .simple), (1, .standard), (2, .standard), (3, .heavy), (99, .heavy)]
        for (count, tier) in cases { #expect(ComplexityTier(agentNodes: count) == tier, "\(count)") }
    }

    /// How many of many tries at one moment go through, and what the first refusal says.
    private func burst(
        _ limiter: inout RateLimiter,
        at now: Int64,
        _ ask: (inout RateLimiter, Int64) -> RateLimitAnswer
    ) -> (count: Int, refusal: RateLimitAnswer) {
        for count in 0..<5000 {
            let answer = ask(&limiter, now)
            if !answer.isAllowed { return (count, answer) }
        }
        return (5000, ask(&limiter, now))
    }

    @Test func `every limit lets through what the specification says, to the token, and refills evenly`() {
        typealias Ask = (inout RateLimiter, Int64) -> RateLimitAnswer
        let cases: [(name: String, most: Int, perMinute: Int, tier: String, ask: Ask)] = [
            ("requests", 100, 600, "user", { $0.request(by: "a", at: $1) }),
            ("logins", 10, 10, "login", { $0.request(.login, by: "192.0.2.1", isExempt: true, at: $1) }),
            ("accounts", 10, 10, "register", { $0.request(.register, by: "192.0.2.1", at: $1) }),
            ("plans", 5, 5, "plan", { $0.request(.plan, by: "a", at: $1) }),
            ("chat", 5, 5, "chat", { $0.request(.chat, by: "a", at: $1) }),
            ("exports", 5, 5, "export", { $0.request(.export, by: "a", at: $1) }),
            ("simple", 100, 600, "user", { $0.start(.simple, by: "a", at: $1) }),
            ("standard", 20, 20, "standard", { $0.start(.standard, by: "a", at: $1) }),
            ("heavy", 5, 5, "heavy", { $0.start(.heavy, by: "a", at: $1) }),
            ("tools", 120, 120, "session", { $0.tool(session: "s", isRestricted: false, at: $1) }),
            ("restricted tools", 30, 30, "session", { $0.tool(session: "s", isRestricted: true, at: $1) }),
        ]
        for (name, most, perMinute, tier, ask) in cases {
            var limiter = RateLimiter()
            let (count, refusal) = burst(&limiter, at: 1000, ask)
            #expect(count == most && refusal.tier == tier && refusal.limit == perMinute, "\(name): \(count) \(refusal)")
            #expect(refusal.remaining == 0 && refusal.current == most, "\(name)")
            let period = 60_000 / Int64(perMinute)
            // Of a simple start the tier's bucket is empty too, and it fills more slowly.
            let wait = name == "simple" ? 600 : period
            #expect(refusal.retryAfterSeconds == Int((wait + 999) / 1000), "\(name): \(refusal)")
            #expect(refusal.resetSeconds == Int((Int64(most) * period + 999) / 1000), "\(name): \(refusal)")
            // A refusal took nothing: the next token comes exactly when it was due.
            let (early, due) = (ask(&limiter, 1000 + wait - 1), ask(&limiter, 1000 + wait))
            #expect(!early.isAllowed && due.isAllowed && due.retryAfterSeconds == 0, "\(name)")
            #expect(!ask(&limiter, 1000 + wait).isAllowed, "\(name)")
            #expect(burst(&limiter, at: 1_000_000, ask).count == most, "\(name)")
        }
    }

    @Test func `a start is checked from the server to the tier, and what is refused takes nothing`() {
        var settings = RateLimitSettings()
        settings.starts = .perMinute(3)
        settings.tiers = [.simple: .perMinute(2), .heavy: .perMinute(1)]
        var limiter = RateLimiter(settings)
        #expect(limiter.start(.heavy, by: "a", at: 0).tier == "heavy")
        for _ in 0..<5 { #expect(limiter.start(.heavy, by: "a", at: 0).tier == "heavy") }
        // Buckets of tiers and of users are separate; the refusals above cost the server nothing.
        #expect(limiter.start(.simple, by: "a", at: 0).isAllowed)
        #expect(limiter.start(.heavy, by: "b", at: 0).isAllowed)
        let refused = limiter.start(.simple, by: "c", at: 0)
        #expect(!refused.isAllowed && refused.tier == "global" && refused.retryAfterSeconds == 20)
        #expect(
            limiter.start(.simple, by: "c", isExempt: true, at: 0) == limiter.request(by: "c", isExempt: true, at: 0)
        )
        #expect(limiter.start(.standard, by: "c", at: 20_000).tier == "global")
        settings.starts = nil
        settings.requests = .perMinute(2)
        limiter = RateLimiter(settings)
        #expect(limiter.start(.standard, by: "a", at: 0).remaining == 1)
        #expect(limiter.request(by: "a", at: 0).isAllowed && limiter.start(.standard, by: "a", at: 0).tier == "user")
        settings.requests = nil
        limiter = RateLimiter(settings)
        #expect(limiter.start(.standard, by: "a", at: 0).tier == nil && limiter.request(by: "a", at: 0).isAllowed)
    }

    @Test func `full buckets are forgotten`() {
        var limiter = RateLimiter()
        for number in 0..<5000 { _ = limiter.request(by: "\(number)", at: Int64(number) * 1000) }
        #expect(limiter.count < 2100)
    }
}
