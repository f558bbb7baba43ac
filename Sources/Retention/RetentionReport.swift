// Baton
// SPDX-License-Identifier: Apache-2.0

public import Catalog

/// What a sweep did, or would do.
public struct RetentionReport: Sendable, Equatable {
    /// Answers to requests whose time was over.
    public var answers = 0
    /// Signals nobody waited for.
    public var signals = 0
    /// Usage records.
    public var usageRecords = 0
    /// Dead letters nobody did anything about.
    public var deadLetters = 0
    /// Entries of the cache that ended, or were too many.
    public var cacheEntries = 0
    /// Memories, contexts and thoughts whose time was over.
    public var notes = 0
    /// Sessions that ended long ago.
    public var sessions = 0
    /// Runs that were deleted.
    public var deletedRuns = 0
    /// Their events.
    public var deletedEvents: Int64 = 0
    /// Old runs that stay, by what keeps them.
    public var keptRuns: [RetentionPolicy.Keeper: Int] = [:]
    /// Runs of which something was packed.
    public var packedRuns = 0
    /// Events that were packed; not known before it is done.
    public var packedEvents: Int64 = 0
    /// Bytes of what they were packed into.
    public var packedBytes: Int64 = 0
    /// What became of contents; `nil` when they were not looked at.
    public var blobs: BlobSweep.Report?

    /// Nothing done.
    public init() {}
}
