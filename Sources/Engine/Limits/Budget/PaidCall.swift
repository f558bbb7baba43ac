// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
internal import Store

/// Whether a paid call may be made.
public enum PaidCallAnswer: Sendable, Equatable {
    /// So much is held for it in all budgets: the most that it can cost, or less, when that is enough and more does not fit.
    /// Tell the engine how it ended, whatever happens.
    case held(ReservationID, allowance: Charge)
    /// It does not fit a budget; nothing is held.
    case refused(BudgetShortage)
}

/// How a paid call ended.
public enum PaidCallEnd: Sendable, Equatable {
    /// It did cost that.
    case spent(CallUsage)
    /// It never left, or is not charged.
    case free
    /// It may have left, and nobody knows what it cost: all that was held counts as spent.
    case unknown
}

extension DurableEngine {
    /// Holds what a call can cost in all budgets that it belongs to (spec 8.11), for calls that are no attempts. What is held
    /// when the process ends is settled in full by the next one.
    ///
    /// - Throws: `notFound` for a run or task that is not there, `draining`, `storageFull`, `unavailable`.
    public func hold(_ cost: CallCost, for caller: PaidCaller) async throws(EngineError) -> PaidCallAnswer {
        try await ask { .paid(.hold(cost, caller, $0)) }
    }

    /// Tells how a call ended; when it returns, that is durable.
    ///
    /// - Throws: `conflict` when it was told before, `storageFull`, `unavailable`.
    public func settle(_ call: ReservationID, _ end: PaidCallEnd) async throws(EngineError) {
        try await ask { .paid(.settle(call, end, $0)) }
    }
}
