// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import StoreSQLite
import Testing
import TestSupport

/// Both stores take the same random commits, good and bad ones, and must answer every question alike.
@Suite struct SameAnswersTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `memory and disk cannot be told apart`(seed: UInt64) throws {
        let temporary = TemporaryFolder()
        let folder = try DataFolder(locking: temporary.path, command: "test")
        let (blobs, diskBlobs) = (MemoryBlobStore(), try SQLiteBlobStore(in: folder))
        let memory = MemoryRunStore(archives: blobs)
        var options = SQLiteRunStore.Options()
        (options.durability, options.checkpointPages) = (.relaxed, 60)
        var disk = try SQLiteRunStore(in: folder, options)
        var source = CommitSource(seed: seed, blobs: blobs)
        var conflicts = 0
        for round in 0..<150 {
            let commit = try source.next(memory)
            for row in commit.archives { _ = try diskBlobs.put(blobs.get(row.blob)) }
            let (left, right) = (answer { try memory.commit(commit) }, answer { try disk.commit(commit) })
            #expect(left == right, "seed \(seed), round \(round)")
            if left.hasPrefix("conflict") { conflicts += 1 }
            if round % 50 == 49 {
                disk.close()
                disk = try SQLiteRunStore(in: folder, options)
            }
            if round % 5 == 4 { try compare(memory, disk, "seed \(seed), round \(round)") }
        }
        #expect((5..<100).contains(conflicts))
        try disk.verify()
        disk.close()
        diskBlobs.close()
        folder.unlock()
    }

    private func answer(_ body: () throws -> Int64) -> String {
        do {
            return "\(try body())"
        } catch {
            return (error as? StoreError).map { $0.code.rawValue } ?? "\(error)"
        }
    }

    private func compare(_ left: any RunStore, _ right: any RunStore, _ place: String) throws {
        let last = try left.lastSequence()
        let numbers = try (right.lastSequence(), right.lastRunKey(), right.lastTimerNumber())
        #expect(numbers == (last, try left.lastRunKey(), try left.lastTimerNumber()), "\(place)")
        for after in [0, last / 3, last - 1, last] {
            let (a, b) = try (left.records(after: after, limit: 40), right.records(after: after, limit: 40))
            #expect(a == b, "\(place), after \(after)")
        }
        for run in [nil, 1, 2, 3] as [Int64?] {
            let (a, b) = try (left.openTasks(ofRun: run), right.openTasks(ofRun: run))
            #expect(a == b, "\(place), run \(run ?? 0)")
            let (c, d) = try (left.timers(ofRun: run), right.timers(ofRun: run))
            #expect(c == d, "\(place), run \(run ?? 0)")
            for statuses in [[], HumanTaskStatus.pending, [.open], [.claimed, .expired], [.answered]] {
                var filter = HumanTaskFilter()
                (filter.statuses, filter.run, filter.limit) = (statuses, run, 3)
                let (e, f) = try (left.humanTasks(filter), right.humanTasks(filter))
                #expect(e == f, "\(place), run \(run ?? 0), \(statuses)")
                filter.after = e.last.map(HumanTaskFilter.Position.init)
                let (g, h) = try (left.humanTasks(filter), right.humanTasks(filter))
                #expect(g == h, "\(place), run \(run ?? 0), \(statuses), the next page")
            }
            let (g, h) = try (
                left.records(ofRun: run ?? 4, after: 3, limit: 20), right.records(ofRun: run ?? 4, after: 3, limit: 20)
            )
            #expect(g == h, "\(place), run \(run ?? 4)")
        }
        for statuses in [[], [.running, .queued], [.failed, .paused]] as [[RunStatus]] {
            for visibility in [nil, .everything(of: "acme"), .shared(in: "acme", viewer: "a", projects: ["p"])]
                as [Visibility?]
            {
                var filter = RunFilter()
                (filter.statuses, filter.visibility) = (statuses, visibility)
                let (a, b) = try (left.runs(filter), right.runs(filter))
                #expect(a == b, "\(place), \(statuses)")
            }
        }
        let (c, d) = try (left.schedules(), right.schedules())
        #expect(c == d, "\(place)")
        let (a, b) = try (left.outbox(after: 2, limit: 20), right.outbox(after: 2, limit: 20))
        #expect(a == b, "\(place)")
        try compareLogParts(left, right, place)
        try compareKeyed(left, right, place)
        try compareBudgets(left, right, place)
        try compareRetention(left, right, place)
        try compareQueues(left, right, place)
    }

    private func compareQueues(_ left: any RunStore, _ right: any RunStore, _ place: String) throws {
        for tenant in [nil, "default", "acme"] {
            let (a, b) = try (left.queues(ofTenant: tenant), right.queues(ofTenant: tenant))
            #expect(a == b, "\(place), \(tenant ?? "all")")
            var filter = QueueTaskFilter("a", [.ready, .running, .blocked])
            (filter.tenant, filter.after, filter.limit) = (tenant, TaskKey(runKey: 1, task: 1), 3)
            let (c, d) = try (left.queueTasks(filter), right.queueTasks(filter))
            #expect(c == d, "\(place), \(tenant ?? "all")")
            var letters = DeadLetterFilter()
            (letters.tenant, letters.queue, letters.limit) = (tenant, "ä", 4)
            let (e, f) = try (left.deadLetters(letters), right.deadLetters(letters))
            #expect(e == f, "\(place), \(tenant ?? "all")")
        }
        let (a, b) = try (left.deadLetterQueues(), right.deadLetterQueues())
        #expect(a == b, "\(place)")
    }

    private func compareRetention(_ left: any RunStore, _ right: any RunStore, _ place: String) throws {
        let (a, b) = try (left.archives(after: nil, limit: 99), right.archives(after: nil, limit: 99))
        #expect(a == b, "\(place)")
        let (c, d) = try (left.tombstones(before: nil, limit: 9), right.tombstones(before: nil, limit: 9))
        #expect(c == d, "\(place)")
        let (e, f) = try (left.clearable(limit: 9), right.clearable(limit: 9))
        #expect(e == f, "\(place)")
        let (g, h) = try (left.holds(), right.holds())
        #expect(g == h, "\(place)")
        let numbers = try (left.compactedSequence(), right.compactedSequence())
        #expect(numbers.0 == numbers.1, "\(place)")
        let time = Timestamp(milliseconds: 30)
        let (i, j) = try (
            left.runs(endedBefore: time, after: nil, limit: 9), right.runs(endedBefore: time, after: nil, limit: 9)
        )
        #expect(i == j, "\(place)")
        for run in 1...5 as ClosedRange<Int64> {
            let (a, b) = try (left.pins(onRun: run), right.pins(onRun: run))
            #expect(a == b, "\(place)")
        }
    }

    private func compareLogParts(_ left: any RunStore, _ right: any RunStore, _ place: String) throws {
        for run in 1...5 as ClosedRange<Int64> {
            for range in [1...1, 2...9, 5...40, 30 ... .max] as [ClosedRange<Int64>] {
                let (a, b) = try (
                    left.records(ofRun: run, in: range, limit: 9), right.records(ofRun: run, in: range, limit: 9)
                )
                #expect(a == b, "\(place), run \(run), \(range)")
            }
            let (e, f) = try (left.snapshotSequences(ofRun: run), right.snapshotSequences(ofRun: run))
            #expect(e == f, "\(place), run \(run)")
            for from in [2, 17, .max] as [Int64] {
                let (a, b) = try (
                    left.records(ofRun: run, backwardsFrom: from, limit: 7),
                    right.records(ofRun: run, backwardsFrom: from, limit: 7)
                )
                #expect(a == b, "\(place), run \(run), from \(from)")
                let (c, d) = try (
                    left.snapshot(ofRun: run, atMost: from), right.snapshot(ofRun: run, atMost: from)
                )
                #expect(c == d, "\(place), run \(run), from \(from)")
            }
        }
    }

    private func compareKeyed(_ left: any RunStore, _ right: any RunStore, _ place: String) throws {
        for name in ["a", "b"] {
            var filter = SignalFilter()
            filter.target = name
            let (a, b) = try (left.signals(filter), right.signals(filter))
            #expect(a == b, "\(place)")
            let (c, d) = try (
                left.idempotency(principal: name, key: "k1"), right.idempotency(principal: name, key: "k1")
            )
            #expect(c == d, "\(place)")
            let (e, f) = try (left.inbox(ofRun: 1, message: name), right.inbox(ofRun: 1, message: name))
            #expect(e == f, "\(place)")
        }
        for order in [.key, .leastRecentlyUsed, .mostHits] as [CacheFilter.Order] {
            var filter = CacheFilter()
            (filter.order, filter.limit) = (order, 4)
            let (a, b) = try (left.cache(filter), right.cache(filter))
            #expect(a == b, "\(place), \(order)")
        }
        let (a, b) = try (left.cacheTotals(), right.cacheTotals())
        #expect(a == b, "\(place)")
        let (c, d) = try (left.signals(SignalFilter()), right.signals(SignalFilter()))
        #expect(c == d, "\(place)")
        for kind in Expiry.Kind.allCases {
            let expiry = Expiry(kind, before: Timestamp(milliseconds: 25), limit: 4)
            let (a, b) = try (left.count(expiry), right.count(expiry))
            #expect(a == b, "\(place), \(kind)")
        }
    }
}

extension SameAnswersTests {
    fileprivate func compareBudgets(_ left: any RunStore, _ right: any RunStore, _ place: String) throws {
        for number in 0..<5 {
            let scope = BudgetRow.sample(number).account.scope
            let (a, b) = try (left.budgets(of: scope, limit: 2), right.budgets(of: scope, limit: 2))
            #expect(a == b, "\(place), \(scope)")
        }
        let (a, b) = try (left.openBudgets(), right.openBudgets())
        #expect(a == b, "\(place)")
        let (c, d) = try (left.reservations(), right.reservations())
        #expect(c == d, "\(place)")
        let (e, f) = try (left.buckets(), right.buckets())
        #expect(e == f, "\(place)")
        for run in 0..<3 {
            var filter = UsageFilter()
            filter.run = run == 0 ? nil : UsageRow.sample(0, run: run).subject.run
            filter.from = run == 1 ? nil : Timestamp(milliseconds: 3)
            filter.until = run == 2 ? nil : Timestamp(milliseconds: 15)
            filter.before = run == 2 ? nil : UsageID(high: 6, low: 60)
            filter.limit = 20
            let (g, h) = try (left.usage(filter), right.usage(filter))
            #expect(g == h, "\(place), run \(run)")
        }
    }
}

/// Draws commits that mostly fit.
private struct CommitSource {
    private var state: UInt64
    private var usage: UInt64 = 0
    private var timer: Int64 = 0
    private let blobs: MemoryBlobStore

    init(seed: UInt64, blobs: MemoryBlobStore) {
        state = seed
        self.blobs = blobs
    }

    private mutating func draw(_ bound: Int) -> Int {
        // SplitMix64.
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }

    mutating func next(_ store: MemoryRunStore) throws -> Commit {
        var commit = Commit()
        // Nobody writes to a run that was deleted.
        let deleted = Set(store.tombstones(before: nil, limit: 9).map(\.runKey))
        for _ in 0..<draw(4) {
            let run = Int64(draw(5) + 1)
            guard !deleted.contains(run) else { continue }
            let before = commit.records.last { $0.runKey == run }
            let stored = try store.records(ofRun: run, backwardsFrom: .max, limit: 1).first?.record
            let end = (before ?? stored).map { $0.firstSequence + Int64($0.count) } ?? 1
            let wrong = draw(30) == 0 ? Int64(draw(3)) - 1 : 0
            commit.records.append(.sample(run: run, from: max(1, end + wrong), count: draw(3) + 1))
        }
        for _ in 0..<draw(3) { commit.runs.append(run()) }
        commit.runs.removeAll { deleted.contains($0.key) }
        for _ in 0..<draw(4) { commit.tasks.append(task()) }
        for _ in 0..<draw(3) { commit.closedTasks.append(TaskKey(runKey: Int64(draw(4)), task: draw(6))) }
        for _ in 0..<draw(3) {
            timer += 1
            commit.timers.append(
                TimerRow(
                    fireAt: Timestamp(milliseconds: Int64(draw(50))),
                    number: timer,
                    key: TaskKey(runKey: Int64(draw(4)), task: draw(6)),
                    kind: TimerKind.allCases[draw(8)]
                )
            )
        }
        commit.removedTimers = store.timers(ofRun: nil).filter { _ in draw(4) == 0 }
        for _ in 0..<draw(2) {
            commit.humanTasks.append(
                .sample(
                    UInt64(draw(9)),
                    run: Int64(draw(4)),
                    at: Int64(draw(5)),
                    HumanTaskStatus.allCases[draw(7)]
                )
            )
        }
        for _ in 0..<draw(3) { commit.schedules.append(.sample(UInt64(draw(8)), "s\(draw(20))")) }
        if draw(6) == 0 { commit.removedSchedules = [ScheduleRow.sample(UInt64(draw(8)), "").id] }
        for _ in 0..<draw(3) { commit.outbox.append(.init(kind: "k", target: "t", body: [UInt8(draw(256))])) }
        if draw(5) == 0 { commit.cursors[["a", "b"][draw(2)]] = Int64(draw(60)) }
        addSnapshots(to: &commit)
        if draw(2) == 0 { addKeyed(to: &commit) }
        if draw(2) == 0 { addBudgets(to: &commit) }
        if draw(2) == 0 { addLetters(to: &commit) }
        if draw(3) == 0 { try addRetention(to: &commit, store, deleted) }
        return commit
    }

    private mutating func addRetention(
        to commit: inout Commit,
        _ store: MemoryRunStore,
        _ deleted: Set<Int64>
    ) throws {
        let run = Int64(draw(5) + 1)
        guard !deleted.contains(run) || draw(3) == 0 else { return }
        switch draw(9) {
        case 0, 1:
            if !deleted.contains(run), let row = try archive(run, store) { commit.archives = [row] }
        case 2:
            commit.holds = [HoldRow(runKey: run, actor: "a", reason: nil, at: Timestamp(milliseconds: Int64(draw(9))))]
        case 3: commit.releasedHolds = [run, Int64(draw(9))]
        case 4:
            if draw(3) == 0 { commit.pins = [PinRow(runKey: Int64(draw(5) + 1), originKey: run, sequence: 1)] }
        case 5:
            let last = try store.records(ofRun: run, backwardsFrom: .max, limit: 1).first?.record
            let end = last.map { $0.firstSequence + Int64($0.count) - 1 } ?? 0
            if draw(3) == 0 {
                commit.deletions = [
                    RunDeletion(runKey: run, lastSequence: end, at: Timestamp(milliseconds: Int64(draw(9))))
                ]
            }
        default:
            for key in store.clearable(limit: 2) { commit.clearings.append(Clearing(runKey: key, limit: draw(6))) }
        }
    }

    private mutating func archive(_ run: Int64, _ store: MemoryRunStore) throws -> ArchiveRow? {
        let start = store.archives(ofRun: run).last?.end ?? .start
        let rest = try store.records(ofRun: run, in: start.sequence + 1 ... .max, limit: draw(4) + 1)
        guard let last = rest.last else { return nil }
        let segment = try ArchiveSegment(runKey: run, start: start, records: rest)
        return ArchiveRow(
            runKey: run,
            firstSequence: start.sequence + 1,
            end: draw(9) == 0 ? ChainLink(sequence: segment.end.sequence, hash: SIMD16()) : segment.end,
            lastGlobalSequence: last.globalSequence + Int64(last.record.count) - 1,
            blob: blobs.put(segment.packed()),
            names: [],
            logNames: [],
            lastAt: last.record.at,
            packedAt: Timestamp(milliseconds: Int64(draw(9)))
        )
    }

    private mutating func addSnapshots(to commit: inout Commit) {
        for _ in 0..<draw(2) {
            let body = [UInt8](repeating: 1, count: draw(9))
            let time = Timestamp(milliseconds: Int64(draw(50)))
            commit.snapshots.append(
                SnapshotRow(
                    runKey: Int64(draw(5) + 1),
                    sequence: Int64(draw(30) + 1),
                    content: draw(2) == 0 ? .inline(body) : .blob(BlobRef(hash: "h\(draw(9))", size: draw(99))),
                    takenAt: time
                )
            )
        }
        if draw(9) == 0 {
            commit.staleSnapshots.append(
                StaleSnapshots(runKey: Int64(draw(5) + 1), after: Int64(draw(10)), before: Int64(draw(30)))
            )
        }
    }

    private mutating func addKeyed(to commit: inout Commit) {
        func name() -> String { ["a", "b", "é"][draw(3)] }
        for _ in 0..<draw(3) {
            commit.idempotency.append(.sample(name(), "k\(draw(4))", expires: Int64(draw(50))))
            commit.signals.append(.sample(name(), "d\(draw(20))", at: Int64(draw(50)), type: "t\(draw(2))"))
            var entry = CacheRow.sample(name(), "h\(draw(5))", expires: Int64(draw(50)))
            entry.usedAt = Timestamp(milliseconds: Int64(draw(50)))
            commit.cache.append(entry)
        }
        if draw(4) == 0 {
            // Fits the first time only.
            commit.inbox.append(InboxRow(runKey: Int64(draw(4)), message: "m\(draw(60))", appliedSequence: 1))
        }
        if draw(3) == 0 {
            let key = CacheRow.Key(scope: name(), hash: "h\(draw(5))")
            commit.cacheUses.append(CacheUse(key: key, at: Timestamp(milliseconds: Int64(draw(60)))))
        }
        if draw(5) == 0 { commit.removedCache.append(CacheRow.Key(scope: name(), hash: "h\(draw(5))")) }
        if draw(4) == 0 { commit.removedSignals.append(SignalRow.Key(target: name(), dedupeKey: "d\(draw(20))")) }
        if draw(4) == 0 {
            let before = Timestamp(milliseconds: Int64(draw(30)))
            commit.expiries.append(Expiry(Expiry.Kind.allCases[draw(5)], before: before, limit: draw(3)))
        }
    }

    private mutating func addBudgets(to commit: inout Commit) {
        for _ in 0..<draw(3) {
            let state = BudgetRow.State.allCases[draw(3)]
            commit.budgets.append(.sample(draw(5), period: draw(3), spent: Int64(draw(9)), state))
        }
        for _ in 0..<draw(3) { commit.reservations.append(.sample(UInt64(draw(6)))) }
        for _ in 0..<draw(2) { commit.removedReservations.append(ReservationID(high: 5, low: UInt64(draw(6)))) }
        for _ in 0..<draw(3) {
            if draw(40) != 0 { usage += 1 }
            commit.usage.append(.sample(usage, at: Int64(draw(20)), run: draw(3)))
        }
        for _ in 0..<draw(3) {
            let time = Timestamp(milliseconds: Int64(draw(99)))
            commit.buckets.append(BucketRow(key: ["a", "ä", "b\0", ""][draw(4)], fullAt: time))
        }
        for _ in 0..<draw(2) { commit.removedBuckets.append(["a", "ä", "b\0", ""][draw(4)]) }
    }

    private mutating func run() -> RunRow {
        let key = Int64(draw(6) + 1)
        var row = RunRow.sample(key, RunStatus.allCases[draw(7)])
        row.endedAt = row.status.isTerminal ? Timestamp(milliseconds: Int64(draw(50))) : nil
        row.ownership.tenant = ["default", "acme"][draw(2)]
        (row.ownership.owner, row.ownership.project) = ([nil, "a", "b"][draw(3)], [nil, "p"][draw(2)])
        if draw(20) == 0 { row.id = RunID(high: 1, low: UInt64(draw(6) + 1)) }
        return row
    }

    private mutating func task() -> TaskRow {
        TaskRow(
            key: TaskKey(runKey: Int64(draw(4)), task: draw(6)),
            status: TaskStatus.allCases[draw(6)],
            priority: draw(1000),
            attempt: draw(3),
            fence: Int64(draw(9)),
            queue: [nil, "a", "ä"][draw(3)],
            since: [nil, Timestamp(milliseconds: Int64(draw(9)))][draw(2)]
        )
    }

    private mutating func addLetters(to commit: inout Commit) {
        for _ in 0..<draw(3) {
            let (run, task) = (Int64(draw(5) + 1), draw(4))
            let tenant = ["default", "acme"][draw(2)]
            commit.deadLetters.append(
                QueueContractTests.letter(run, task, ["a", "ä"][draw(2)], at: Int64(draw(50)), tenant: tenant)
            )
        }
        for _ in 0..<draw(2) { commit.removedDeadLetters.append(TaskKey(runKey: Int64(draw(6)), task: draw(4))) }
    }
}
