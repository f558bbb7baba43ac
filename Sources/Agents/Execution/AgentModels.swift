// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import ProviderCalls
public import Providers

/// The models that the agents of a process ask, and what is known of them. They are set up when the first agent needs one.
public actor AgentModels {
    nonisolated let now: @Sendable () -> Timestamp
    private let make: @Sendable () async throws -> ModelSetup
    private var making: Task<ModelSetup, any Error>?
    private var router: ModelRouter?
    /// In place of those of the setup.
    private var prices: PriceTable?

    /// Models that are not set up yet.
    ///
    /// - Parameter make: Sets them up; called again when it failed.
    public init(
        now: @escaping @Sendable () -> Timestamp,
        make: @escaping @Sendable () async throws -> ModelSetup
    ) {
        (self.now, self.make) = (now, make)
    }

    /// - Throws: `provider.unavailable` when they cannot be set up.
    func setup() async throws(TaskError) -> ModelSetup {
        let work =
            making
            ?? Task { [make, prices] in
                let setup = try await make()
                return prices.map(setup.priced) ?? setup
            }
        making = work
        do {
            let setup = try await work.value
            if router == nil { router = ModelRouter(tiers: setup.tiers) }
            return setup
        } catch {
            making = nil
            throw .noModel("the models cannot be set up: \(error)")
        }
    }

    /// Takes other prices. Attempts under way go on with those that they began with; what is known of the circuits and the
    /// rates of providers stays.
    public func take(_ prices: PriceTable) {
        self.prices = prices
        guard let made = making else { return }
        making = Task { try await made.value.priced(by: prices) }
    }

    /// - Parameter failed: Models that gave no answer to this call.
    func choose(_ wish: ModelRouter.Wish, excluding failed: Set<ModelReference>) -> ModelRouter.Choice {
        router?.choose(wish, excluding: failed, at: now()) ?? .unavailable
    }

    func succeed(_ model: ModelReference) { router?.succeed(model) }

    func fail(_ model: ModelReference, _ errorClass: ErrorClass) { _ = router?.fail(model, errorClass, at: now()) }
}

extension ModelSetup {
    /// What a node or an agent wants: a model by name, else a tier.
    ///
    /// - Throws: `provider.unavailable` for a model that no provider is known to have.
    func wish(model: String?, tier: ModelTier) throws(TaskError) -> ModelRouter.Wish {
        guard let model else { return .tier(tier) }
        if let reference = ModelReference(model), providers[reference.provider] != nil { return .model(reference) }
        let listing = settings.values.filter { $0.models.contains(model) }.map(\.name).sorted()
        if let provider = listing.first { return .model(ModelReference(provider: provider, model: model)) }
        let listed = ModelTier.allCases.flatMap { tiers.models[$0] ?? [] }
        if let reference = listed.first(where: { $0.model == model }) { return .model(reference) }
        if providers.count == 1, let provider = providers.keys.first {
            return .model(ModelReference(provider: provider, model: model))
        }
        throw .noModel("no provider is known to have the model \"\(model)\"; name it as PROVIDER/MODEL")
    }
}

extension TaskError {
    static func unpriced(_ model: ModelReference) -> TaskError {
        TaskError(
            code: "budget.unpriced",
            errorClass: .permanent,
            message:
                "the price of \(model) is not known, so it is not asked; `tiers.table` names a table with prices, and "
                + "`budgets.allow_unpriced` lets such models be asked"
        )
    }

    static func noModel(_ message: String) -> TaskError {
        TaskError(code: "provider.unavailable", errorClass: .permanent, message: message)
    }
}
