// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import HTTPServer
internal import Identity
internal import Model
internal import RateLimits
internal import Synchronization

/// Whose requests are counted how.
typealias RequestClass = RequestKind

/// How often everybody may do what (spec 11.3), over all threads of this process.
final class Limits: Sendable {
    private let limiter: Mutex<RateLimiter>
    /// Since the start; buckets hold spans only.
    private let start = ContinuousClock.now

    init(_ settings: RateLimitSettings) {
        limiter = Mutex(RateLimiter(settings))
    }

    /// Counts a request.
    ///
    /// - Returns: What to tell the client about its limits; `nil` when nothing limits it.
    /// - Throws: 429.
    func admit(_ kind: RequestClass, _ caller: Principal, address: String?) throws(Problem) -> RateLimitAnswer? {
        let isUnknown = caller == .nobody
        let name = isUnknown ? "address:\(address ?? "local")" : caller.actor
        let now = now
        let answer = limiter.withLock { $0.request(kind, by: name, isExempt: caller.isExempt, at: now) }
        guard answer.isAllowed else { throw Problem(answer) }
        return answer.tier == nil ? nil : answer
    }

    /// Counts the start of a run; its request was counted before.
    func admitStart(of graph: Graph, by caller: Principal) throws(Problem) {
        let now = now
        let tier = ComplexityTier(agentNodes: graph.agentNodes)
        let answer = limiter.withLock { $0.start(tier, by: caller.actor, isExempt: caller.isExempt, at: now) }
        guard answer.isAllowed else { throw Problem(answer) }
    }

    /// Counts a call of a tool (spec 11.3); nobody is exempt.
    func admitTool(by caller: Principal) throws(Problem) {
        let now = now
        let answer = limiter.withLock { $0.tool(session: caller.actor, isRestricted: false, at: now) }
        guard answer.isAllowed else { throw Problem(answer) }
    }

    private var now: Int64 { Int64((ContinuousClock.now - start) / .milliseconds(1)) }
}

extension Principal {
    /// Whom only the limits of logins concern.
    fileprivate var isExempt: Bool { role == .admin && self != .nobody || role == .worker }
}

extension RateLimitAnswer {
    /// The headers of the draft `RateLimit` (spec 10.1).
    var headers: [(String, String)] {
        [
            ("ratelimit-limit", String(limit)), ("ratelimit-remaining", String(remaining)),
            ("ratelimit-reset", String(resetSeconds)),
        ]
    }
}

extension Graph {
    /// Nodes that ask a model, those of bodies included.
    var agentNodes: Int { nodes.reduce(0) { $0 + $1.kind.agentCount } }
}
