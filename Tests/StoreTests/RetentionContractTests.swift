// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

/// Runs that are packed, held, pinned, deleted and cleared.
@Suite struct RetentionContractTests {
    private let now = Timestamp(milliseconds: 100_000)

    /// Appends single events up to a number, and writes the run's row.
    private func append(_ store: any RunStore, _ run: Int64, to last: Int64, _ status: RunStatus = .completed) throws {
        let first = (try store.records(ofRun: run, backwardsFrom: .max, limit: 1).first?.record.firstSequence ?? 0) + 1
        var commit = Commit()
        commit.records = (first...max(first, last)).map { .sample(run: run, from: $0) }
        var row = RunRow.sample(run, status)
        row.lastSequence = last
        row.endedAt = status.isTerminal ? Timestamp(milliseconds: run * 10) : nil
        commit.runs = [row]
        _ = try store.commit(commit)
    }

    private func pack(
        _ store: any RunStore,
        _ blobs: any BlobStore,
        _ run: Int64,
        through last: Int64
    ) throws -> ArchiveRow {
        let start = try store.archives(ofRun: run).last?.end ?? .start
        let records = try store.records(ofRun: run, in: start.sequence + 1...last, limit: .max)
        let segment = try ArchiveSegment(runKey: run, start: start, records: records)
        var names = BlobMarks()
        names.insert(String(repeating: "a", count: 64))
        return ArchiveRow(
            runKey: run,
            firstSequence: start.sequence + 1,
            end: segment.end,
            lastGlobalSequence: records.last?.globalSequence ?? 0,
            blob: try blobs.put(segment.packed()),
            names: names.packed,
            logNames: [],
            lastAt: Timestamp(milliseconds: 7),
            packedAt: now
        )
    }

    private func commit(_ store: any RunStore, _ change: (inout Commit) throws -> Void) throws {
        var commit = Commit()
        try change(&commit)
        _ = try store.commit(commit)
    }

    @Test(arguments: Backend.allCases)
    func `a packed log is read as before, whatever of it is still there`(backend: Backend) throws {
        try backend.packing { store, blobs in
            try append(store, 1, to: 10, .running)
            try append(store, 2, to: 3)
            let all = try store.records(ofRun: 1, after: 0, limit: 99)
            func isAsBefore(_ place: String) throws {
                #expect(try store.records(ofRun: 1, after: 0, limit: 99) == all, "\(place)")
                let ranges: [(ClosedRange<Int64>, Int)] = [
                    (3...8, 99), (1...2, 1), (4...4, 9), (6...10, 3), (10 ... .max, 9),
                ]
                for (range, limit) in ranges {
                    let expected = all.filter { range.contains($0.record.firstSequence) }.prefix(limit)
                    #expect(
                        try store.records(ofRun: 1, in: range, limit: limit) == Array(expected),
                        "\(place), \(range)"
                    )
                }
                for (from, limit) in [(.max, 99), (6, 2), (5, 99), (8, 4), (1, 9)] as [(Int64, Int)] {
                    let expected = all.filter { $0.record.firstSequence < from }.reversed().prefix(limit)
                    #expect(
                        try store.records(ofRun: 1, backwardsFrom: from, limit: limit) == Array(expected),
                        "\(place), from \(from)"
                    )
                }
            }
            try commit(store) { $0.archives = [try pack(store, blobs, 1, through: 4)] }
            try isAsBefore("packed")
            #expect(try store.clearable(limit: 9) == [1])
            #expect(try store.compactedSequence() == 4)
            for left in [3, 2, 1, 0] {
                try commit(store) { $0.clearings = [Clearing(runKey: 1, limit: 1)] }
                try isAsBefore("\(left) left")
            }
            try commit(store) { $0.clearings = [Clearing(runKey: 1, limit: 1)] }
            #expect(try store.clearable(limit: 9).isEmpty)
            try commit(store) { $0.archives = [try pack(store, blobs, 1, through: 7)] }
            try commit(store) { $0.clearings = [Clearing(runKey: 1, limit: 2), Clearing(runKey: 9)] }
            try isAsBefore("packed twice")
            try commit(store) { $0.archives = [try pack(store, blobs, 1, through: 10)] }
            try commit(store) { $0.clearings = [Clearing(runKey: 1, limit: 99)] }
            try isAsBefore("all packed")
            #expect(try store.archives(ofRun: 1).map(\.end.sequence) == [4, 7, 10])
            #expect(try store.lastSequence() == 13)
            #expect(try store.records(after: 0, limit: 99).map(\.globalSequence) == [11, 12, 13])

            // A run whose whole log is packed goes on.
            try append(store, 1, to: 11, .running)
            #expect(try store.records(ofRun: 1, after: 9, limit: 9).map(\.globalSequence) == [10, 14])
            #expect(try store.records(ofRun: 1, backwardsFrom: .max, limit: 2).map(\.globalSequence) == [14, 10])
        }
    }

    @Test(arguments: Backend.allCases)
    func `nothing is packed that does not fit the log`(backend: Backend) throws {
        try backend.packing { store, blobs in
            try append(store, 1, to: 5)
            let good = try pack(store, blobs, 1, through: 4)
            var wrong = [good, good, good, good]
            wrong[0].firstSequence = 2
            wrong[1].end = ChainLink(sequence: 4, hash: SIMD16())
            wrong[2].end = ChainLink(sequence: 5, hash: good.end.hash)
            wrong[3].lastGlobalSequence = 5
            for row in wrong {
                #expect(code { try commit(store) { $0.archives = [row] } } == .conflict, "\(row)")
            }
            #expect(try store.archives(ofRun: 1).isEmpty && store.clearable(limit: 9).isEmpty)
            try commit(store) { $0.archives = [good] }
            #expect(code { try commit(store) { $0.archives = [good] } } == .conflict, "once only")
            #expect(try store.archives(ofRun: 1) == [good])
            #expect(try store.archives(after: nil, limit: 9) == [good])
            #expect(try store.archives(after: good, limit: 9).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a deleted run leaves a tombstone, and its rows go step by step`(backend: Backend) throws {
        try backend.packing { store, blobs in
            for run in [1, 2, 3] as [Int64] { try append(store, run, to: 3) }
            try commit(store) { commit in
                for run in [2, 3] as [Int64] {
                    commit.snapshots.append(
                        SnapshotRow(runKey: run, sequence: 2, content: .inline([1]), takenAt: now)
                    )
                    commit.inbox.append(InboxRow(runKey: run, message: "m", appliedSequence: 1))
                    var signal = SignalRow.sample("run_\(run)", "d", at: 1)
                    signal.runKey = run
                    commit.signals.append(signal)
                    commit.humanTasks.append(.sample(UInt64(run), run: run, at: 1, .approved))
                }
            }
            try commit(store) { $0.archives = [try pack(store, blobs, 3, through: 2)] }
            try commit(store) { $0.deletions = [RunDeletion(runKey: 3, lastSequence: 3, at: now)] }
            let id = RunRow.sample(3).id
            #expect(try store.run(id) == nil && store.run(key: 3) == nil)
            #expect(try store.runs(RunFilter()).map(\.key) == [2, 1])
            #expect(try store.runs(endedBefore: now, after: nil, limit: 9).map(\.key) == [1, 2])
            #expect(try store.lastRunKey() == 3, "a key is never given again")
            #expect(try store.archives(ofRun: 3).isEmpty)
            #expect(try store.compactedSequence() == 9)
            var steps = 0
            while try !store.clearable(limit: 9).isEmpty {
                try commit(store) { $0.clearings = [Clearing(runKey: 3, limit: 2)] }
                steps += 1
            }
            #expect(steps == 4, "3 records, 4 other rows, 2 a step, and one that finds nothing")
            #expect(try store.records(ofRun: 3, after: 0, limit: 9).isEmpty)
            #expect(try store.snapshot(ofRun: 3, atMost: .max) == nil)
            #expect(try store.inbox(ofRun: 3, message: "m") == nil)
            #expect(try store.signals(SignalFilter()).map(\.runKey) == [2])
            #expect(try store.humanTasks(HumanTaskFilter()).map(\.key.runKey) == [2])
            #expect(try store.inbox(ofRun: 2, message: "m") == 1)
            #expect(try store.lastSequence() == 9)
            var row = RunRow.sample(3, .completed)
            row.endedAt = Timestamp(milliseconds: 30)
            let tombstone = TombstoneRow(of: row, events: 3, deletedAt: now)
            #expect(try store.tombstone(id) == tombstone)
            #expect(try store.tombstone(RunRow.sample(1).id) == nil)
            #expect(try store.tombstones(before: nil, limit: 9) == [tombstone])
            #expect(try store.tombstones(before: 3, limit: 9).isEmpty)
            try append(store, 4, to: 1)
            #expect(try store.records(after: 6, limit: 9).map(\.globalSequence) == [10])
        }
    }

    @Test(arguments: Backend.allCases)
    func `a run that is open, held, pinned or went on is not deleted`(backend: Backend) throws {
        try backend.packing { store, _ in
            try append(store, 1, to: 3, .running)
            for run in [2, 3, 4, 5] as [Int64] { try append(store, run, to: 3) }
            let hold = HoldRow(runKey: 2, actor: "user:a", reason: "a case", at: now)
            let pins = [PinRow(runKey: 5, originKey: 3, sequence: 2), PinRow(runKey: 4, originKey: 3, sequence: 1)]
            try commit(store) { $0.holds = [hold] }
            try commit(store) { $0.pins = pins }
            for (run, last) in [(1, 3), (2, 3), (3, 3), (4, 2), (4, 4), (9, 1)] as [(Int64, Int64)] {
                let deletion = RunDeletion(runKey: run, lastSequence: last, at: now)
                #expect(code { try commit(store) { $0.deletions = [deletion] } } == .conflict, "run \(run), \(last)")
            }
            #expect(try store.runs(RunFilter()).count == 5 && store.tombstones(before: nil, limit: 9).isEmpty)
            #expect(try store.hold(ofRun: 2) == hold && store.hold(ofRun: 3) == nil)
            #expect(try store.holds() == [hold] && store.pinnedRuns() == [3])
            #expect(try store.pins(onRun: 3) == pins.reversed() && store.pins(ofRun: 5) == [pins[0]])
            let stray = HoldRow(runKey: 9, actor: "", reason: nil, at: now)
            #expect(code { try commit(store) { $0.holds = [stray] } } == .conflict)
            #expect(
                code { try commit(store) { $0.pins = [PinRow(runKey: 4, originKey: 9, sequence: 1)] } } == .conflict
            )

            try commit(store) { $0.releasedHolds = [2, 8] }
            #expect(try store.holds().isEmpty)
            try commit(store) { $0.deletions = [RunDeletion(runKey: 2, lastSequence: 3, at: now)] }
            // A pin goes with the run that has it.
            try commit(store) { $0.deletions = [RunDeletion(runKey: 5, lastSequence: 3, at: now)] }
            let origin = RunDeletion(runKey: 3, lastSequence: 3, at: now)
            #expect(code { try commit(store) { $0.deletions = [origin] } } == .conflict)
            try commit(store) { $0.deletions = [4, 3].map { RunDeletion(runKey: $0, lastSequence: 3, at: now) } }
            #expect(try store.runs(RunFilter()).map(\.key) == [1])
            #expect(try store.pins(onRun: 3).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `ended runs come by the time of their end`(backend: Backend) throws {
        try backend.packing { store, _ in
            try append(store, 1, to: 1, .running)
            var commit = Commit()
            for (key, end) in [(2, 50), (3, 20), (4, 50), (5, 90)] as [(Int64, Int64)] {
                var row = RunRow.sample(key, .failed)
                row.endedAt = Timestamp(milliseconds: end)
                commit.runs.append(row)
            }
            _ = try store.commit(commit)
            let time = Timestamp(milliseconds: 90)
            #expect(try store.runs(endedBefore: time, after: nil, limit: 9).map(\.key) == [3, 2, 4])
            let first = try store.runs(endedBefore: time, after: nil, limit: 2)
            #expect(try store.runs(endedBefore: time, after: first.last, limit: 9).map(\.key) == [4])
            #expect(try store.runs(endedBefore: Timestamp(milliseconds: 20), after: nil, limit: 9).isEmpty)
        }
    }
}
