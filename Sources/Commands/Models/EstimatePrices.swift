// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Definition
import Model
import ProviderCalls
import Providers

extension Settings {
    /// What agents are estimated with: the price of the preferred model of each tier, and of every model that is named.
    /// Without providers agents cost nothing: their models are on this machine, or simulated.
    ///
    /// - Parameter given: In place of the table that the settings name.
    func estimatePrices(_ given: Providers.PriceTable? = nil) throws(CommandFailure) -> Definition.PriceTable {
        var table = Definition.PriceTable()
        guard !providers.isEmpty else {
            let free = Definition.PriceTable.Price(input: .zero, output: .zero)
            for tier in ModelTier.allCases { table.tiers[tier.rawValue] = free }
            return table
        }
        let prices: Providers.PriceTable
        if let given { prices = given } else { prices = try AgentModels.prices(self) }
        let listed = providers.values.sorted { $0.name < $1.name }.flatMap { provider in
            provider.models.map { ModelReference(provider: provider.name, model: $0) }
        }
        func price(_ model: ModelReference) -> Definition.PriceTable.Price? {
            providers[model.provider].flatMap { prices.entry(for: model.model, of: $0)?.price.rates }.map { rates in
                // USD for a million.
                .init(
                    input: Money(picodollars: rates.input * 1_000_000),
                    output: Money(picodollars: rates.output * 1_000_000)
                )
            }
        }
        for model in listed + ModelTier.allCases.flatMap({ tiers.models[$0] ?? [] }) {
            guard let price = price(model) else { continue }
            (table.models[model.description], table.models[model.model]) = (price, price)
        }
        let isListedOnly = tiers.models.values.allSatisfy(\.isEmpty)
        for (place, tier) in ModelTier.allCases.enumerated() {
            // A tier without models falls to the next higher one that has some.
            let rising = ModelTier.allCases[place...].lazy.compactMap { self.tiers.models[$0]?.first }
            let first = isListedOnly ? listed.first : rising.first
            table.tiers[tier.rawValue] = first.flatMap(price)
        }
        return table
    }
}
