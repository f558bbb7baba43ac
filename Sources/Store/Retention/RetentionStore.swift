// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What is asked about runs whose time is over.
public protocol RetentionStore: Sendable {
    /// Ended runs that ended before `time`, the earliest first, those of one instant by key.
    ///
    /// - Parameter last: The last run of the page before.
    func runs(endedBefore time: Timestamp, after last: RunRow?, limit: Int) throws(StoreError) -> [RunRow]

    /// What is packed of a run, in the order of its events.
    func archives(ofRun key: Int64) throws(StoreError) -> [ArchiveRow]
    /// What is packed of all runs, by run and event, after one.
    func archives(after last: ArchiveRow?, limit: Int) throws(StoreError) -> [ArchiveRow]
    /// Keys of runs of which ``Clearing`` would remove something, by key.
    func clearable(limit: Int) throws(StoreError) -> [Int64]

    /// Who wants a run kept.
    func hold(ofRun key: Int64) throws(StoreError) -> HoldRow?
    /// Runs that are held, by key.
    func holds() throws(StoreError) -> [HoldRow]
    /// Runs that need the beginning of that one, by key.
    func pins(onRun key: Int64) throws(StoreError) -> [PinRow]
    /// Runs whose beginning another one needs, by key.
    func pinnedRuns() throws(StoreError) -> [Int64]
    /// Runs whose beginning that run needs, by key.
    func pins(ofRun key: Int64) throws(StoreError) -> [PinRow]

    /// What is left of a deleted run; the last one with that id.
    func tombstone(_ id: RunID) throws(StoreError) -> TombstoneRow?
    /// What is left of deleted runs, the newest run first.
    func tombstones(before key: Int64?, limit: Int) throws(StoreError) -> [TombstoneRow]

    /// Events with this or a lower global number may be missing where records of all runs are read, because their runs
    /// were packed or deleted; 0 while none is.
    func compactedSequence() throws(StoreError) -> Int64
}
