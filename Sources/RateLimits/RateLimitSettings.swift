// Baton
// SPDX-License-Identifier: Apache-2.0

public import Rates

/// What a request asks for, as far as rates are concerned.
public enum RequestKind: String, Sendable, Hashable, CaseIterable {
    /// A login; counted by address, because nobody is known yet.
    case login
    /// A new account; counted by address.
    case register
    /// A plan.
    case plan
    /// A message to an agent.
    case chat
    /// An export.
    case export
    /// Everything else.
    case other
}

/// The limits of spec 11.3; `nil` switches one off.
public struct RateLimitSettings: Sendable, Equatable {
    /// Requests of one principal: 600 a minute, 100 at once.
    public var requests: Rate? = .perMinute(600, burst: 100)
    /// Requests of one kind of one principal or address, besides the others: 10 or 5 a minute.
    public var kinds: [RequestKind: Rate] = [
        .login: .perMinute(10), .register: .perMinute(10), .plan: .perMinute(5), .chat: .perMinute(5),
        .export: .perMinute(5),
    ]
    /// Run starts of the whole server: 1,000 a minute.
    public var starts: Rate? = .perMinute(1000)
    /// Run starts of one user by tier: 100, 20 and 5 a minute.
    public var tiers: [ComplexityTier: Rate] = [
        .simple: .perMinute(100), .standard: .perMinute(20), .heavy: .perMinute(5),
    ]
    /// Tool executions of one session: 120 a minute.
    public var tools: Rate? = .perMinute(120)
    /// Tool executions of one session with a restricted profile: 30 a minute.
    public var restrictedTools: Rate? = .perMinute(30)

    /// The defaults of the specification.
    public init() {}
}

extension Rate {
    /// So many a minute, and without `burst` as many at once after a rest.
    public static func perMinute(_ units: Int, burst: Int? = nil) -> Rate {
        Rate(units: units, period: .seconds(60), burst: burst)
    }
}
