// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Patterns (spec 9.14): chains of agents and tools that runs do again and again.
extension DurableEngine {
    /// The patterns of a tenant, the most certain first.
    ///
    /// - Throws: `draining`.
    public func patterns(of tenant: String) async throws(EngineError) -> [PatternRecord] {
        try await ask { .pattern(.list(tenant: tenant, $0)) }
    }

    /// Writes down that a workstack was made of a pattern. The first one stays: another one changes nothing, and the answer
    /// has the first.
    ///
    /// - Throws: `notFound`, `draining`, `storageFull`, `unavailable`.
    public func promote(
        _ pattern: PatternID,
        tenant: String,
        _ promotion: PatternRecord.Promotion
    ) async throws(EngineError) -> PatternRecord {
        try await ask { .pattern(.promote(pattern, tenant: tenant, promotion, $0)) }
    }

    /// Writes down that nobody wants a pattern. It goes on being counted, and is not proposed again.
    ///
    /// - Throws: `notFound`; `conflict` when a workstack was made of it; `draining`, `storageFull`, `unavailable`.
    public func dismiss(_ pattern: PatternID, tenant: String) async throws(EngineError) -> PatternRecord {
        try await ask { .pattern(.dismiss(pattern, tenant: tenant, $0)) }
    }
}

extension SteppedEngine {
    /// See ``DurableEngine/patterns(of:)``.
    public func patterns(
        of tenant: String,
        _ reply: @escaping @Sendable (Result<[PatternRecord], EngineError>) -> Void
    ) {
        requests.append(.pattern(.list(tenant: tenant, reply)))
    }

    /// See ``DurableEngine/promote(_:tenant:_:)``.
    public func promote(
        _ pattern: PatternID,
        tenant: String,
        _ promotion: PatternRecord.Promotion,
        _ reply: @escaping @Sendable (Result<PatternRecord, EngineError>) -> Void
    ) {
        requests.append(.pattern(.promote(pattern, tenant: tenant, promotion, reply)))
    }

    /// See ``DurableEngine/dismiss(_:tenant:)``.
    public func dismiss(
        _ pattern: PatternID,
        tenant: String,
        _ reply: @escaping @Sendable (Result<PatternRecord, EngineError>) -> Void
    ) {
        requests.append(.pattern(.dismiss(pattern, tenant: tenant, reply)))
    }
}
