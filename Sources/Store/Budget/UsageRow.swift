// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A settled charge (spec 8.12). It never changes; a correction is a record of its own.
public struct UsageRow: Sendable, Equatable {
    /// How well the amount is known.
    public enum Certainty: String, Sendable, CaseIterable {
        /// The provider said so.
        case exact
        /// Nobody knows, so it is all that was reserved.
        case unknown
        /// The difference to what an earlier record says.
        case correction
    }
    /// The id.
    public var id: UsageID
    /// When it was settled.
    public var at: Timestamp
    /// The accounts it was spent in.
    public var accounts: [BudgetAccount]
    /// What was spent; negative parts only in corrections.
    public var charge: Charge
    /// How well that is known.
    public var certainty: Certainty
    /// The reservation it settled.
    public var reservation: ReservationID?
    /// Whom and what it was for.
    public var subject: UsageSubject
    /// LLM tokens by kind, as the provider counts them.
    public var tokens: TokenCounts
    /// The version of the price table that gave the amount; ``unpriced`` when no table has the model.
    public var pricedBy: String?
    /// No provider was asked.
    public var isSimulated: Bool

    /// What ``pricedBy`` says of a model whose price nobody knows: its LLM tokens count, its money does not.
    public static let unpriced = "unpriced"

    /// Puts a record together.
    public init(
        id: UsageID,
        at: Timestamp,
        accounts: [BudgetAccount],
        charge: Charge,
        certainty: Certainty,
        reservation: ReservationID? = nil,
        subject: UsageSubject,
        tokens: TokenCounts = TokenCounts(),
        pricedBy: String? = nil,
        isSimulated: Bool = false
    ) {
        self.id = id
        self.at = at
        self.accounts = accounts
        self.charge = charge
        self.certainty = certainty
        self.reservation = reservation
        self.subject = subject
        self.tokens = tokens
        self.pricedBy = pricedBy
        self.isSimulated = isSimulated
    }
}
