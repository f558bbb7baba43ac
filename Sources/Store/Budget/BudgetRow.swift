// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// One period of a budget: what may be spent, what is held, what was spent.
public struct BudgetRow: Sendable, Equatable {
    /// Where it stands.
    public enum State: String, Sendable, CaseIterable {
        /// May be reserved in.
        case open
        /// Its period or its run is over, but reservations made before are not settled.
        case draining
        /// History.
        case closed
    }
    /// Which scope and period.
    public var account: BudgetAccount
    /// How much may be spent.
    public var limit: BudgetLimit
    /// What open reservations hold.
    public var reserved: Charge
    /// What was spent. The sum of the usage records that name the account.
    public var spent: Charge
    /// The highest warning that was given, in percent; 0 for none.
    public var warned: Int
    /// Where it stands.
    public var state: State

    /// Puts a row together.
    public init(
        account: BudgetAccount,
        limit: BudgetLimit = .none,
        reserved: Charge = .zero,
        spent: Charge = .zero,
        warned: Int = 0,
        state: State = .open
    ) {
        self.account = account
        self.limit = limit
        self.reserved = reserved
        self.spent = spent
        self.warned = warned
        self.state = state
    }
}
