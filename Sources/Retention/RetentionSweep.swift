// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Catalog
public import Model
public import Store

/// Does what a policy says, in many small steps, while others write.
///
/// It only reads by itself, but for notes. Whatever else it changes it hands to `write`, one small transaction at a time, so that a shard's
/// loop can put them between its own. It may stop after any step, and another sweep goes on: there is nothing to remember.
public struct RetentionSweep {
    let runs: any RunStore
    let catalog: any CatalogStore
    let blobs: any SweepableBlobStore
    /// `nil` where nobody keeps notes.
    let notes: (any NoteStore)?
    /// `nil` where there are no sessions, or no notes that they may have.
    let sessions: (any ConversationStore)?
    let policy: RetentionPolicy
    /// The most rows of a step.
    let stepSize: Int
    let write: (Commit) throws(StoreError) -> Void
    let onDelete: (RunRow) -> Void
    let isStopping: () -> Bool

    /// A sweep over stores that belong together.
    ///
    /// - Parameters:
    ///   - write: Commits; throws what the store throws.
    ///   - onDelete: Called for each run whose deletion is durable.
    ///   - isStopping: Asked after each step.
    public init(
        runs: any RunStore,
        catalog: any CatalogStore,
        blobs: any SweepableBlobStore,
        notes: (any NoteStore)? = nil,
        sessions: (any ConversationStore)? = nil,
        policy: RetentionPolicy,
        stepSize: Int = 500,
        write: @escaping (Commit) throws(StoreError) -> Void,
        onDelete: @escaping (RunRow) -> Void = { _ in },
        isStopping: @escaping () -> Bool = { false }
    ) {
        self.runs = runs
        self.catalog = catalog
        self.blobs = blobs
        self.notes = notes
        self.sessions = sessions
        self.policy = policy
        self.stepSize = max(1, stepSize)
        self.write = write
        self.onDelete = onDelete
        self.isStopping = isStopping
    }

    /// Drops what expired, deletes old runs, packs logs, removes the rows behind them, and removes contents.
    ///
    /// - Parameters:
    ///   - sweepsBlobs: Also contents that nothing names, and texts of attempts that are old. It reads the whole log, so
    ///     once a day is often enough.
    ///   - isTrial: Nothing is changed, only counted.
    /// - Throws: What `write` and reading throw, except `conflict`: a run that changed since it was looked at stays. A run
    ///   whose log is damaged is left as it is.
    public func run(at now: Timestamp, sweepsBlobs: Bool = true, isTrial: Bool = false) throws(StoreError)
        -> RetentionReport
    {
        var report = RetentionReport()
        try expire(at: now, isTrial, &report)
        try sweepEndedRuns(at: now, isTrial, &report)
        if !isTrial { try packOpenRuns(at: now, &report) }
        if !isTrial { try clear() }
        if sweepsBlobs, !isStopping() {
            report.blobs = try BlobSweep(runs: runs, catalog: catalog, blobs: blobs).run(
                lastPutBefore: now - policy.unnamed,
                withoutLogsBefore: now - max(policy.logs, StoreAudit.shortestLogRetention),
                isTrial: isTrial
            )
        }
        return report
    }

    // MARK: Rows that end by themselves

    private func expire(at now: Timestamp, _ isTrial: Bool, _ report: inout RetentionReport) throws(StoreError) {
        report.answers = try expire(.idempotency, before: now, isTrial)
        report.signals = try expire(.signals, before: now - policy.signals, isTrial)
        report.usageRecords = try expire(.usage, before: now - policy.usage, isTrial)
        report.deadLetters = try expire(.deadLetters, before: now - policy.deadLetters, isTrial)
        report.notes = try expireNotes(at: now, isTrial)
        report.sessions = try deleteSessions(at: now, isTrial)
        report.cacheEntries = try expire(.cache, before: now, isTrial) + shrinkCache(isTrial)
    }

    private func expire(_ kind: Expiry.Kind, before time: Timestamp, _ isTrial: Bool) throws(StoreError) -> Int {
        guard !isTrial else { return try runs.count(Expiry(kind, before: time, limit: .max)) }
        let step = Expiry(kind, before: time, limit: stepSize)
        var removed = 0
        while case let count = try runs.count(step), count > 0, !isStopping() {
            var commit = Commit()
            commit.expiries = [step]
            try write(commit)
            removed += count
        }
        return removed
    }

    private func expireNotes(at now: Timestamp, _ isTrial: Bool) throws(StoreError) -> Int {
        guard let notes else { return 0 }
        let times: [(NoteExpiry.Kind, Timestamp)] = [
            (.memories, now), (.contexts, now), (.thoughts, now - policy.thoughts),
            (.answers, now - policy.noteAnswers),
        ]
        var removed = 0
        for (kind, time) in times {
            let all = NoteExpiry(kind, before: time, limit: isTrial ? .max : stepSize)
            while case let count = try notes.count(all), count > 0, !isStopping() {
                if kind != .answers { removed += count }
                guard !isTrial else { break }
                var change = NoteChange()
                change.expiries = [all]
                try notes.apply(change)
            }
        }
        return removed
    }

    private func deleteSessions(at now: Timestamp, _ isTrial: Bool) throws(StoreError) -> Int {
        guard let sessions, let notes else { return 0 }
        let time = now - policy.sessions
        guard !isTrial else { return try sessions.sessions(endedBefore: time, limit: .max).count }
        var removed = 0
        while case let page = try sessions.sessions(endedBefore: time, limit: stepSize), !page.isEmpty, !isStopping() {
            for row in page where !isStopping() {
                try sessions.delete(row, notes: notes)
                removed += 1
            }
        }
        return removed
    }

    private func shrinkCache(_ isTrial: Bool) throws(StoreError) -> Int {
        var excess = try runs.cacheTotals().bytes - policy.cacheBytes
        var removed = 0
        var filter = CacheFilter()
        filter.order = .leastRecentlyUsed
        filter.limit = isTrial ? .max : stepSize
        while excess > 0, !isStopping() {
            var commit = Commit()
            for row in try runs.cache(filter) where excess > 0 {
                commit.removedCache.append(row.key)
                excess -= row.size
            }
            removed += commit.removedCache.count
            guard !isTrial, !commit.isEmpty else { break }
            try write(commit)
        }
        return removed
    }

    // MARK: Rows that archives and deletions left behind

    /// Many small runs in one step, or a part of a large one.
    func clear() throws(StoreError) {
        while case let keys = try runs.clearable(limit: 20), !keys.isEmpty, !isStopping() {
            var commit = Commit()
            commit.clearings = keys.map { Clearing(runKey: $0, limit: max(stepSize / keys.count, 1)) }
            try write(commit)
            CrashPoint.afterClearing.reach()
        }
    }
}

extension Timestamp {
    static func - (time: Self, span: Duration) -> Self { time + (.zero - span) }
}
