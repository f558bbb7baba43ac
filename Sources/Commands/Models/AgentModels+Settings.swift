// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Engine
import ProviderCalls
import Providers

extension AgentModels {
    /// The models of the settings; set up when the first agent asks.
    ///
    /// - Parameter keys: Finds the keys of providers.
    static func of(_ settings: Settings, keys: @escaping KeyResolver) throws(CommandFailure) -> AgentModels {
        let prices = try prices(settings)
        let (configured, tiers) = (Array(settings.providers.values), settings.tiers)
        let allowsUnpriced = settings.allowsUnpriced
        let now = { @Sendable in SystemClock().wall() }
        return AgentModels(now: now) {
            try await ModelSetup(
                configured: configured,
                tiers: tiers,
                prices: prices,
                allowsUnpriced: allowsUnpriced,
                key: keys,
                script: { try ModelScript(try TextFile.bytes($0), fileName: $0) },
                now: now
            )
        }
    }

    /// The price table of the settings.
    static func prices(_ settings: Settings) throws(CommandFailure) -> PriceTable {
        guard let path = settings.priceTable else { return .builtIn }
        let bytes = try TextFile.bytes(path)
        do throws(PriceTableError) {
            return try PriceTable(bytes)
        } catch {
            throw CommandFailure(.usage, "config.invalid", "tiers.table: \(path): \(error)")
        }
    }
}
