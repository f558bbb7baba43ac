// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// Runs that are to be deleted or packed.
extension RetentionSweep {
    func sweepEndedRuns(at now: Timestamp, _ isTrial: Bool, _ report: inout RetentionReport) throws(StoreError) {
        let age = min(policy.packing, policy.endedRuns)
        var last: RunRow?
        while !isStopping() {
            let page = try runs.runs(endedBefore: now - age + .milliseconds(1), after: last, limit: 100)
            guard let end = page.last else { return }
            last = end
            for run in page where !isStopping() {
                try sweep(run, at: now, isTrial, &report)
            }
        }
    }

    private func sweep(
        _ run: RunRow,
        at now: Timestamp,
        _ isTrial: Bool,
        _ report: inout RetentionReport
    ) throws(StoreError) {
        let keepers = try keepers(of: run)
        switch policy.verdict(on: run, keptBy: keepers, at: now) {
        case .keep: return
        case .delete:
            if !isTrial { guard try delete(run, at: now) else { return } }
            report.deletedRuns += 1
            report.deletedEvents += run.lastSequence
        case .pack:
            if policy.verdict(on: run, keptBy: [], at: now) == .delete {
                for keeper in keepers { report.keptRuns[keeper, default: 0] += 1 }
            }
            try pack(run, through: run.lastSequence, at: now, isTrial, &report)
        }
    }

    private func keepers(of run: RunRow) throws(StoreError) -> Set<RetentionPolicy.Keeper> {
        var keepers: Set<RetentionPolicy.Keeper> = []
        if try runs.hold(ofRun: run.key) != nil { keepers.insert(.hold) }
        if try !runs.pins(onRun: run.key).isEmpty { keepers.insert(.pin) }
        if try !runs.humanTasks(.pending(run: run.key, limit: 1)).isEmpty { keepers.insert(.request) }
        return keepers
    }

    /// What a crash leaves of them ends by itself.
    private func deleteNotes(of run: RunRow, at now: Timestamp) throws(StoreError) {
        let place = NotePlace.run(run.id, of: run.ownership)
        guard let notes, try notes.noteSize(of: place, at: now) != NoteSize() else { return }
        var change = NoteChange()
        change.removedPlaces = [place]
        try notes.apply(change)
    }

    /// Gives false when the run changed meanwhile.
    private func delete(_ run: RunRow, at now: Timestamp) throws(StoreError) -> Bool {
        var commit = Commit()
        commit.deletions = [RunDeletion(runKey: run.key, lastSequence: run.lastSequence, at: now)]
        guard try writeUnlessChanged(commit) else { return false }
        CrashPoint.afterDeletion.reach()
        try deleteNotes(of: run, at: now)
        onDelete(run)
        return true
    }

    private func writeUnlessChanged(_ commit: Commit) throws(StoreError) -> Bool {
        do throws(StoreError) {
            try write(commit)
            return true
        } catch {
            guard error.code == .conflict else { throw error }
            return false
        }
    }

    private func pack(
        _ run: RunRow,
        through last: Int64,
        at now: Timestamp,
        _ isTrial: Bool,
        _ report: inout RetentionReport
    ) throws(StoreError) {
        do throws(StoreError) {
            var packer = try RunPacker(run.key, runs: runs, blobs: blobs)
            guard packer.end.sequence < last else { return }
            guard !isTrial else {
                report.packedRuns += 1
                return
            }
            var isCounted = false
            while !isStopping(), let row = try packer.next(through: last, at: now) {
                var commit = Commit()
                commit.archives = [row]
                guard try writeUnlessChanged(commit) else { return }
                CrashPoint.afterArchive.reach()
                report.packedEvents += row.count
                report.packedBytes += Int64(row.blob.size)
                if !isCounted { report.packedRuns += 1 }
                isCounted = true
            }
        } catch {
            // A damaged log stays as it is: whoever opens the run is told.
            guard error.code == .corrupted || error.code == .missing else { throw error }
        }
    }

    /// Long-living runs would fill the log with what no one but a historian reads.
    func packOpenRuns(at now: Timestamp, _ report: inout RetentionReport) throws(StoreError) {
        var filter = RunFilter()
        filter.statuses = RunStatus.allCases.filter { !$0.isTerminal }
        filter.limit = 100
        while !isStopping() {
            let page = try runs.runs(filter)
            for run in page where run.lastSequence >= policy.smallestPack {
                guard let last = try packableEnd(of: run, at: now) else { continue }
                try pack(run, through: last, at: now, false, &report)
            }
            guard let end = page.last else { return }
            filter.before = end.key
        }
    }

    private func packableEnd(of run: RunRow, at now: Timestamp) throws(StoreError) -> Int64? {
        guard let snapshot = try runs.snapshot(ofRun: run.key, atMost: .max)?.sequence else { return nil }
        let packed = try runs.archives(ofRun: run.key).last?.end.sequence ?? 0
        guard policy.packable(snapshot: snapshot, packed: packed, old: snapshot) != nil else { return nil }
        let old = try lastEvent(of: run, before: now - policy.history, between: packed, and: snapshot)
        return policy.packable(snapshot: snapshot, packed: packed, old: old)
    }

    /// The last event that happened before `time`, found by halving: times rise with numbers.
    private func lastEvent(
        of run: RunRow,
        before time: Timestamp,
        between first: Int64,
        and last: Int64
    ) throws(StoreError) -> Int64 {
        var (low, high) = (first, last)
        while low < high {
            let middle = (low + high + 1) / 2
            guard let stored = try runs.records(ofRun: run.key, in: middle...middle, limit: 1).first else { break }
            let end = stored.record.firstSequence + Int64(stored.record.count) - 1
            if stored.record.at < time { low = min(end, last) } else { high = stored.record.firstSequence - 1 }
        }
        return low
    }
}
