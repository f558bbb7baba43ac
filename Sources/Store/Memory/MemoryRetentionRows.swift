// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// What a ``MemoryRunStore`` holds of runs that were packed, held, pinned or deleted.
struct MemoryRetentionRows {
    /// By run, in the order of their events.
    var archives: [Int64: [ArchiveRow]] = [:]
    /// By run, up to which event its records go.
    var clearings: [Int64: Int64] = [:]
    var holds: [Int64: HoldRow] = [:]
    var pins: [PinRow] = []
    var tombstones: [Int64: TombstoneRow] = [:]
    var compacted: Int64 = 0

    /// The end of what is packed of a run.
    func end(ofRun key: Int64) -> ChainLink { archives[key]?.last?.end ?? .start }
}

extension MemoryRunState {
    /// Applies the rest of a commit, whose other parts are applied; throws `conflict` when it does not fit, and then the
    /// state is of no use.
    mutating func applyRetention(_ commit: Commit) throws(StoreError) {
        for row in commit.archives { try add(row) }
        for row in commit.holds {
            guard runs[row.runKey] != nil else { throw .runGone(row.runKey) }
            retention.holds[row.runKey] = row
        }
        for key in commit.releasedHolds { retention.holds[key] = nil }
        for row in commit.pins {
            guard runs[row.originKey] != nil else { throw .runGone(row.originKey) }
            retention.pins.removeAll { $0.runKey == row.runKey && $0.originKey == row.originKey }
            retention.pins.append(row)
        }
        for deletion in commit.deletions { try delete(deletion) }
        for clearing in commit.clearings { clear(clearing) }
    }

    private mutating func add(_ row: ArchiveRow) throws(StoreError) {
        var link = retention.end(ofRun: row.runKey)
        guard row.firstSequence == link.sequence + 1 else { throw .archiveUnfit(row) }
        var last: Int64 = 0
        for position in positions[row.runKey] ?? [] where link.sequence < row.end.sequence {
            let stored = records[position]
            // What an earlier archive left behind and nobody has cleared yet.
            guard stored.record.firstSequence > link.sequence else { continue }
            link = link.next(stored.record)
            last = stored.globalSequence + Int64(stored.record.count) - 1
        }
        guard link == row.end, last == row.lastGlobalSequence else { throw .archiveUnfit(row) }
        retention.archives[row.runKey, default: []].append(row)
        retention.clearings[row.runKey] = max(retention.clearings[row.runKey] ?? 0, row.end.sequence)
        retention.compacted = max(retention.compacted, row.lastGlobalSequence)
    }

    private mutating func delete(_ deletion: RunDeletion) throws(StoreError) {
        let key = deletion.runKey
        guard let run = runs[key] else { throw .runGone(key) }
        guard run.status.isTerminal, lastSequence(ofRun: key) == deletion.lastSequence, retention.holds[key] == nil,
            !retention.pins.contains(where: { $0.originKey == key })
        else { throw .runStays(key) }
        if let position = positions[key]?.last {
            let last = records[position].globalSequence + Int64(records[position].record.count) - 1
            retention.compacted = max(retention.compacted, last)
        }
        retention.tombstones[key] = TombstoneRow(of: run, events: deletion.lastSequence, deletedAt: deletion.at)
        runs[key] = nil
        runKeys[run.id] = nil
        retention.archives[key] = nil
        retention.pins.removeAll { $0.runKey == key }
        retention.clearings[key] = .max
        prompts.remove(ofRun: key)
    }

    private mutating func clear(_ clearing: Clearing) {
        let key = clearing.runKey
        guard let through = retention.clearings[key] else { return }
        var left = clearing.limit - removeRecords(ofRun: key, through: through, limit: clearing.limit)
        if through == .max { left -= removeRows(ofRun: key, limit: left) }
        if left > 0 { retention.clearings[key] = nil }
    }

    private mutating func removeRecords(ofRun key: Int64, through: Int64, limit: Int) -> Int {
        let old = (positions[key] ?? []).filter { records[$0].record.firstSequence <= through }.prefix(limit)
        guard !old.isEmpty else { return 0 }
        let removed = Set(old)
        records = records.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
        positions = [:]
        for (position, stored) in records.enumerated() {
            positions[stored.record.runKey, default: []].append(position)
        }
        return removed.count
    }

    /// Everything else of a run that was deleted, in the order in which a database does it.
    private mutating func removeRows(ofRun key: Int64, limit: Int) -> Int {
        var left = limit
        for row in (snapshots[key] ?? []).prefix(left) {
            snapshots[key]?.removeAll { $0.sequence == row.sequence }
            left -= 1
        }
        left -= keyed.remove(ofRun: key, limit: left)
        for row in humanTasks.values.filter({ $0.key.runKey == key }).sorted(by: { $0.id < $1.id }).prefix(left) {
            humanTasks[row.id] = nil
            left -= 1
        }
        for row in timers.values.filter({ $0.key.runKey == key }).sorted(by: { $0.number < $1.number }).prefix(left) {
            timers[row.number] = nil
            left -= 1
        }
        for row in tasks.keys.filter({ $0.runKey == key }).sorted(by: { $0.task < $1.task }).prefix(left) {
            tasks[row] = nil
            left -= 1
        }
        for row in deadLetters.keys.filter({ $0.runKey == key }).sorted(by: { $0.task < $1.task }).prefix(left) {
            deadLetters[row] = nil
            left -= 1
        }
        return limit - left
    }
}
