// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// A file that an older program wrote and nobody has upgraded yet reads as one without such rows.
extension SQLiteRunStore {
    /// Ended runs, the one that ended first first; none while the file has an older format.
    public func runs(endedBefore time: Timestamp, after last: RunRow?, limit: Int) throws(StoreError) -> [RunRow] {
        try retention { (rows) throws(StoreError) in
            try rows.runs(endedBefore: time, after: last, limit: limit)
        } ?? []
    }

    /// What is packed of a run.
    public func archives(ofRun key: Int64) throws(StoreError) -> [ArchiveRow] {
        try retention { (rows) throws(StoreError) in try rows.archives(ofRun: key) } ?? []
    }

    /// What is packed of all runs.
    public func archives(after last: ArchiveRow?, limit: Int) throws(StoreError) -> [ArchiveRow] {
        try retention { (rows) throws(StoreError) in try rows.archives(after: last, limit: limit) } ?? []
    }

    /// Runs of which something can be cleared.
    public func clearable(limit: Int) throws(StoreError) -> [Int64] {
        try retention { (rows) throws(StoreError) in try rows.clearable(limit: limit) } ?? []
    }

    /// Who wants a run kept.
    public func hold(ofRun key: Int64) throws(StoreError) -> HoldRow? {
        try retention { (rows) throws(StoreError) in try rows.hold(ofRun: key) } ?? nil
    }

    /// Runs that are held.
    public func holds() throws(StoreError) -> [HoldRow] {
        try retention { (rows) throws(StoreError) in try rows.holds() } ?? []
    }

    /// Runs that need the beginning of that one.
    public func pins(onRun key: Int64) throws(StoreError) -> [PinRow] {
        try retention { (rows) throws(StoreError) in try rows.pins(onRun: key) } ?? []
    }

    /// Runs whose beginning another one needs.
    public func pinnedRuns() throws(StoreError) -> [Int64] {
        try retention { (rows) throws(StoreError) in try rows.pinnedRuns() } ?? []
    }

    /// Runs whose beginning that run needs.
    public func pins(ofRun key: Int64) throws(StoreError) -> [PinRow] {
        try retention { (rows) throws(StoreError) in try rows.pins(ofRun: key) } ?? []
    }

    /// What is left of a deleted run.
    public func tombstone(_ id: RunID) throws(StoreError) -> TombstoneRow? {
        try retention { (rows) throws(StoreError) in try rows.tombstone(id) } ?? nil
    }

    /// What is left of deleted runs.
    public func tombstones(before key: Int64?, limit: Int) throws(StoreError) -> [TombstoneRow] {
        try retention { (rows) throws(StoreError) in try rows.tombstones(before: key, limit: limit) } ?? []
    }

    /// Up to which number events may be missing among those of all runs.
    public func compactedSequence() throws(StoreError) -> Int64 {
        try retention { (rows) throws(StoreError) in try rows.compactedSequence() } ?? 0
    }

    private func retention<Value: Sendable>(
        _ body: @Sendable (RetentionReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in try reader.retention().map(body) }
    }
}
