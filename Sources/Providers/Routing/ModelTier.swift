// Baton
// SPDX-License-Identifier: Apache-2.0

/// A cost class of models (spec 8.5), cheapest first.
public enum ModelTier: String, Sendable, CaseIterable, Comparable {
    /// Models on this machine.
    case local
    /// Cheap ones.
    case small
    /// Between.
    case medium
    /// The best.
    case large

    /// The cheaper one is smaller.
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The tier for a piece of work (the table of spec 8.5). `large` is never given.
    public init(for work: WorkType, _ complexity: WorkComplexity) {
        let row: [Self] =
            switch work {
            case .code: [.small, .medium, .medium]
            case .research, .analysis, .documentation: [.local, .small, .medium]
            case .asset: [.local, .local, .local]
            case .integration: [.small, .small, .medium]
            case .unknown: [.small, .small, .small]
            }
        self =
            switch complexity {
            case .simple: row[0]
            case .medium: row[1]
            case .complex: row[2]
            }
    }
}

/// What a piece of work is, for choosing a tier.
public enum WorkType: String, Sendable, CaseIterable {
    /// Programs.
    case code
    /// Finding out.
    case research
    /// Looking into something.
    case analysis
    /// Texts for people.
    case documentation
    /// Pictures and the like.
    case asset
    /// Putting parts together.
    case integration
    /// Nobody said.
    case unknown
}

/// How hard a piece of work is.
public enum WorkComplexity: String, Sendable, CaseIterable {
    /// Easy.
    case simple
    /// Between.
    case medium
    /// Hard.
    case complex
}

/// A model of a provider; the text form is `PROVIDER/MODEL`.
public struct ModelReference: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name of the provider in the settings; without `/`.
    public var provider: String
    /// The provider's name of the model; may hold `/` and `:`.
    public var model: String

    /// Names a model.
    public init(provider: String, model: String) {
        self.provider = provider
        self.model = model
    }

    /// Reads the text form; `nil` when it is none.
    public init?(_ text: String) {
        guard let slash = text.firstIndex(of: "/") else { return nil }
        let model = text[text.index(after: slash)...]
        guard slash > text.startIndex, !model.isEmpty else { return nil }
        self.init(provider: String(text[..<slash]), model: String(model))
    }

    /// The text form.
    public var description: String { "\(provider)/\(model)" }

    /// By text form.
    public static func < (left: Self, right: Self) -> Bool {
        (left.provider, left.model) < (right.provider, right.model)
    }
}

/// Which models each tier has (`tiers.…`), the preferred first.
public struct TierTable: Sendable, Hashable {
    /// The models of each tier.
    public var models: [ModelTier: [ModelReference]]
    /// A tier without models may fall to a lower one.
    public var allowsLower: Bool

    /// A table.
    public init(models: [ModelTier: [ModelReference]] = [:], allowsLower: Bool = false) {
        self.models = models
        self.allowsLower = allowsLower
    }

    /// The tier whose models serve a wish: itself, else the next higher one that has any, else, if allowed, the next
    /// lower.
    public func tier(serving wish: ModelTier) -> ModelTier? {
        func hasModels(_ tier: ModelTier) -> Bool { !(models[tier] ?? []).isEmpty }
        if let tier = ModelTier.allCases.first(where: { $0 >= wish && hasModels($0) }) { return tier }
        return allowsLower ? ModelTier.allCases.last { $0 < wish && hasModels($0) } : nil
    }

    /// The models to try for a wish, in order: those of the serving tier, then those of lower tiers that are not above
    /// the wish, the nearest first (a fallback never costs more). Empty when there is none.
    public func candidates(for wish: ModelTier) -> [ModelReference] {
        guard let serving = tier(serving: wish) else { return [] }
        let tiers = [serving] + ModelTier.allCases.reversed().filter { $0 < serving && ($0 <= wish || allowsLower) }
        return unique(tiers.flatMap { models[$0] ?? [] })
    }

    /// The models to try when one is named: itself, then the others of its tier behind it and those of lower tiers.
    public func candidates(for model: ModelReference) -> [ModelReference] {
        let tier = ModelTier.allCases.first { models[$0]?.contains(model) == true }
        guard let tier else { return [model] }
        let lower = ModelTier.allCases.reversed().filter { $0 < tier }
        return unique([model] + ([tier] + lower).flatMap { models[$0] ?? [] })
    }

    private func unique(_ references: [ModelReference]) -> [ModelReference] {
        var seen: Set<ModelReference> = []
        return references.filter { seen.insert($0).inserted }
    }
}
