// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// What an attempt may cost, as its executor knows before it.
///
/// The engine holds the most that fits all budgets, between ``least`` and ``most``, in the commit before the attempt
/// begins, and tells the executor in ``Assignment/allowance``.
public struct CallCost: Sendable, Equatable {
    /// The most that an attempt costs if nothing bounds it; nothing negative.
    public var most: Charge
    /// With less than this an attempt is not worth beginning. Its parts are not above those of ``most``.
    public var least: Charge
    /// Who is paid.
    public var provider: String
    /// For what.
    public var model: String
    /// What the result serves.
    public var purpose: UsageSubject.Purpose

    /// Puts a cost together; without `least` an attempt needs all of it.
    public init(
        most: Charge,
        least: Charge? = nil,
        provider: String,
        model: String = "",
        purpose: UsageSubject.Purpose = .execution
    ) {
        self.most = most
        self.least = least ?? most
        self.provider = provider
        self.model = model
        self.purpose = purpose
    }

    /// The most that fits into a room, if that is enough; otherwise the least.
    func charge(within room: BudgetLimit) -> Charge {
        let money = min(most.money, room.money ?? most.money)
        let tokens = min(most.languageModelTokens, room.languageModelTokens ?? most.languageModelTokens)
        return Charge(
            money: max(money, least.money, .zero),
            languageModelTokens: max(tokens, least.languageModelTokens, 0)
        )
    }
}

/// What an attempt did cost, as its executor knows after it.
public struct CallUsage: Sendable, Equatable {
    /// What was spent. More than the allowance is recorded all the same.
    public var charge: Charge
    /// LLM tokens by kind, as the provider counts them.
    public var tokens: TokenCounts
    /// The version of the price table that gave the amount.
    public var pricedBy: String?
    /// No provider was asked.
    public var isSimulated: Bool

    /// Nothing was spent: the call never left.
    public static let none = CallUsage(charge: .zero)

    /// Puts a usage together.
    public init(
        charge: Charge,
        tokens: TokenCounts = TokenCounts(),
        pricedBy: String? = nil,
        isSimulated: Bool = false
    ) {
        self.charge = charge
        self.tokens = tokens
        self.pricedBy = pricedBy
        self.isSimulated = isSimulated
    }
}
