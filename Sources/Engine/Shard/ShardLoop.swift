// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model
internal import Store
internal import Threads

/// The one writer: takes what is in the mailbox, folds it, writes one transaction, and only then answers and
/// dispatches. What arrives during a flush is the next batch; there is no timer that waits for more.
///
/// Lives on a thread of its own and is never touched from another one.
struct ShardLoop {
    let store: any RunStore
    let blobs: any BlobStore
    let reader: RunReader
    let clock: any EngineClock
    let dispatcher: any AttemptDispatch
    let feed: EventFeed
    let configuration: EngineConfiguration
    /// Stops the process: a flush failed, so nobody knows what the disk holds.
    let failStop: @Sendable (String) -> Void

    /// Who measures.
    var observer: (any CommitObserver)?
    /// Whether there is an executor for agents.
    var knowsAgents = true
    /// What executors say about the calls of a node.
    var traits: @Sendable (Graph.Node) -> ExecutorTraits = { _ in ExecutorTraits() }
    /// Runs in memory. Between turns they are as the store has them.
    var runs: [Int64: OpenRun] = [:]
    var keys: [RunID: Int64] = [:]
    var ready = FairQueue()
    var limits = KeyedLimits()
    var rates = RateGate()
    var retries = RetryBudget()
    /// Retries that wait for their share.
    var delays = Delays()
    var ledger = BudgetLedger(at: Timestamp(milliseconds: 0))
    var budgets = BudgetGate()
    /// Calls under way that are no attempts.
    var paidCalls: Set<ReservationID> = []
    var leases: LeaseTable
    /// Those of tasks that are worked on outside; they take no slot.
    var claims: LeaseTable
    /// Tasks that are looked at for whether they may be claimed.
    var outside: [TaskKey] = []
    /// By run: tasks that may be claimed; some may not any more.
    var claimable: [Int64: Set<TaskRef>] = [:]
    var timers = TimerQueue()
    /// Runs whose rows are not what their states are, and when that ends.
    var lagging: Set<Int64> = []
    var catchUpAt = Timestamp(milliseconds: 0)
    /// Runs this process drives; others are left as they are.
    var adopted: Set<Int64> = []
    var ids = IdentifierSource()
    var random: EntropyPool
    var lastRunKey: Int64 = 0
    var lastTimerNumber: Int64 = 0
    var storedDefinitions: Set<String> = []
    var isReleasing = false
    /// Runs under this process that could go on and have not been read back yet.
    var unread: ArraySlice<Int64> = []
    /// Published workflows, for child runs.
    let workflows: any WorkflowSource
    /// Compiles patched documents.
    var compiler: Compiler?
    /// By kind of signal: runs that may wait for one; some may not any more.
    var awaiting: [String: Set<Int64>] = [:]
    /// Schedules in memory. Between turns they are as the store has them.
    var schedules = ScheduleTable()
    /// What is paused above single runs.
    var pauses = PauseTable.empty
    /// What tasks need.
    var resources: [RegistrationRow.Key: ResourceRecord] = [:]
    /// By resource: tasks that need it and whose turn came while it did not work; some may not wait any more.
    var awaitedResources: [RegistrationRow.Key: Set<TaskKey>] = [:]
    /// By tenant: chains of agents and tools that runs have done.
    var patterns: [String: [PatternID: PatternRecord]] = [:]
    /// Workers outside.
    var workers = WorkerTable()
    /// Tasks that have a dead letter; some may have none any more.
    var letters: Set<TaskKey> = []
    /// By queue: tasks whose turn came while it was paused.
    var aside: [String: [TaskKey]] = [:]
    /// Runs with something ready or running, when they are looked at next, and those of this time that are left.
    var watched: Set<Int64> = []
    var superviseAt: Int64?
    var unsupervised: ArraySlice<Int64> = []
    /// What runs asked to be told in a turn of its own.
    var later: [(run: Int64, command: Command)] = []
    /// What runs that replay others are served, by run.
    var recordings: [Int64: RecordingPlayer] = [:]
    /// How full the cache of outputs is.
    var cacheUsage = CacheUsage()
    /// Results that a full disk sent back.
    var retained: [Request] = []
    /// Who wants to know when a run ended.
    var waiters: [Int64: [Reply<RunRow>]] = [:]
    /// A read that failed in this turn: what was computed without it must not be written.
    var brokenRead: EngineError?
    /// After a full disk: no timer or lease is looked at before that instant of the monotonic clock.
    var resumeAt: Int64 = 0

    /// Runs until asked to stop.
    mutating func run(_ mailbox: Mailbox<Request>) {
        guard prepare() else { return }
        while true {
            // With thousands of attempts in flight their results come in a stream; a commit is worth more of it.
            let patience = leases.count >= 1000 ? 2000 : 0
            let requests = mailbox.receive(limit: configuration.batchLimit, timeout: sleepTime(), patience: patience)
            var stops: [Reply<Void>] = []
            let isQuiet = turn(
                requests.filter { request in
                    guard case .stop(let reply) = request else { return true }
                    stops.append(reply)
                    return false
                }
            )
            guard stops.isEmpty else { return end(stops, mailbox) }
            // Only at rest: a checkpoint in the middle of quick steps would hold up the next one.
            if isQuiet && leases.count == 0 { store.maintain() }
        }
    }

    /// Reads what must be known before the first turn; false when the store cannot be read.
    mutating func prepare() -> Bool {
        do {
            lastRunKey = try store.lastRunKey()
            lastTimerNumber = try store.lastTimerNumber()
            pauses = PauseTable(try store.pauses())
            try loadLetters()
            try loadWorkers()
            try loadResources()
            try loadPatterns()
            try loadLimits()
            return true
        } catch {
            failStop(error.message)
            return false
        }
    }

    /// One turn: folds the requests and everything that is due, commits, answers and dispatches.
    ///
    /// - Returns: Whether there was nothing to do.
    mutating func turn(_ requests: [Request]) -> Bool {
        var batch = Batch(now: clock.wall())
        rollBudgets(batch)
        for request in takeRetained() { apply(request, to: &batch) }
        for request in requests { apply(request, to: &batch) }
        let continued = later
        later = []
        for entry in continued { command(entry.command, on: entry.run, nil, &batch) }
        fireTimers(&batch)
        endLeases(&batch)
        endWorkers(&batch)
        supervise(&batch)
        readBack(&batch)
        wakeSchedules(&batch)
        finish(&batch)
        return requests.isEmpty && batch.commit.isEmpty && later.isEmpty && unread.isEmpty
    }

    private mutating func end(_ stops: [Reply<Void>], _ mailbox: Mailbox<Request>) {
        let stopped = EngineError(.draining, "the engine stopped")
        for reply in waiters.values.joined() { reply(.failure(stopped)) }
        waiters = [:]
        // An attempt may hand in its result this late; nobody may wait for an answer that never comes.
        for request in mailbox.close() { request.refuse(stopped) }
        store.close()
        for reply in stops { reply(.success(())) }
    }

    /// How many milliseconds nothing can happen by itself.
    mutating func sleepTime() -> Int64 {
        let now = clock.monotonic()
        var wait: Int64 = ready.isEmpty || leases.count >= configuration.slots ? 60_000 : 0
        if let fireAt = timers.nextFireAt { wait = min(wait, fireAt.milliseconds - clock.wall().milliseconds) }
        if !retained.isEmpty || !later.isEmpty || !unread.isEmpty { wait = 0 }
        if !outside.isEmpty, !isReleasing { wait = 0 }
        if !lagging.isEmpty { wait = min(wait, catchUpAt.milliseconds - clock.wall().milliseconds) }
        if let span = scheduleWait(now) { wait = min(wait, span) }
        if let at = nextCall(now) { wait = min(wait, at - now) }
        if let at = leases.nextAt { wait = min(wait, at - now) }
        if let at = claims.nextAt { wait = min(wait, at - now) }
        if let at = workers.nextAt { wait = min(wait, at - now) }
        if let at = superviseAt { wait = min(wait, at - now) }
        return max(wait, resumeAt - now, 0)
    }

    private mutating func takeRetained() -> [Request] {
        guard !retained.isEmpty, clock.monotonic() >= resumeAt else { return [] }
        defer { retained = [] }
        return retained
    }

    private mutating func fireTimers(_ batch: inout Batch) {
        guard clock.monotonic() >= resumeAt else { return }
        var budget = 10_000
        while budget > 0, let timer = timers.popDue(at: batch.now) {
            CrashPoint.timerBeforeFire.reach()
            budget -= 1
            batch.commit.removedTimers.append(timer)
            command(
                .timerFired(task: TaskRef(number: timer.key.task), kind: timer.kind),
                on: timer.key.runKey,
                nil,
                &batch
            )
        }
    }

    private mutating func endLeases(_ batch: inout Batch) {
        let now = clock.monotonic()
        guard now >= resumeAt else { return }
        while let (key, fence, due) = leases.popDue(at: now) ?? claims.popDue(at: now) {
            switch due {
            case .timedOut:
                command(.attemptTimedOut(task: TaskRef(number: key.task), fence: fence), on: key.runKey, nil, &batch)
            case .expired:
                command(
                    .attemptLost(task: TaskRef(number: key.task), fence: fence, isRelease: false),
                    on: key.runKey,
                    nil,
                    &batch
                )
            }
        }
    }

    /// Folds a command nobody waits for.
    mutating func command(_ command: Command, on key: Int64, _ actor: String?, _ batch: inout Batch) {
        // A run that is damaged: `explain` names it.
        guard let run = attempt({ loop throws(EngineError) in try loop.open(key, &batch) }) else { return }
        do {
            try run.machine.handle(command, in: turn(batch, actor))
        } catch {
            // A timer or lease that lost its race.
        }
    }

    /// What is read, or `nil`. When it is the disk that failed, this turn is not written.
    mutating func attempt<Value>(_ read: (inout Self) throws(EngineError) -> Value) -> Value? {
        do throws(EngineError) {
            return try read(&self)
        } catch {
            if error.code == .unavailable { brokenRead = brokenRead ?? error }
            return nil
        }
    }

    mutating func turn(_ batch: Batch, _ actor: String?) -> Turn {
        Turn(now: batch.now, actor: actor, entropy: random.next())
    }

    /// Brings a run into the batch.
    mutating func open(_ key: Int64, _ batch: inout Batch) throws(EngineError) -> OpenRun {
        let run: OpenRun
        if let known = runs[key] {
            run = known
        } else {
            run = try load(key, batch.now)
            runs[key] = run
        }
        run.machine.isHeld = pauses.holds(run.state)
        if !run.isInBatch {
            run.isInBatch = true
            batch.runs.append(run)
            // Events carry the time of the commit, also those that no command leads to.
            run.machine.turn.now = batch.now
        }
        if run.isSettled {
            run.isSettled = false
            batch.unsettled.append(run)
        }
        return run
    }

    private mutating func load(_ key: Int64, _ now: Timestamp) throws(EngineError) -> OpenRun {
        CrashPoint.recovery.reach()
        let restored = try reader.restore(key)
        let state = restored.state
        do {
            let rows = try store.openTasks(ofRun: key)
            keys[state.id] = key
            let machine = RunMachine(state, turn: Turn(now: now, actor: nil, entropy: 0))
            let run = OpenRun(key: key, machine: machine, rows: Set(rows.map { TaskRef(number: $0.key.task) }))
            run.snapshots = restored.plan
            run.lastEventAt = now
            // The rows may be those of a moment before the log ended.
            run.dirtyTasks = run.rows.union(state.allTasks.filter { state[$0].status.hasRow })
            return run
        } catch {
            throw EngineError(store: error)
        }
    }
}

/// A run in memory. Belongs to the loop; when a commit fails it is dropped and read back from the store.
final class OpenRun {
    let key: Int64
    var machine: RunMachine
    /// Tasks that have a row.
    var rows: Set<TaskRef>
    /// Tasks whose row may not be what their state is.
    var dirtyTasks: Set<TaskRef> = []
    /// Attempts that have a lease.
    var inFlight = 0
    /// Ready tasks that wait because as many are in flight as may be.
    var parked: [TaskRef] = []
    /// Touched in this turn.
    var isInBatch = false
    /// Nothing was asked of it since its turn was closed.
    var isSettled = true
    /// Its end has been told to the run that started it.
    var hasToldParent = false
    /// Its end has been told to the schedule that started it.
    var hasToldSchedule = false
    /// The store does not have it yet.
    var isNew = false
    /// How many of the new events the rows of requests to people know.
    var eventsInRequests = 0
    /// Under which keys outputs of attempts in flight go into the cache.
    var cacheKeys: [TaskRef: CacheRow.Key] = [:]
    /// When it had its last event, as far as this process knows.
    var lastEventAt = Timestamp(milliseconds: 0)
    /// When its state is written next.
    var snapshots = SnapshotPlan()
    /// Parts of snapshots that are durable.
    var storedParts: Set<BlobRef> = []
    /// What its row was when it was last written, and when.
    var writtenRow: (status: RunStatus, reason: WaitReason?, at: Timestamp)?

    init(key: Int64, machine: RunMachine, rows: Set<TaskRef>) {
        self.key = key
        self.machine = machine
        self.rows = rows
    }

    /// Lent where the compiler can: a copy counts dozens of references.
    var state: RunState { _read { yield machine.state } }
}

/// What one turn of the loop collects before its commit.
struct Batch {
    let now: Timestamp
    /// Runs it touches, in the order they came in.
    var runs: [OpenRun] = []
    /// Runs whose turn has to be closed, again if something was asked of them since.
    var unsettled: [OpenRun] = []
    var commit = Commit()
    /// Requests to people as they will be, by id.
    var humanTasks: [HumanTaskID: HumanTaskRow] = [:]
    /// Schedules whose rows have to be written.
    var schedules: Set<ScheduleID> = []
    /// Attempts to hand to executors after the commit.
    var starts: [(run: OpenRun, task: TaskRef)] = []
    var stops: [(lease: HeldLease, grace: Duration?)] = []
    /// Results taken in.
    var results: [(lease: HeldLease, result: AttemptResult, usage: CallUsage?)] = []
    var blobs: [[UInt8]] = []
    /// Of the request that is being carried out, if it has one.
    var key: IdempotencyKey?
    /// Answers of this turn to requests that have a key.
    var answers: [IdempotencyKey.Name: IdempotencyRow] = [:]
    /// Called after the commit, or with the error that prevented it.
    var replies: [(EngineError?) -> Void] = []

    init(now: Timestamp) {
        self.now = now
    }
}

extension TaskStatus {
    /// Open and not blocked.
    var hasRow: Bool { !isTerminal && self != .blocked }
}
