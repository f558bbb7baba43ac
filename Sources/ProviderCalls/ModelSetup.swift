// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Providers
import Synchronization

/// The providers of a program and which of their models serve which tier (spec 8.5).
public struct ModelSetup: Sendable {
    /// Why these.
    public enum Origin: Sendable, Hashable {
        /// Somebody configured them. They never turn into simulated answers.
        case configured
        /// Nobody configured any, and this server was found on this machine.
        case found(ProviderSettings)
        /// Nobody configured any, and none was found: everything is simulated.
        case simulated
    }

    /// By name.
    public let providers: [String: any ModelProvider]
    /// The settings of each.
    public let settings: [String: ProviderSettings]
    /// The models of the tiers.
    public let tiers: TierTable
    /// Why these.
    public let origin: Origin
    /// What their calls cost.
    public private(set) var prices: PriceTable
    /// The same for the providers.
    private let current: CurrentPrices
    /// Models without a price are asked all the same; their calls count no money.
    public let allowsUnpriced: Bool

    /// Sets up what is configured, else what is found, else the scripted provider.
    ///
    /// Tiers that are not configured at all are served by the models that the providers list, in the order of their names.
    ///
    /// - Parameters:
    ///   - configured: Checked by ``check(_:)`` before.
    ///   - script: Reads the script of a scripted provider.
    ///   - search: Asked when nothing is configured; `nil` does not look.
    public init(
        configured: [ProviderSettings],
        tiers: TierTable,
        prices: PriceTable = .builtIn,
        allowsUnpriced: Bool = false,
        key: @escaping KeyResolver,
        script: (String) throws -> ModelScript = { _ in ModelScript() },
        search: ModelServerSearch? = ModelServerSearch(),
        now: @escaping @Sendable () -> Timestamp
    ) async throws {
        var list = configured
        if list.isEmpty, let found = await search?.find() {
            (list, origin) = ([found], .found(found))
        } else if list.isEmpty {
            var scripted = ProviderSettings(name: "scripted", kind: .scripted)
            scripted.models = ["scripted"]
            (list, origin) = ([scripted], .simulated)
        } else {
            origin = .configured
        }
        list.sort { $0.name < $1.name }
        let current = CurrentPrices(prices)
        self.current = current
        var providers: [String: any ModelProvider] = [:]
        for settings in list {
            let facts = { @Sendable model in current.table.entry(for: model, of: settings)?.facts ?? ModelFacts() }
            if let provider = try HTTPProvider(settings, key: key, facts: facts, now: now) {
                providers[settings.name] = provider
            } else {
                let script = try settings.script.map(script) ?? ModelScript()
                providers[settings.name] = ScriptedProvider(name: settings.name, script: script)
            }
        }
        (self.prices, self.allowsUnpriced) = (prices, allowsUnpriced)
        self.providers = providers
        settings = Dictionary(list.map { ($0.name, $0) }) { $1 }
        self.tiers = tiers.models.values.allSatisfy(\.isEmpty) ? Self.tiers(of: list) : tiers
    }

    /// Puts a setup together.
    ///
    /// - Parameter settings: Those of each provider, by its name.
    public init(
        providers: [String: any ModelProvider],
        settings: [String: ProviderSettings],
        tiers: TierTable,
        origin: Origin = .configured,
        prices: PriceTable = .builtIn,
        allowsUnpriced: Bool = false
    ) {
        (self.prices, self.allowsUnpriced) = (prices, allowsUnpriced)
        current = CurrentPrices(prices)
        (self.providers, self.settings, self.tiers, self.origin) = (providers, settings, tiers, origin)
    }

    /// The same providers, whose calls cost what another table says. What the providers know of their models changes for
    /// everybody.
    public func priced(by prices: PriceTable) -> ModelSetup {
        var setup = self
        setup.prices = prices
        current.table = prices
        return setup
    }

    /// What calls of a model cost, what it can do, and the version of the prices.
    ///
    /// - Returns: `nil` when there is no such provider, or when the price is not known and has to be.
    public func price(of model: ModelReference) -> ModelRate? {
        guard let settings = settings[model.provider] else { return nil }
        if let entry = prices.entry(for: model.model, of: settings) {
            return ModelRate(entry: entry, version: entry.price == .free ? nil : prices.version)
        }
        let unpriced = PriceTable.Entry(price: .free, facts: ModelFacts())
        return allowsUnpriced ? ModelRate(entry: unpriced, version: ModelRate.unpriced) : nil
    }

    /// What is wrong with the settings of a provider.
    public static func check(_ settings: ProviderSettings) throws(ProviderSettingsError) {
        _ = try ProviderEndpoint(settings)
    }

    /// All that is listed serves all tiers.
    private static func tiers(of list: [ProviderSettings]) -> TierTable {
        let models = list.flatMap { settings in
            settings.models.map { ModelReference(provider: settings.name, model: $0) }
        }
        return TierTable(models: Dictionary(uniqueKeysWithValues: ModelTier.allCases.map { ($0, models) }))
    }
}

/// The price table that providers look at.
private final class CurrentPrices: Sendable {
    private let stored: Mutex<PriceTable>

    init(_ table: PriceTable) { stored = Mutex(table) }

    var table: PriceTable {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

/// What calls of a model cost, and by what.
public struct ModelRate: Sendable {
    /// The version of a price that nobody knows.
    public static let unpriced = "unpriced"

    /// The price and what the model can do.
    public let entry: PriceTable.Entry
    /// The version of the table; `nil` where nothing is paid, ``unpriced`` where nobody knows.
    public let version: String?
}
