// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
internal import Store

/// What a call asks for before it leaves.
struct ReservationRequest {
    var id: ReservationID
    /// All scopes that apply to the call.
    var scopes: [BudgetScope]
    /// The most it can cost.
    var charge: Charge
    /// The task whose attempt makes the call, if one does.
    var task: TaskKey?
    var fence: Int64 = 0
    /// Which call of the attempt, for people.
    var call = ""
    var subject: UsageSubject
    /// Until when a call without a task must be settled.
    var expiresAt: Timestamp?
}

/// Whether a call may leave.
enum ReservationAnswer: Equatable {
    case reserved
    /// Nothing was reserved anywhere.
    case refused(BudgetShortage)
}

/// The first account that a call does not fit.
public struct BudgetShortage: Error, Equatable {
    /// The account.
    public var account: BudgetAccount
    /// How much may be spent.
    public var limit: BudgetLimit
    /// What was spent.
    public var spent: Charge
    /// What calls under way hold.
    public var reserved: Charge
    /// The least that the call must be able to spend.
    public var needed: Charge
}

/// A share of a limit was spent (spec 8.11). Each comes once per period, and again when the limit was raised and that
/// share of it is spent.
struct BudgetWarning: Equatable {
    var account: BudgetAccount
    /// 50, 80 or 95, unless configured otherwise.
    var percent: Int
    var limit: BudgetLimit
    var spent: Charge
}

/// What changed when something was settled, released, refunded or a limit set.
struct BudgetOutcome: Equatable {
    /// By account, then by percent.
    var warnings: [BudgetWarning] = []
    /// Scopes with more room than before: who waits for them may ask again.
    var freed: [BudgetScope] = []
    /// Accounts with more spent and reserved than their limit, because a call cost more than was reserved for it.
    var exceeded: [BudgetAccount] = []
}

/// What a call turned out to be.
struct SettledUsage {
    var id: UsageID
    var at: Timestamp
    var charge: Charge
    var tokens = TokenCounts()
    var pricedBy: String?
    var isSimulated = false
}

/// Rows for the next commit.
struct BudgetChanges: Equatable {
    var budgets: [BudgetRow] = []
    var reservations: [ReservationRow] = []
    var removedReservations: [ReservationID] = []
    var usage: [UsageRow] = []
}

/// How a scope stands, and who holds what of it.
struct BudgetStatement: Equatable {
    var account: BudgetAccount
    var limit: BudgetLimit
    var spent: Charge
    var reserved: Charge
    /// Open reservations, the oldest first.
    var holders: [ReservationRow]
}
