// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Model
import Store
import Testing

@testable import Retention

@Suite struct SweepTests {
    @Test(arguments: Shelf.Backend.allCases)
    func `an ended run is packed, later deleted, and what only it named goes`(backend: Shelf.Backend) throws {
        try Shelf.with(backend) { shelf in
            let (value, shared) = (try shelf.put("value"), try shelf.put("shared"))
            let log = try shelf.put("log")
            try shelf.add(7, to: 1, .completed, value: value, log: log)
            try shelf.add(2, to: 2, .waiting, value: shared)
            try shelf.add(to: 1, .completed, value: shared)
            let before = try shelf.runs.records(ofRun: 1, after: 0, limit: 99)
            #expect(try shelf.sweep().packedRuns == 0, "too young")

            shelf.wait(days: 8)
            let trial = try shelf.sweep(isTrial: true)
            #expect(trial.packedRuns == 1 && shelf.commits == 0, "\(trial)")
            let packed = try shelf.sweep()
            #expect(packed.packedRuns == 1 && packed.packedEvents == 8 && packed.packedBytes > 0, "\(packed)")
            #expect(try shelf.runs.records(ofRun: 1, after: 0, limit: 99) == before)
            #expect(try shelf.runs.records(after: 0, limit: 99).map(\.record.runKey) == [2, 2], "the rows are gone")
            #expect(try shelf.sweep() == RetentionReport.nothing(but: packed.blobs), "there is nothing left to do")
            #expect(shelf.isStored(log))

            shelf.wait(days: 8)
            let old = try shelf.sweep()
            #expect(old.blobs?.removed == 1 && !shelf.isStored(log) && shelf.isStored(value), "texts go first")
            #expect(try shelf.audit().isEmpty, "that a text is gone is no damage")

            shelf.wait(days: 80)
            #expect(try shelf.sweep(isTrial: true).deletedRuns == 1)
            let deleted = try shelf.sweep()
            #expect(deleted.deletedRuns == 1 && deleted.deletedEvents == 8 && shelf.deleted == [1], "\(deleted)")
            #expect(try shelf.runs.run(key: 1) == nil && shelf.runs.records(ofRun: 1, after: 0, limit: 9).isEmpty)
            #expect(try shelf.runs.tombstone(Shelf.row(1, .completed).id)?.events == 8)
            #expect(!shelf.isStored(value) && shelf.isStored(shared), "the value and the archive are gone")
            #expect(deleted.blobs?.removed == 2)
            #expect(try shelf.runs.lastSequence() == 10)
            #expect(try shelf.audit().isEmpty)
        }
    }

    @Test(arguments: Shelf.Backend.allCases)
    func `sessions go a month after their end, with their threads and notes`(backend: Shelf.Backend) throws {
        try Shelf.with(backend) { shelf in
            let store = try #require(shelf.runs as? any ConversationStore)
            func session(_ number: UInt64, days: Int64) -> SessionRow {
                SessionRow(
                    id: SessionID(high: 1, low: number),
                    ownership: .common,
                    author: "a",
                    startedAt: shelf.now,
                    expiresAt: shelf.now + .seconds(days * 24 * 3600)
                )
            }
            let (first, expired, open) = (session(1, days: 300), session(2, days: 1), session(3, days: 300))
            var ended = first
            ended.endedAt = shelf.now
            let key = ThreadKey(ended.id, "a")
            var change = ConversationChange()
            change.sessions = [ended, expired, open]
            change.summaries = [ThreadSummaryRow(thread: key, last: 1, text: "t", at: shelf.now)]
            try store.apply(change)
            let entry = MemoryRow.Key(.session(ended), "k")
            var notes = NoteChange()
            notes.memories = [MemoryRow(key: entry, value: [49], author: "a", at: shelf.now)]
            try shelf.notes.apply(notes)
            shelf.wait(days: 30)
            #expect(try shelf.sweep().sessions == 0)
            shelf.wait(days: 2)
            #expect(try shelf.sweep(isTrial: true).sessions == 2 && store.session(ended.id) != nil)
            #expect(try shelf.sweep(stepSize: 1).sessions == 2)
            for id in [ended.id, expired.id] { #expect(try store.session(id) == nil) }
            #expect(try store.session(open.id) != nil && store.summary(of: key) == nil)
            #expect(try shelf.notes.memory(entry) == nil)
        }
    }

    @Test(arguments: Shelf.Backend.allCases)
    func `notes end by themselves, and with their run`(backend: Shelf.Backend) throws {
        try Shelf.with(backend) { shelf in
            try shelf.add(2, to: 1, .completed)
            let place = NotePlace.run(Shelf.row(1, .completed).id, of: .common)
            let shop = NotePlace(tenant: "default", scope: .project, holder: "shop")
            var change = NoteChange()
            let start = shelf.now
            func row(_ key: String, in place: NotePlace, days: Int64?) -> MemoryRow {
                let key = MemoryRow.Key(place, key)
                let end = days.map { start + .seconds($0 * 24 * 3600) }
                return MemoryRow(key: key, value: [49], author: "a", at: start, expiresAt: end)
            }
            change.memories = (1...5).map { (day: Int64) in row("k\(day)", in: shop, days: day) }
            change.memories.append(row("k", in: shop, days: nil))
            change.memories.append(row("k", in: place, days: 365))
            let (main, text) = ("main", "t")
            change.thoughts = [
                ThoughtRow(
                    place: shop,
                    number: 1,
                    branch: main,
                    parent: nil,
                    kind: .plan,
                    text: text,
                    author: "a",
                    at: start
                )
            ]
            change.answer = NoteAnswerRow(request: "r", answer: [49], at: start)
            try shelf.notes.apply(change)
            #expect(try shelf.sweep().notes == 0, "nothing is due")
            shelf.wait(days: 6)
            #expect(try shelf.sweep(isTrial: true).notes == 5 && shelf.notes.memory(change.memories[0].key) != nil)
            #expect(try shelf.sweep(stepSize: 2).notes == 5 && shelf.notes.memory(change.memories[4].key) == nil)
            #expect(try shelf.notes.noteAnswer(to: "r") != nil)
            shelf.wait(days: 90)
            #expect(try shelf.sweep().notes == 1, "the thought")
            #expect(try shelf.notes.noteAnswer(to: "r") == nil)
            #expect(try shelf.notes.memory(change.memories[5].key) != nil, "it has no end")
            #expect(try shelf.notes.noteSize(of: place, at: start) == NoteSize(), "the run was deleted")
        }
    }

    @Test(arguments: Shelf.Backend.allCases)
    func `what is held or pinned stays, packed, and goes when nothing keeps it`(backend: Shelf.Backend) throws {
        try Shelf.with(backend) { shelf in
            for key in [1, 2, 3] as [Int64] { try shelf.add(2, to: key, .completed) }
            try shelf.add(2, to: 4, .running)
            var commit = Commit()
            commit.holds = [HoldRow(runKey: 1, actor: "user:a", reason: nil, at: shelf.now)]
            commit.pins = [PinRow(runKey: 4, originKey: 2, sequence: 2)]
            _ = try shelf.runs.commit(commit)
            shelf.wait(days: 100)
            let report = try shelf.sweep()
            #expect(report.deletedRuns == 1 && report.packedRuns == 2, "\(report)")
            #expect(report.keptRuns == [.hold: 1, .pin: 1])
            #expect(try shelf.runs.records(ofRun: 2, after: 0, limit: 9).count == 2)
            commit = Commit()
            commit.releasedHolds = [1]
            _ = try shelf.runs.commit(commit)
            try shelf.add(to: 4, .completed)
            shelf.wait(days: 100)
            // The fork goes in this sweep; what it pinned was looked at before it.
            #expect(try shelf.sweep().deletedRuns == 2)
            #expect(try shelf.sweep().deletedRuns == 1)
            #expect(shelf.deleted == [3, 1, 4, 2])
            #expect(try shelf.runs.runs(RunFilter()).isEmpty)
            #expect(try shelf.runs.lastSequence() == 9)
        }
    }

    @Test(arguments: Shelf.Backend.allCases)
    func `rows whose time is over go, and the cache keeps its size`(backend: Shelf.Backend) throws {
        try Shelf.with(backend) { shelf in
            var commit = Commit()
            for number in 0..<10 as Range<Int64> {
                let time = shelf.now + .seconds(number * 24 * 3600)
                commit.idempotency.append(
                    IdempotencyRow(principal: "p", key: "\(number)", bodyHash: "", answer: [], expiresAt: time)
                )
                commit.signals.append(
                    SignalRow(key: .init(target: "t", dedupeKey: "\(number)"), type: "t", payload: [], arrivedAt: time)
                )
                commit.cache.append(
                    CacheRow(
                        key: .init(scope: "s", hash: "\(number)"),
                        workflow: "w",
                        node: "n",
                        run: RunID(high: 0, low: 0),
                        task: 0,
                        output: [],
                        size: 100,
                        duration: .zero,
                        cost: .zero,
                        createdAt: shelf.now + .seconds(number),
                        expiresAt: time
                    )
                )
            }
            _ = try shelf.runs.commit(commit)
            shelf.wait(days: 8)
            var policy = RetentionPolicy()
            policy.cacheBytes = 150
            var expected = RetentionReport()
            (expected.answers, expected.signals, expected.cacheEntries) = (8, 1, 9)
            let trial = try shelf.sweep(policy, isTrial: true)
            #expect(trial.answers == 8 && trial.signals == 1)
            let report = try shelf.sweep(policy)
            expected.blobs = report.blobs
            #expect(report == expected)
            #expect(try shelf.runs.cache(CacheFilter()).map(\.key.hash) == ["9"], "what was used last stays")
        }
    }

    @Test(arguments: Shelf.Backend.allCases)
    func `a run that goes on for long is packed up to its snapshot`(backend: Shelf.Backend) throws {
        try Shelf.with(backend) { shelf in
            try shelf.add(1500, to: 1, .running)
            let half = try shelf.runs.lastSequence()
            shelf.wait(days: 50)
            try shelf.add(700, to: 1, .running)
            var commit = Commit()
            commit.snapshots = [
                SnapshotRow(runKey: 1, sequence: 2100, content: .inline([1]), takenAt: shelf.now)
            ]
            _ = try shelf.runs.commit(commit)
            let before = try shelf.runs.records(ofRun: 1, after: 0, limit: .max)
            #expect(try shelf.sweep(stepSize: 500).packedEvents == 0)
            shelf.wait(days: 50)
            #expect(try shelf.sweep(stepSize: 500).packedEvents == half, "what is old enough")
            shelf.wait(days: 50)
            #expect(try shelf.sweep(stepSize: 500).packedEvents == 0, "600 events are not worth a blob")
            var policy = RetentionPolicy()
            policy.smallestPack = 100
            #expect(try shelf.sweep(policy, stepSize: 500).packedEvents == 600, "not beyond the snapshot")
            #expect(try shelf.runs.records(ofRun: 1, after: 0, limit: .max) == before)
            #expect(try shelf.runs.records(after: 0, limit: .max).count == 100)
            try shelf.add(to: 1, .completed)
            #expect(try shelf.runs.records(ofRun: 1, after: 2199, limit: 9).count == 2)
            #expect(try shelf.audit().isEmpty)
        }
    }

    @Test(arguments: Shelf.Backend.allCases)
    func `a sweep that stops after any step loses nothing, and another one goes on`(backend: Shelf.Backend) throws {
        for patience in [1, 2, 3, 5, 8] {
            try Shelf.with(backend) { shelf in
                for key in 1...6 as ClosedRange<Int64> { try shelf.add(5, to: key, .completed) }
                shelf.wait(days: 50)
                for key in 7...9 as ClosedRange<Int64> { try shelf.add(5, to: key, .failed) }
                shelf.wait(days: 50)
                shelf.patience = patience
                var sweeps = 0
                while case let before = shelf.commits, sweeps < 100 {
                    try shelf.sweep()
                    sweeps += 1
                    #expect(try shelf.audit().isEmpty, "after \(sweeps) of \(patience)")
                    guard shelf.commits > before else { break }
                }
                #expect(Set(shelf.deleted) == Set(1...6) && shelf.deleted.count == 6)
                #expect(try shelf.runs.clearable(limit: 9).isEmpty && shelf.runs.records(after: 0, limit: 9).isEmpty)
                for key in 7...9 as ClosedRange<Int64> {
                    #expect(try shelf.runs.records(ofRun: key, after: 0, limit: 9).count == 5)
                }
            }
        }
    }

    @Test func `a run that went on since it was looked at stays`() throws {
        try Shelf.with(.memory) { shelf in
            for key in [1, 2] as [Int64] { try shelf.add(2, to: key, .completed) }
            shelf.wait(days: 100)
            let sweep = RetentionSweep(
                runs: shelf.runs,
                catalog: shelf.catalog,
                blobs: shelf.blobs,
                policy: RetentionPolicy(),
                write: { (commit) throws(StoreError) in
                    // Somebody reopens the run in between.
                    if commit.deletions.first?.runKey == 1 { try? shelf.add(to: 1, .running) }
                    _ = try shelf.runs.commit(commit)
                }
            )
            #expect(try sweep.run(at: shelf.now).deletedRuns == 1)
            #expect(try shelf.runs.run(key: 1)?.status == .running && shelf.runs.run(key: 2) == nil)
        }
    }

    @Test(arguments: Shelf.Backend.allCases)
    func `fault 7: a run that cannot be packed or read keeps no other from it`(backend: Shelf.Backend) throws {
        try Shelf.with(backend) { shelf in
            for key in [1, 2] as [Int64] { try shelf.add(3, to: key, .completed) }
            shelf.wait(days: 8)
            try shelf.sweep()
            // What holds the first run's log is lost.
            let lost = try #require(shelf.runs.archives(ofRun: 1).first?.blob)
            #expect(try shelf.blobs.remove([lost], lastPutBefore: Timestamp(milliseconds: .max)) == [lost])
            var commit = Commit()
            let at = shelf.now
            commit.records = [
                LogRecord(runKey: 1, firstSequence: 4, count: 1, at: at, body: Array(#"[{"type":"t"}]"#.utf8))
            ]
            _ = try shelf.runs.commit(commit)
            try shelf.add(to: 2, .completed)
            shelf.wait(days: 8)
            let report = try shelf.sweep()
            #expect(report.packedEvents >= 1, "\(report)")
            #expect(throws: StoreError.self) { try shelf.runs.records(ofRun: 1, after: 0, limit: 9) }
            #expect(try shelf.runs.records(ofRun: 2, after: 0, limit: 9).count == 4)
            let problems = try shelf.audit()
            #expect(problems.count == 1 && problems[0].contains(lost.hash), "\(problems)")
        }
    }
}

extension RetentionReport {
    static func nothing(but blobs: BlobSweep.Report?) -> RetentionReport {
        var report = RetentionReport()
        report.blobs = blobs
        return report
    }
}
