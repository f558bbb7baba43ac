// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Chooses the model of a call and learns from what became of it; a pure state machine.
public struct ModelRouter: Sendable {
    /// What to do with a call.
    public enum Choice: Sendable, Hashable {
        /// Ask this model. A fallback is told to people, never silent.
        case ask(ModelReference, isFallback: Bool)
        /// All candidates' circuits are open; at that time one may be tried.
        case wait(until: Timestamp)
        /// There is no model for the wish.
        case unavailable
    }

    /// What somebody wants.
    public enum Wish: Sendable, Hashable {
        /// Any model of a tier.
        case tier(ModelTier)
        /// This model; others of its tier or below only when it fails.
        case model(ModelReference)
    }

    /// The models; may be changed at run time.
    public var tiers: TierTable
    private let limits: Circuit.Limits
    private var circuits: [ModelReference: Circuit] = [:]

    /// A router whose circuits are closed.
    public init(tiers: TierTable, limits: Circuit.Limits = .init()) {
        self.tiers = tiers
        self.limits = limits
    }

    /// The models that may serve a wish, in order.
    public func candidates(for wish: Wish) -> [ModelReference] {
        switch wish {
        case .tier(let tier): tiers.candidates(for: tier)
        case .model(let model): tiers.candidates(for: model)
        }
    }

    /// Chooses the first candidate whose circuit lets a call pass.
    ///
    /// - Parameter failed: Models that this call was refused by already.
    public mutating func choose(_ wish: Wish, excluding failed: Set<ModelReference> = [], at now: Timestamp) -> Choice {
        let candidates = candidates(for: wish)
        for model in candidates where !failed.contains(model) {
            if circuits[model, default: Circuit(limits: limits)].mayCall(at: now) {
                return .ask(model, isFallback: model != candidates.first)
            }
        }
        let times = candidates.compactMap { circuits[$0]?.opens(after: now) }
        return times.min().map { .wait(until: $0) } ?? .unavailable
    }

    /// A model answered.
    public mutating func succeed(_ model: ModelReference) { circuits[model]?.succeed() }

    /// A model failed.
    ///
    /// - Returns: Whether its circuit opened now.
    public mutating func fail(_ model: ModelReference, _ errorClass: ErrorClass, at now: Timestamp) -> Bool {
        circuits[model, default: Circuit(limits: limits)].fail(errorClass, at: now)
    }

    /// The circuit of a model; closed when nothing is known.
    public func circuit(of model: ModelReference) -> Circuit { circuits[model] ?? Circuit(limits: limits) }
}
