// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model

/// Why a ``BudgetLedger`` did nothing.
enum BudgetError: Error, Equatable {
    /// The scope must be opened first, with what the store knows of it.
    case notOpen(BudgetScope)
    /// The account is closed and not in memory; load its row first.
    case notLoaded(BudgetAccount)
    /// There is no such reservation, or it was settled, released or refunded before.
    case noReservation(ReservationID)
    /// The id was used before.
    case taken(ReservationID)
    /// A charge may not be below nothing.
    case negative
    /// A sum is more than a counter holds (about nine million dollars).
    case overflow(BudgetAccount)
}
