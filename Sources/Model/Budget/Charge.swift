// Baton
// SPDX-License-Identifier: Apache-2.0

/// What something costs, or may cost: money and LLM tokens. Negative in corrections only.
public struct Charge: Sendable, Hashable {
    /// Nothing.
    public static let zero = Charge()

    /// The money.
    public var money: Money
    /// The LLM tokens.
    public var languageModelTokens: Int64

    /// Puts a charge together.
    public init(money: Money = .zero, languageModelTokens: Int64 = 0) {
        self.money = money
        self.languageModelTokens = languageModelTokens
    }

    /// Either part is below nothing.
    public var isNegative: Bool { money < .zero || languageModelTokens < 0 }

    /// The sum; `nil` when a part does not fit its number.
    public func adding(_ other: Charge) -> Charge? {
        guard let money = money.adding(other.money) else { return nil }
        let (tokens, isOver) = languageModelTokens.addingReportingOverflow(other.languageModelTokens)
        return isOver ? nil : Charge(money: money, languageModelTokens: tokens)
    }

    /// The difference; `nil` when a part does not fit its number.
    public func subtracting(_ other: Charge) -> Charge? {
        guard let money = money.subtracting(other.money) else { return nil }
        let (tokens, isOver) = languageModelTokens.subtractingReportingOverflow(other.languageModelTokens)
        return isOver ? nil : Charge(money: money, languageModelTokens: tokens)
    }
}

extension Money {
    /// The sum; `nil` when it is more than ``picodollars`` holds.
    public func adding(_ other: Money) -> Money? {
        let (sum, isOver) = picodollars.addingReportingOverflow(other.picodollars)
        return isOver ? nil : Money(picodollars: sum)
    }

    /// The difference; `nil` when it is more than ``picodollars`` holds.
    public func subtracting(_ other: Money) -> Money? {
        let (difference, isOver) = picodollars.subtractingReportingOverflow(other.picodollars)
        return isOver ? nil : Money(picodollars: difference)
    }
}
