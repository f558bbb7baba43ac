// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store

/// How runs that another process left come under this one.
///
/// A run that waits stays on disk: its timers and the signals it waits for are all that is needed to wake it. What was
/// in flight is read back in small groups, so that the first of it goes on while the rest is still being read.
extension ShardLoop {
    /// Runs read back in one turn, at most.
    private static let groupSize = 128
    /// The rows of a run are at most this far behind the log; see ``EngineConfiguration/rowLag``.
    private static let rowsMayLag = Duration.seconds(2)

    /// Takes over one run, now, or all of them, beginning with those that can go on.
    mutating func adopt(_ run: RunID?, _ batch: inout Batch) throws(EngineError) -> [RunID] {
        guard let run else { return try adoptAll(&batch) }
        let key = try key(of: run)
        guard !adopted.contains(key) else { return [] }
        let state = try open(key, &batch).state
        guard !state.status.isTerminal else { return [] }
        try takeOver(key, &batch)
        return [run]
    }

    private mutating func adoptAll(_ batch: inout Batch) throws(EngineError) -> [RunID] {
        let found: (runs: [OpenRunRow], recent: Set<Int64>, awaited: [AwaitedSignalRow], timers: [TimerRow])
        do {
            found = (
                try store.openRuns(), try store.recentRuns(within: Self.rowsMayLag), try store.awaitedSignals(),
                try store.timers(ofRun: nil)
            )
        } catch {
            throw EngineError(store: error)
        }
        settleAbandonedCalls(&batch)
        let taken = found.runs.filter { !adopted.contains($0.key) }
        let keys = Set(taken.map(\.key))
        for timer in found.timers where keys.contains(timer.key.runKey) { _ = timers.arm(timer) }
        for row in found.awaited where keys.contains(row.runKey) { awaiting[row.type, default: []].insert(row.runKey) }
        adopted.formUnion(keys)
        // Rows of runs that were busy at the end may be older than the log; those of others are exact.
        // A paused one may have had an attempt in flight, which nobody else would close.
        let busy: Set<RunStatus> = [.queued, .running, .compensating, .paused]
        for row in taken {
            // What waits for money is called by this process when there is some.
            let isMoving = found.recent.contains(row.key) || busy.contains(row.status) || row.reason == .budget
            if isMoving || holdsKey(row) { unread.append(row.key) }
        }
        readBack(&batch)
        return taken.map(\.id)
    }

    /// The run keeps others from beginning, so its key must be known.
    private mutating func holdsKey(_ row: OpenRunRow) -> Bool {
        let graph = attempt { loop throws(EngineError) in try loop.reader.graph(row.graphHash) }
        return graph?.definition.concurrency != nil
    }

    /// Reads the next group of runs back.
    mutating func readBack(_ batch: inout Batch) {
        guard !unread.isEmpty, clock.monotonic() >= resumeAt else { return }
        let group = unread.prefix(Self.groupSize)
        unread.removeFirst(group.count)
        for key in group where adopted.contains(key) {
            do {
                try takeOver(key, &batch)
            } catch {
                // One damaged run must not keep the others from going on; whoever asks for it is told.
                adopted.remove(key)
                guard error.code == .corrupted || error.code == .notFound else { return failStop(error.message) }
            }
        }
    }

    /// Reads runs back after a commit that failed.
    mutating func recover(_ keys: Set<Int64>) {
        var batch = Batch(now: clock.wall())
        for key in keys.sorted() {
            do {
                try takeOver(key, &batch)
            } catch {
                failStop(error.message)
            }
        }
        closeRuns(&batch)
    }

    /// Brings an open run into memory. What that makes happen, happens in the next turn.
    private mutating func takeOver(_ key: Int64, _ batch: inout Batch) throws(EngineError) {
        let run = try open(key, &batch)
        let state = run.state
        guard !state.status.isTerminal else { return tellParentLater(of: run) }
        do {
            for timer in try store.timers(ofRun: key) { _ = timers.arm(timer) }
        } catch {
            throw EngineError(store: error)
        }
        adopted.insert(key)
        // The rows may be those of a moment before the log ended.
        lagging.insert(key)
        restoreAdmission(of: run, at: batch.now)
        let held = Set(dispatcher.held)
        for task in state.allTasks { takeOver(task, of: run, held, batch.now) }
        // A pause that held it may have been ended by another process.
        let isWaiting = state.status == .queued && state.runDemand(at: batch.now) == nil
        if isWaiting || state.allTasks.contains(where: state.waitsForPauseEnd) {
            later.append((key, .goOn(all: false)))
        }
        try takeOverChildren(of: run, &batch)
        for record in state.patches.all where record.status == .approved { checkPatch(record.number, of: run) }
        if !state.loops.isEmpty || !state.maps.isEmpty || !state.teams.isEmpty { later.append((key, .proceed)) }
    }

    private mutating func takeOver(_ task: TaskRef, of run: OpenRun, _ held: Set<HeldLease>, _ now: Timestamp) {
        let state = run.state
        let key = TaskKey(run.key, task)
        let fence = state[task].fence
        if run.machine.isServed(task), !isLive(task, of: run), [.running, .waiting].contains(state[task].status) {
            if state[task].status == .running { run.inFlight += 1 }
            return serve(task, of: run)
        }
        switch state[task].status {
        case .running where state.node(task).kind.isEngineRun:
            if state.graph.repeatedBody(of: task.node) != nil, state.loops[task] == nil, state.maps[task] == nil,
                state.teams[task] == nil
            {
                later.append((run.key, .reloadItems(task: task)))
            }
        case .running where state.claims[task] != nil:
            // Whoever has it may not know that anything happened here.
            grant(task, of: run, at: now)
            run.inFlight += 1
            restorePermits(task, of: run, at: now)
        case .running where held.contains(HeldLease(key: key, fence: fence)):
            // Only after a commit that failed: the attempt goes on and will hand in its result again.
            leases.grant(
                key,
                fence: fence,
                timeout: attemptTimeout(task, of: run, at: now),
                now: clock.monotonic()
            )
            run.inFlight += 1
            restorePermits(task, of: run, at: now)
        case .verifying where held.contains(HeldLease(key: key, fence: fence)):
            leases.grant(key, fence: fence, timeout: nil, now: clock.monotonic())
            run.inFlight += 1
        case .verifying where state[task].worker != nil, .running:
            // It counts until it is closed: nobody knows whether it has stopped.
            run.inFlight += 1
            later.append((run.key, .attemptLost(task: task, fence: fence, isRelease: false)))
        case _ where state.isStartable(task) && !state.waitsForPauseEnd(task):
            offer(task, of: run)
        default:
            break
        }
    }

    /// Runs that this one waits for go on with it; one that ended while nobody drove this one is told of now.
    private mutating func takeOverChildren(of run: OpenRun, _ batch: inout Batch) throws(EngineError) {
        let state = run.state
        for task in state.allTasks where state[task].status == .waiting {
            if let awaited = state[task].awaited { awaiting[awaited.type, default: []].insert(run.key) }
        }
        for child in state.children {
            let key = try key(of: child)
            if !adopted.contains(key) { try takeOver(key, &batch) }
        }
    }
}
