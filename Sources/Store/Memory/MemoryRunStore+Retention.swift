// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

extension MemoryRunStore {
    /// Ended runs, the one that ended first first.
    public func runs(endedBefore time: Timestamp, after last: RunRow?, limit: Int) -> [RunRow] {
        reading { state in
            let ended = state.runs.values.compactMap { run in run.endedAt.map { (at: $0, run: run) } }
            let fitting = ended.filter { item in
                guard item.at < time else { return false }
                guard let last, let end = last.endedAt else { return true }
                return (item.at, item.run.key) > (end, last.key)
            }
            return fitting.sorted { ($0.at, $0.run.key) < ($1.at, $1.run.key) }.prefix(limit).map(\.run)
        }
    }

    /// What is packed of a run.
    public func archives(ofRun key: Int64) -> [ArchiveRow] {
        reading { $0.retention.archives[key] ?? [] }
    }

    /// What is packed of all runs.
    public func archives(after last: ArchiveRow?, limit: Int) -> [ArchiveRow] {
        reading { state in
            let rows = state.retention.archives.values.joined().filter { row in
                last.map { (row.runKey, row.firstSequence) > ($0.runKey, $0.firstSequence) } ?? true
            }
            return Array(rows.sorted { ($0.runKey, $0.firstSequence) < ($1.runKey, $1.firstSequence) }.prefix(limit))
        }
    }

    /// Runs of which something can be cleared.
    public func clearable(limit: Int) -> [Int64] {
        reading { Array($0.retention.clearings.keys.sorted().prefix(limit)) }
    }

    /// Who wants a run kept.
    public func hold(ofRun key: Int64) -> HoldRow? {
        reading { $0.retention.holds[key] }
    }

    /// Runs that are held.
    public func holds() -> [HoldRow] {
        reading { $0.retention.holds.values.sorted { $0.runKey < $1.runKey } }
    }

    /// Runs that need the beginning of that one.
    public func pins(onRun key: Int64) -> [PinRow] {
        reading { state in state.retention.pins.filter { $0.originKey == key }.sorted { $0.runKey < $1.runKey } }
    }

    /// Runs whose beginning another one needs.
    public func pinnedRuns() -> [Int64] {
        reading { Set($0.retention.pins.map(\.originKey)).sorted() }
    }

    /// Runs whose beginning that run needs.
    public func pins(ofRun key: Int64) -> [PinRow] {
        reading { state in state.retention.pins.filter { $0.runKey == key }.sorted { $0.originKey < $1.originKey } }
    }

    /// What is left of a deleted run.
    public func tombstone(_ id: RunID) -> TombstoneRow? {
        reading { state in state.retention.tombstones.values.filter { $0.id == id }.max { $0.runKey < $1.runKey } }
    }

    /// What is left of deleted runs.
    public func tombstones(before key: Int64?, limit: Int) -> [TombstoneRow] {
        reading { state in
            let rows = state.retention.tombstones.values.filter { row in key.map { row.runKey < $0 } ?? true }
            return Array(rows.sorted { $0.runKey > $1.runKey }.prefix(limit))
        }
    }

    /// Up to which number events may be missing among those of all runs.
    public func compactedSequence() -> Int64 {
        reading { $0.retention.compacted }
    }
}
