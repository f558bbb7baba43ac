// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What is held for one call, in all accounts that apply to it.
public struct ReservationRow: Sendable, Equatable {
    /// Where a reservation stands. One that was settled or released has no row.
    public enum State: String, Sendable, CaseIterable {
        /// The call may be under way.
        case open
        /// Settled in full because nobody knows what the call cost; refunded when somebody does.
        case unknown
    }
    /// The id.
    public var id: ReservationID
    /// Where it is held, each account once.
    public var accounts: [BudgetAccount]
    /// What is held.
    public var charge: Charge
    /// Where it stands.
    public var state: State
    /// The task whose attempt makes the call, if one does.
    public var task: TaskKey?
    /// The attempt's fence.
    public var fence: Int64
    /// Which call of the attempt, for people.
    public var call: String
    /// Whom and what the call is for; goes into its usage record.
    public var subject: UsageSubject
    /// When it was made.
    public var reservedAt: Timestamp
    /// When a reservation without a task ends.
    public var expiresAt: Timestamp?

    /// Puts a row together.
    public init(
        id: ReservationID,
        accounts: [BudgetAccount],
        charge: Charge,
        state: State = .open,
        task: TaskKey? = nil,
        fence: Int64 = 0,
        call: String = "",
        subject: UsageSubject,
        reservedAt: Timestamp,
        expiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.accounts = accounts
        self.charge = charge
        self.state = state
        self.task = task
        self.fence = fence
        self.call = call
        self.subject = subject
        self.reservedAt = reservedAt
        self.expiresAt = expiresAt
    }
}
