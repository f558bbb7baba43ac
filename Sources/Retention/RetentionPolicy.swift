// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// How long things are kept (spec 12.2).
public struct RetentionPolicy: Sendable, Equatable {
    /// Ended runs are deleted then, with everything that only they name.
    public var endedRuns = Duration.days(90)
    /// The logs of ended runs are packed then; they are read as before.
    public var packing = Duration.days(7)
    /// Events of open runs that a snapshot has taken in are packed then.
    public var history = Duration.days(90)
    /// Texts that attempts wrote are removed then; at least ``StoreAudit/shortestLogRetention``.
    public var logs = Duration.days(14)
    /// Signals nobody waited for are dropped then.
    public var signals = Duration.days(7)
    /// Usage records are removed then.
    public var usage = Duration.days(365)
    /// Dead letters nobody did anything about are removed then.
    public var deadLetters = Duration.days(30)
    /// Thoughts of agents are removed then.
    public var thoughts = Duration.days(90)
    /// Sessions are deleted then with their threads and notes, counted from their end.
    public var sessions = Duration.days(30)
    /// Answers to requests that changed notes are kept that long.
    public var noteAnswers = Duration.days(7)
    /// For whoever answers requests: how long an answer is kept.
    public var idempotency = Duration.days(1)
    /// For whoever fills the cache: the longest that an entry answers.
    public var cache = Duration.days(30)
    /// Bytes of outputs in the cache; beyond it goes what was used longest ago.
    public var cacheBytes: Int64 = 1 << 30
    /// Contents that nothing names are kept that long, because what names them may not be written yet.
    public var unnamed = Duration.days(1)
    /// An open run is packed only when it is worth a blob of its own.
    public var smallestPack: Int64 = 1000

    /// The defaults.
    public init() {}

    /// What is to be done with a run.
    public enum Verdict: Sendable, Equatable {
        /// Nothing.
        case keep
        /// Its log is packed.
        case pack
        /// It is deleted.
        case delete
    }

    /// What keeps an old run.
    public enum Keeper: String, Sendable, CaseIterable {
        /// Somebody wants it kept.
        case hold
        /// A run that was forked from it is still there.
        case pin
        /// It still asks a person something.
        case request
    }

    /// What is to be done with a run at that time.
    public func verdict(on run: RunRow, keptBy keepers: Set<Keeper>, at now: Timestamp) -> Verdict {
        guard run.status.isTerminal, let endedAt = run.endedAt else { return .keep }
        if now - endedAt >= endedRuns && keepers.isEmpty { return .delete }
        return now - endedAt >= min(packing, endedRuns) ? .pack : .keep
    }

    /// Up to which event an open run is packed: what a snapshot has taken in, and is old.
    ///
    /// - Parameters:
    ///   - snapshot: The last event that the newest snapshot has taken in.
    ///   - packed: The last event that is packed already.
    ///   - old: The last event that happened longer ago than ``history``.
    public func packable(snapshot: Int64, packed: Int64, old: Int64) -> Int64? {
        let end = min(snapshot, old)
        return end - packed >= smallestPack ? end : nil
    }
}

extension Duration {
    static func days(_ count: Int64) -> Duration { .seconds(count * 24 * 3600) }
}
