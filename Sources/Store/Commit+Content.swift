// Baton
// SPDX-License-Identifier: Apache-2.0

extension Commit {
    /// There is nothing to write.
    public var isEmpty: Bool {
        records.isEmpty && definitions.isEmpty && runs.isEmpty && tasks.isEmpty && closedTasks.isEmpty
            && timers.isEmpty && removedTimers.isEmpty && humanTasks.isEmpty && outbox.isEmpty && cursors.isEmpty
            && schedules.isEmpty && removedSchedules.isEmpty && snapshots.isEmpty && staleSnapshots.isEmpty
            && pauses.isEmpty && liftedPauses.isEmpty
            && registrations.isEmpty && removedRegistrations.isEmpty && keptTurns.isEmpty
            && !hasDeadLetters && !hasKeyedRows && !hasBudgetRows && !hasRetention
    }

    /// It changes dead letters.
    public var hasDeadLetters: Bool {
        !(deadLetters.isEmpty && removedDeadLetters.isEmpty) || expiries.contains { $0.kind == .deadLetters }
    }

    /// It packs, holds, pins, deletes or clears.
    public var hasRetention: Bool {
        !(archives.isEmpty && holds.isEmpty && releasedHolds.isEmpty && pins.isEmpty && deletions.isEmpty
            && clearings.isEmpty)
    }

    /// It changes answers, inboxes, signals or the cache.
    public var hasKeyedRows: Bool {
        !(idempotency.isEmpty && inbox.isEmpty && signals.isEmpty && removedSignals.isEmpty && cache.isEmpty
            && cacheUses.isEmpty && removedCache.isEmpty && expiries.isEmpty)
    }

    /// It changes budgets, reservations, usage records or token buckets.
    public var hasBudgetRows: Bool {
        !(budgets.isEmpty && reservations.isEmpty && removedReservations.isEmpty && usage.isEmpty && buckets.isEmpty
            && removedBuckets.isEmpty)
    }
}
